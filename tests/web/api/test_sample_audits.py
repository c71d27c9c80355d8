"""Whole audits, as people write them, through JSON: one person per role, from draft to actions closed."""

import json
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from config.settings import FOLDER
from tests.web.support.api_client import ApiClient
from web.cli.demo_audits import resolve_date
from web.cli.verify_history import find_first_break

SAMPLES = sorted((FOLDER / "demo" / "audits").glob("*.json"))
SECTIONS = ("summary", *(f"area_{n}" for n in range(1, 13)), "service_comments", "declaration")
TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_whole_audit_goes_from_draft_to_actions_closed(path: Path, caller: ApiClient) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    want = sample["expected"]
    reference = _write(caller, sample)
    caller.emails()
    shared = caller.move(want["auditor"], reference, "share")
    opened_at = want["escalation_opened_at"]
    _told(caller.emails(), sample, [*want["told_at_share"], *(want["told_on_escalation"] if opened_at == "share" else [])])
    assert (shared["escalation"]["state"] == "open") == (opened_at == "share")
    moderated = _moderate(caller, sample, reference)
    _told(caller.emails(), sample, [*want["told_at_moderation"], *(want["told_on_escalation"] if opened_at == "moderate" else [])])
    assert (moderated["escalation"]["state"] != "none") == (opened_at is not None)
    final = _close(caller, sample, reference)
    assert final["state"] == want["final_state"]
    assert final["overall_grade"] == want["final_overall_grade"]
    assert final["escalation"]["state"] == want["escalation_at_end"]
    assert _flagged(final) == want["flagged_areas"]
    _the_history_is_whole(caller, want["auditor"], reference)


def _write(caller: ApiClient, sample: Any) -> str:
    auditor = sample["expected"]["auditor"]
    details = {key: resolve_date(value, TODAY, as_text=True) for key, value in sample["details"].items()}
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


def _moderate(caller: ApiClient, sample: Any, reference: str) -> Any:
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


def _close(caller: ApiClient, sample: Any, reference: str) -> Any:
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


def _told(emails: list[EmailMessage], sample: Any, wanted: list[str]) -> None:
    """Everybody who must be notified got an email, and no case text left the service."""
    told = [(str(email["To"]), str(email["Subject"])) for email in emails]
    assert {"qa.inbox@demo.example" if who == "QA_INBOX" else who for who in wanted} <= {to for to, _ in told}
    texts = " ".join(email.as_string() for email in emails)
    assert sample["details"]["child_id"] not in texts
    for section in ("area_1", "area_12"):
        assert (sample[section]["evidence"] or "x" * 50)[:40] not in texts


def _flagged(audit: Any) -> list[str]:
    areas = {key: answers["grade"] for key, answers in audit["sections"].items() if key.startswith("area_")}
    overall = areas.pop("area_12")
    return [key for key, grade in areas.items() if grade == "inadequate" and overall != "inadequate"]


def _the_history_is_whole(caller: ApiClient, auditor: str, reference: str) -> None:
    rows = caller.ok(auditor, "GET", f"/audits/{reference}/history")["rows"]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(before["to"] == after["from"] for before, after in pairwise(rows))
    assert all(before["hash"] == after["previous"] for before, after in pairwise(rows))
    assert rows[-1]["to"] == "actions_closed"
    assert find_first_break(caller.council, [reference]) == ""
