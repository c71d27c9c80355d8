"""Every email, complete, as a person approved it. After a change of text: APPROVE=1 with this test, then read the difference."""

import os
import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.settings import Settings
from notifications.delivery import digest
from notifications.delivery.encryption import encrypt
from notifications.delivery.messages import build, message_id
from notifications.recipients import NotificationRules, load_notification_rules
from tests.factories import settings
from workflow.directory import Person

SNAPSHOTS = Path(__file__).parent / "snapshots"
TABLE = Path("config/notifications.toml")
# It is about an email that could not be delivered, so it is never emailed.
NOT_EMAILED = "mail_undelivered"
MORNING = "the_morning"
OF_ACTIONS = {
    "action_assigned", "action_returned", "action_cancelled", "action_due_soon", "action_due_today", "action_overdue", "completion_reported",
    "more_time_asked", "more_time_granted", "more_time_refused",
}  # fmt: skip
TODAY, EARLIER, LATER = date(2027, 5, 28), date(2027, 5, 21), date(2027, 6, 7)
DUE = dict.fromkeys(OF_ACTIONS | {"moderation_due_soon"}, LATER)
DUE |= dict.fromkeys(("action_due_today", "response_plan_due", "impact_re_check_due"), TODAY)
DUE |= dict.fromkeys(("action_overdue", "audit_not_shared", "moderation_overdue", "response_plan_overdue"), EARLIER)
EVENT_TABLE = tomllib.loads(TABLE.read_text(encoding="utf-8"))["event"]
OF_ACCOUNT = {name for name, event in EVENT_TABLE.items() if event.get("of_account")}
EVENTS = sorted(EVENT_TABLE.keys() - {NOT_EMAILED})
OF_NO_AUDIT = {
    "address_change_asked_for",
    "directory_changed",
    "many_audits_read",
    "privileged_role_asked_for",
    "role_handed_on",
    *OF_ACCOUNT,
}
LOCKED = {
    "password_reset": "{}/account/password/0123456789abcdef",
    "checkpoint_made": '{{"checkpoint":1,"at":"2027-05-28T21:30:00+00:00",…}}',
}
PERSON = Person(7, "anna.berry@council.example", "Anna Berry", is_active=True, duties=frozenset())


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    return settings(
        tmp_path, SECRET_KEY="k" * 32, BASE_URL="https://audits.council.example", MAIL_FROM="practice.audit@council.example",
        QA_INBOX="qa.inbox@council.example",
    )  # fmt: skip


@pytest.fixture
def rules() -> NotificationRules:
    return load_notification_rules(TABLE)


def a_row(event: str, chosen: Settings, number: int = 0) -> Any:
    """As the outbox would hold it on a Friday before a bank holiday, late in the evening in London."""
    return SimpleNamespace(
        id=number, event=event, key=f"snapshot/{event}", recipient=PERSON.id, reference="" if event in OF_NO_AUDIT else "k7f3-2q9d",
        action=3 if event in OF_ACTIONS else None, due_on=DUE.get(event),
        created_at=datetime(2027, 5, 28, 21, 30, tzinfo=UTC), send_from=datetime(2027, 6, 1, 7, tzinfo=UTC),
        detail="Firefox on Windows" if event == "signed_in_from_new_place" else None,
        locked=encrypt(chosen, LOCKED[event].format(chosen.base_url)) if event in LOCKED else None,
    )  # fmt: skip


def as_sent(event: str, rules: NotificationRules, chosen: Settings) -> str:
    only_inbox = rules.events[event]["told"] == ["qa_inbox"]
    return as_read(build(a_row(event, chosen), None if only_inbox else PERSON, rules, chosen).as_bytes())


def as_read(sent: bytes) -> str:
    """The headers as they go, and the text as it is read."""
    head, _, _ = sent.decode("ascii" if sent.isascii() else "utf-8").replace("\r\n", "\n").partition("\n\n")
    return f"{head}\n\n{message_from_bytes(sent, policy=policy.default).get_content()}".replace("\r\n", "\n")


@pytest.mark.parametrize("event", EVENTS)
def test_every_email_is_as_approved(event: str, rules: NotificationRules, chosen: Settings) -> None:
    _is_as_approved(as_sent(event, rules, chosen), event)


def _is_as_approved(found: str, name: str) -> None:
    approved = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("APPROVE"):
        SNAPSHOTS.mkdir(exist_ok=True)
        approved.write_text(found, encoding="utf-8")
    assert approved.is_file(), "nobody has approved this mail"
    assert found == approved.read_text(encoding="utf-8")


def test_the_digest_is_as_approved_and_names_each_action_once(rules: NotificationRules, chosen: Settings) -> None:
    gathered = [event for event in EVENTS if event in rules.gathered]
    rows = [a_row(event, chosen, n) for n, event in enumerate([*gathered, "action_overdue"])]
    for row in rows:
        row.action = {"action_due_soon": 1, "action_due_today": 2, "action_overdue": 3}.get(row.event)
    ident = message_id([row.key for row in rows], PERSON.id, chosen)
    _is_as_approved(as_read(digest.build(rows, ident, PERSON, rules, chosen).as_bytes()), MORNING)


def test_no_snapshot_is_left_of_a_removed_event() -> None:
    assert sorted(path.stem for path in SNAPSHOTS.iterdir()) == sorted([*EVENTS, MORNING])
    print(f"{len(EVENTS)} mails as approved")


def test_no_email_names_a_grade_and_each_links_only_to_this_service() -> None:
    for path in SNAPSHOTS.iterdir():
        text = path.read_text(encoding="utf-8")
        for word in ("nadequate", "utstanding", "equires Improvement", "grade"):
            assert word not in text, path.stem
        assert "Subject:\n" not in text, "folded at once, which some programs show as no subject"
        links = re.findall(r"https?://\S+", text)
        assert all(link.startswith("https://audits.council.example/") for link in links), path.stem
        most = 0 if path.stem in OF_ACCOUNT - {"password_reset"} else text.count("\n- Audit") or 1
        assert len(links) == most + ("Acknowledge: " in text), path.stem


def test_the_request_of_an_email_is_a_sentence_with_a_link(rules: NotificationRules) -> None:
    for name, event in rules.events.items():
        assert event["does"].endswith("."), name
        assert event["subject"][-1].isalpha(), name
        assert len(event["subject"]) <= 60, name


def test_a_non_ascii_address_is_unchanged_in_its_email(rules: NotificationRules, chosen: Settings) -> None:
    for address, said in (("zoë@bücher.example", "zoë@xn--bcher-kva.example"), ("zoe@bücher.example", "zoe@xn--bcher-kva.example")):
        sent = build(a_row("audit_shared", chosen), replace(PERSON, email=address), rules, chosen).as_bytes()
        assert f"\r\nTo: {said}\r\n".encode() in sent
