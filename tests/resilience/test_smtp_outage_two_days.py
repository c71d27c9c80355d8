"""The mail server is down for two days, the clocks go back, the worker is killed again and again: everybody gets each notification once.

In 2026 London’s clocks go back on Sunday 25 October. The mail server is down from Friday at 17:00 to Sunday at 17:00.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from notifications.queries import oldest_unsent
from notifications.scheduling.worker import run_once
from tests.factories import World, a_council, a_world, an_audit
from tests.notifications.support.outbox_assertions import in_london
from tests.notifications.support.smtp_server import without_reference
from tests.resilience.support.crash_points import DIED
from tests.resilience.support.database_snapshot import outbox
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import ForkServer, reopen_council
from web.council import Council
from workflow.commands import actions, escalations
from workflow.commands.actions import NewAction

NOWHERE = "smtp://127.0.0.1:1?tls=none"
TUESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 10, day) for day in (20, 22, 23, 24, 25))
MONDAY, NEXT_TUESDAY = date(2026, 10, 26), date(2026, 10, 27)
AWAY_FROM, BACK_AT = in_london(FRIDAY, 17), in_london(SUNDAY, 17)
# Twice in the night of the clocks, once in the hour that comes twice, and in the middle of sending when the mail server is back.
DEATHS = {in_london(SATURDAY, 0, 30): 40, in_london(SUNDAY, 0, 30): 120, in_london(SUNDAY, 1, 30): 75, BACK_AT: 230}
DIGEST, CHASE = "Your reminders from Practice Audit", "Acknowledge an escalation: it is overdue"
OPENED, SHARED, ASSIGNED = (
    "An audit has been escalated to you",
    "An audit has been shared with you",
    "An action from an audit has been assigned to you",
)
PASSED_UP = "An escalation has not been acknowledged"
HEAD, DIRECTOR, PPQA = RECIPIENTS = ("head.of.service", "director.safeguarding", "hos.ppqa")
Heard = Counter[tuple[str, str, str]]


@pytest.fixture
def council(memory_folder: Path, faulty_smtp: FaultySmtpServer) -> Iterator[Council]:
    a_council(memory_folder / "var").engine.dispose()
    made = reopen_council(memory_folder / "var", faulty_smtp.url)
    yield made
    made.engine.dispose()


def test_everybody_hears_exactly_what_the_rules_say(council: Council, faulty_smtp: FaultySmtpServer, fork_server: ForkServer) -> None:
    world = a_world(council)
    names = {"moderated": _moderated(council, world)}
    at, deaths = in_london(THURSDAY, 10), 0
    while at <= in_london(NEXT_TUESDAY, 12):
        world.now = at
        _happens(world, names, at)
        url = NOWHERE if AWAY_FROM <= at < BACK_AT else faulty_smtp.url
        if at in DEATHS:
            council.engine.dispose()
            ended = fork_server.run(council.settings.data, url, at, DEATHS[at], does="run_once")
            deaths += ended.code == DIED
            # The worker started in its place looks a minute later, when the lease of what it held has ended.
            at += timedelta(minutes=2)
        _run_once(council, url, at)
        _can_be_seen(council, at)
        at = _next(at)
    faulty_smtp.wait_until_quiet()
    heard, copies = _heard(faulty_smtp, names), faulty_smtp.copies()
    print(f"{deaths} deaths, {copies.total()} copies of {len(copies)} mails; {heard.total()} things heard")
    assert deaths == len(DEATHS)
    assert heard == _by_the_rules()
    assert copies.total() - len(copies) <= 1, "only the last death could hit a send"
    assert {row.state for row in outbox(council)} == {"sent", "cancelled"}
    mornings = {row.sent_at for row in outbox(council) if row.event in council.notification_policy.gathered and row.sent_at}
    assert mornings == {in_london(THURSDAY, 10), in_london(FRIDAY, 8), in_london(MONDAY, 8)}, "at eight in London, before and after"
    within = [row.sent_at for row in outbox(council) if AWAY_FROM <= row.send_from < BACK_AT and row.sent_at]
    assert len(within) == 13, "nine that were told in it, and for two a chase on each of its two days"
    assert BACK_AT <= min(within) <= max(within) <= BACK_AT + timedelta(minutes=15)


def _next(at: datetime) -> datetime:
    """Every half an hour, on the half hour."""
    return at + timedelta(minutes=30 - at.minute % 30)


def _run_once(council: Council, url: str, at: datetime) -> None:
    run_once(replace(council.worker_context, settings=replace(council.settings, mail_url=url)), at)


def _moderated(council: Council, world: World) -> str:
    """On Tuesday: an audit with actions that are due around that weekend. Its emails of that day go into a folder."""
    world.now = in_london(TUESDAY, 10)
    reference = an_audit(world, "moderated", details={"audit_date": "2026-10-16"})
    for due_on in (THURSDAY, SATURDAY, date(2026, 10, 31)):
        new = NewAction("Write to the school.", "practitioner@demo.example", str(due_on))
        actions.add_action(world.command_context(), world.person("qa"), reference, new)
    _run_once(council, f"folder:{council.settings.data / 'mail'}", world.now)
    return reference


def _happens(world: World, names: dict[str, str], at: datetime) -> None:
    """The people go on: the service itself is there all the while."""
    details = {"audit_date": "2026-10-16", "child_id": "C-2"}
    if at == in_london(THURSDAY, 10):
        names["before"] = an_audit(world, "shared", grade="inadequate", details=details)
    if at == in_london(FRIDAY, 18):
        names["within"] = an_audit(world, "shared", grade="inadequate", details=details | {"child_id": "C-3"})
    if at == in_london(SATURDAY, 12):
        escalations.acknowledge(world.command_context(), world.person(PPQA), names["before"])


def _can_be_seen(council: Council, at: datetime) -> None:
    """All the while: since when something waits that should have gone."""
    late = oldest_unsent(council.engine, at)
    if in_london(FRIDAY, 18) <= at < BACK_AT:
        assert late == in_london(FRIDAY, 18)
    if at >= BACK_AT + timedelta(minutes=30):
        assert late is None


def _heard(faulty_smtp: FaultySmtpServer, names: dict[str, str]) -> Heard:
    """Who, what and which audit, once for each Message-ID; for a digest, what it says is due when."""
    heard = Heard()
    for email in {str(email["Message-ID"]): email for email in faulty_smtp.emails()}.values():
        text, subject = str(email.get_content()), without_reference(email)
        of = ", ".join(re.findall(r"due (\d+ October)", text)) if subject == DIGEST else next(n for n, one in names.items() if one in text)
        heard[str(email["To"]).partition("@")[0], subject, of] += 1
    return heard


def _by_the_rules() -> Heard:
    """Written down by hand from the rules and the clocks."""
    heard = Heard()
    for audit in ("before", "within"):
        for who in ("practitioner", "team.manager", "qaro", "service.manager", "qa.inbox"):
            heard[who, SHARED, audit] += 1
        heard["practitioner", ASSIGNED, audit] += 1
        for who in RECIPIENTS:
            heard[who, OPENED, audit] += 1
    # One working day, then each day: from Saturday for the first, from Tuesday for the second.
    for who in (HEAD, DIRECTOR):
        heard[who, CHASE, "before"] += 4
    for who in RECIPIENTS:
        heard[who, CHASE, "within"] += 1
    # After two working days, once: who is next up of the Head of Service and of the Director, and the QA inbox.
    for who in (DIRECTOR, PPQA, "qa.inbox"):
        heard[who, PASSED_UP, "before"] += 1
    # Due on Thursday; overdue on Friday, the next working day, for the Team Manager too.
    heard["practitioner", DIGEST, "22 October"] += 1
    # On Friday also of what is due on Saturday: it is the last working day before.
    heard["practitioner", DIGEST, "22 October, 24 October"] += 1
    heard["team.manager", DIGEST, "22 October"] += 1
    # Found on Saturday and sent on Monday: due soon. What was due on Saturday is overdue by then.
    heard["practitioner", DIGEST, "24 October, 31 October"] += 1
    heard["team.manager", DIGEST, "24 October"] += 1
    return heard
