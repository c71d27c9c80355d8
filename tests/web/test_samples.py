"""Whole audits, as people write them, through the JSON door: every role its own person, from draft to actions closed."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from config.settings import FOLDER
from notifications.worker import run_once
from tests.factories import a_council
from web.app import create_app
from web.council import Council
from web.demo import dated
from web.signed_in import create_token
from web.verifying import first_break

SAMPLES = sorted((FOLDER / "demo" / "audits").glob("*.json"))
SECTIONS = ("summary", *(f"area_{n}" for n in range(1, 13)), "service_comments", "declaration")
TODAY = datetime.now(UTC).date()


class Caller:
    """Programs with a token each, and the mails that the worker has sent."""

    def __init__(self, council: Council, client: FlaskClient) -> None:
        self.council, self.client = council, client
        self.tokens: dict[str, str] = {}
        self.read: set[Path] = set()

    def ok(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call(who, method, path, body, **headers)
        assert answer.status_code < 300, (who, path, answer.json)
        return answer.json

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if who not in self.tokens:
            person = self.council.store.directory().by_email(who)
            assert person, who
            self.tokens[who] = create_token(self.council, person)
        named = {"Authorization": f"Bearer {self.tokens[who]}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=named)

    def put(self, who: str, reference: str, section: str, answers: Any) -> None:
        version = self.ok(who, "GET", f"/audits/{reference}")["version"]
        self.ok(who, "PUT", f"/audits/{reference}/sections/{section}", answers, If_Match=f'"{version}"')

    def move(self, who: str, reference: str, move: str, **more: Any) -> Any:
        return self.ok(who, "POST", f"/audits/{reference}/moves", {"move": move, **more})

    def mails(self) -> list[EmailMessage]:
        """Those sent since last asked."""
        run_once(self.council.parts, datetime.now(UTC))
        files = set((self.council.settings.data / "mail").glob("*.eml")) - self.read
        self.read |= files
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    council = a_council(tmp_path / "var")
    council.engine.dispose()
    app = create_app(council.settings)
    app.testing = True
    wired: Council = app.extensions["council"]
    yield Caller(wired, app.test_client())
    wired.engine.dispose()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_whole_audit_goes_from_draft_to_actions_closed(path: Path, caller: Caller) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    want = sample["expected"]
    reference = _write(caller, sample)
    caller.mails()
    shared = caller.move(want["auditor"], reference, "share")
    opened_at = want["escalation_opened_at"]
    _told(caller.mails(), sample, [*want["told_at_share"], *(want["told_on_escalation"] if opened_at == "share" else [])])
    assert (shared["escalation"]["state"] == "open") == (opened_at == "share")
    moderated = _moderate(caller, sample, reference)
    _told(caller.mails(), sample, [*want["told_at_moderation"], *(want["told_on_escalation"] if opened_at == "moderate" else [])])
    assert (moderated["escalation"]["state"] != "none") == (opened_at is not None)
    final = _close(caller, sample, reference)
    assert final["state"] == want["final_state"]
    assert final["overall_grade"] == want["final_overall_grade"]
    assert final["escalation"]["state"] == want["escalation_at_end"]
    assert _flagged(final) == want["flagged_areas"]
    _the_history_is_whole(caller, want["auditor"], reference)


def _write(caller: Caller, sample: Any) -> str:
    auditor = sample["expected"]["auditor"]
    details = {key: dated(value, TODAY, as_text=True) for key, value in sample["details"].items()}
    reference: str = caller.ok(auditor, "POST", "/audits", {"details": details})["reference"]
    caller.put(auditor, reference, "consultation", sample["consultation"])
    caller.move(auditor, reference, "record_consultation")
    for section in SECTIONS:
        if sample.get(section):
            caller.put(auditor, reference, section, sample[section])
    if reason := (sample.get("actions_section") or {}).get("no_actions_reason"):
        caller.put(auditor, reference, "actions", {"no_actions_reason": reason})
    for action in sample["actions"]:
        due_on = date.fromisoformat(details["audit_date"]) + timedelta(days=action["due_in_days"])
        new = {"text": action["text"], "owner": action["owner"], "due_on": due_on.isoformat()}
        caller.ok(auditor, "POST", f"/audits/{reference}/actions", new)
    caller.move(auditor, reference, "grade")
    return reference


def _moderate(caller: Caller, sample: Any, reference: str) -> Any:
    moderator = sample["expected"]["moderator"]
    if moderator is None:
        return caller.move("qa@demo.example", reference, "waive_moderation", reason="Not picked by the selection rule")
    caller.ok("qa@demo.example", "PUT", f"/audits/{reference}/moderator", {"person": moderator})
    blind = caller.ok(moderator, "GET", f"/audits/{reference}")
    assert blind["sections"]["area_12"]["grade"] is None
    assert blind["escalation"]["state"] is None
    caller.put(moderator, reference, "moderation", sample["moderation"])
    for action in sample["additional_actions"]:
        due_on = TODAY + timedelta(days=max(1, action["due_in_days"]))
        new = {"text": action["text"], "owner": action["owner"], "due_on": due_on.isoformat()}
        assert caller.ok(moderator, "POST", f"/audits/{reference}/actions", new)["section"] == 15
    return caller.move(moderator, reference, "moderate")


def _close(caller: Caller, sample: Any, reference: str) -> Any:
    escalated = sample["expected"]["told_on_escalation"]
    hos, ppqa = next((who for who in escalated if who.startswith("head.")), ""), "hos.ppqa@demo.example"
    moves = f"/audits/{reference}/escalation/moves"
    for who in escalated:
        caller.ok(who, "POST", moves, {"move": "acknowledge"})
    if hos:
        caller.ok(hos, "POST", moves, {"move": "plan", "plan": "Daily oversight."})
        caller.ok(ppqa, "POST", moves, {"move": "resolve", "reason": "The plan is carried out."})
    reporter, verifier = (hos, ppqa) if hos else (sample["details"]["team_manager"], "qa@demo.example")
    for action in caller.ok("qa@demo.example", "GET", f"/audits/{reference}")["actions"]:
        caller.ok(action["owner"], "PATCH", f"/actions/{action['id']}", {"progress": "Done", "evidence": "On the file."})
        caller.ok(reporter, "POST", f"/actions/{action['id']}/moves", {"move": "report"})
        caller.ok(verifier, "POST", f"/actions/{action['id']}/moves", {"move": "verify"})
    return caller.move(verifier, reference, "close_actions")


def _told(mails: list[EmailMessage], sample: Any, wanted: list[str]) -> None:
    """Everybody who is to hear has heard, and no word of the case left the service."""
    told = [(str(mail["To"]), str(mail["Subject"])) for mail in mails]
    assert {"qa.inbox@demo.example" if who == "QA_INBOX" else who for who in wanted} <= {to for to, _ in told}
    texts = " ".join(mail.as_string() for mail in mails)
    assert sample["details"]["child_id"] not in texts
    for section in ("area_1", "area_12"):
        assert (sample[section]["evidence"] or "x" * 50)[:40] not in texts


def _flagged(audit: Any) -> list[str]:
    areas = {key: answers["grade"] for key, answers in audit["sections"].items() if key.startswith("area_")}
    overall = areas.pop("area_12")
    return [key for key, grade in areas.items() if grade == "inadequate" and overall != "inadequate"]


def _the_history_is_whole(caller: Caller, auditor: str, reference: str) -> None:
    rows = caller.ok(auditor, "GET", f"/audits/{reference}/history")["rows"]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(before["to"] == after["from"] for before, after in pairwise(rows))
    assert all(before["hash"] == after["previous"] for before, after in pairwise(rows))
    assert rows[-1]["to"] == "actions_closed"
    assert first_break(caller.council, [reference]) == ""
