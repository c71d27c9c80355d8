"""A mail server in every kind of trouble, for three days of a simulated clock: nothing lost, nothing double beyond unknown outcomes."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urlsplit

import pytest

from notifications.channels.smtp import SmtpChannel
from notifications.context import WorkerContext
from notifications.delivery.sender import deliver
from notifications.scheduling.worker import run_once, sweep
from tests.factories import NOW, a_council, a_world, an_audit
from tests.notifications.support.smtp_server import Answer
from tests.resilience.support.database_snapshot import notices, outbox
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import reopen_council, send
from web.council import Council
from workflow.commands import action_moves

NOWHERE = "smtp://127.0.0.1:1?tls=none"
# The longest wait with its jitter is twelve minutes and a half: whatever waits is tried at each of these steps.
EVERY_TIME, WITHIN = timedelta(minutes=13), timedelta(minutes=15)
NOW_AND_THEN, THREE_DAYS = timedelta(hours=3), timedelta(hours=72)
EVERYBODY = 2


@dataclass(frozen=True)
class Trouble:
    """What is wrong; how many of the two emails it holds up; whether the server may have accepted an email without replying."""

    says: str = ""
    at: Callable[[str], str] = field(default=lambda url: url)
    answers: Answer = field(default=lambda to, tries: None)
    after_data: Answer = field(default=lambda to, tries: None)
    holds_up: int = EVERYBODY
    leaves_doubt: bool = False
    patience: float = 20


def _one(answer: str) -> Answer:
    return lambda to, tries: answer if to.startswith("practitioner") else None


TROUBLES: Mapping[str, Trouble] = {
    "refuses connections": Trouble(at=lambda url: NOWHERE),
    "hangs": Trouble(says="hangs", patience=0.1),
    "421 at connect": Trouble(says="421 at connect"),
    "421 to DATA": Trouble(says="421 to DATA"),
    "421 after the mail": Trouble(after_data=lambda to, tries: "421 closing", leaves_doubt=True),
    "450 for one": Trouble(answers=_one("450 later"), holds_up=1),
    "452 after the mail for one": Trouble(after_data=_one("452 full"), holds_up=1),
    "drops after DATA": Trouble(says="drops after DATA"),
    "drops after the dot": Trouble(says="drops after the dot", leaves_doubt=True),
    "no STARTTLS": Trouble(at=lambda url: url.replace("none", "starttls")),
    "no TLS at all": Trouble(at=lambda url: url.replace("none", "implicit")),
}


@pytest.fixture
def council(memory_folder: Path, faulty_smtp: FaultySmtpServer) -> Iterator[Council]:
    a_council(memory_folder / "var").engine.dispose()
    made = reopen_council(memory_folder / "var", faulty_smtp.url)
    yield made
    made.engine.dispose()


def _two_emails(council: Council) -> None:
    """An action is returned to its owner, and the Team Manager is told too; what was told before has gone into a folder."""
    world = a_world(council)
    reference = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    _into_a_folder(council)
    action_moves.return_action(world.command_context(), world.person("qa"), reference, 1, "Not yet.")


def _into_a_folder(council: Council) -> None:
    send(_by(council.worker_context, f"folder:{council.settings.data / 'mail'}"), NOW)


def _by(context: WorkerContext, mail_url: str) -> WorkerContext:
    return replace(context, settings=replace(context.settings, mail_url=mail_url))


@contextmanager
def _in_trouble(council: Council, faulty_smtp: FaultySmtpServer, trouble: Trouble) -> Iterator[WorkerContext]:
    faulty_smtp.trouble, faulty_smtp.answers, faulty_smtp.after_data = trouble.says, trouble.answers, trouble.after_data
    yield _by(council.worker_context, trouble.at(faulty_smtp.url))
    faulty_smtp.wait_until_quiet()
    faulty_smtp.is_well()


def _tries(context: WorkerContext, at: datetime, patience: float = 20) -> None:
    """Like a worker that looks every other second until nothing is left to try; while the server is unavailable it tries one at a time."""
    before = -1
    while (tried := sum(row.attempts for row in outbox(context))) != before:
        channel = SmtpChannel(urlsplit(context.settings.mail_url), context.settings.mail_from, timeout=patience)
        deliver(context, channel, "one", lambda: at)
        channel.close()
        before = tried


def _waiting(council: Council) -> list[Any]:
    return [row for row in outbox(council) if row.state == "waiting"]


@pytest.mark.parametrize("name", TROUBLES)
def test_three_days_of_it_lose_nothing(name: str, council: Council, faulty_smtp: FaultySmtpServer) -> None:
    _lasts_three_days(council, faulty_smtp, name, NOW_AND_THEN)


def test_three_days_of_tries_lose_nothing(council: Council, faulty_smtp: FaultySmtpServer) -> None:
    _lasts_three_days(council, faulty_smtp, "450 for one", EVERY_TIME)


@pytest.mark.long
@pytest.mark.parametrize("name", TROUBLES)
def test_three_days_of_it_and_of_tries_lose_nothing(name: str, council: Council, faulty_smtp: FaultySmtpServer) -> None:
    _lasts_three_days(council, faulty_smtp, name, EVERY_TIME)


def _lasts_three_days(council: Council, faulty_smtp: FaultySmtpServer, name: str, step: timedelta) -> None:
    trouble, at, tries = TROUBLES[name], NOW, 0
    _two_emails(council)
    with _in_trouble(council, faulty_smtp, trouble) as context:
        while at < NOW + THREE_DAYS:
            _tries(context, at, trouble.patience)
            at, tries = at + step, tries + 1
        held_up = _waiting(council)
        assert {row.attempts for row in held_up} == {tries}, "tried again and again, to the end"
        assert len(held_up) == trouble.holds_up
        assert all(row.last_error for row in held_up)
    send(council.worker_context, at - step + WITHIN)
    faulty_smtp.wait_until_quiet()
    copies = faulty_smtp.copies()
    print(f"{name}: {tries} tries in 72 hours, then sent; {copies.total()} copies of {len(copies)} mails")
    assert not _waiting(council)
    assert len(copies) == EVERYBODY
    assert max(copies.values()) <= (tries + 1 if trouble.leaves_doubt else 1)
    assert not [one for one in notices(council) if one.event == "mail_undelivered"]


@pytest.mark.parametrize("name", [name for name, trouble in TROUBLES.items() if trouble.says != "hangs"])
def test_after_three_days_it_is_a_task_for_the_qa_service(name: str, council: Council, faulty_smtp: FaultySmtpServer) -> None:
    trouble = TROUBLES[name]
    _two_emails(council)
    with _in_trouble(council, faulty_smtp, trouble) as context:
        for at in (NOW, NOW + THREE_DAYS - EVERY_TIME, NOW + THREE_DAYS, NOW + THREE_DAYS + EVERY_TIME):
            _tries(context, at)
    dead = [row for row in outbox(council) if row.state == "dead"]
    told = [one for one in notices(council) if one.event == "mail_undelivered"]
    assert len(dead) == len(told) == trouble.holds_up
    assert {(one.recipient, one.at) for one in told} == {(0, NOW + THREE_DAYS)}
    assert not _waiting(council)


@pytest.mark.parametrize(("answers", "after_data"), [("550 no such user", None), (None, "550 5.1.1 no such user")])
def test_refused_for_good_is_a_task_at_once(
    answers: str | None, after_data: str | None, council: Council, faulty_smtp: FaultySmtpServer
) -> None:
    trouble = Trouble(
        answers=_one(answers) if answers else Trouble().answers, after_data=_one(after_data) if after_data else Trouble().after_data
    )
    _two_emails(council)
    with _in_trouble(council, faulty_smtp, trouble) as context:
        send(context, NOW)
    assert sorted(row.state for row in outbox(council))[:2] == ["dead", "sent"]
    assert [(one.recipient, one.at) for one in notices(council) if one.event == "mail_undelivered"] == [(0, NOW)]


def test_the_waits_grow_and_no_two_come_back_together(council: Council) -> None:
    an_audit(a_world(council), "shared", grade="inadequate")
    away, waits, at = _by(council.worker_context, NOWHERE), defaultdict[int, list[float]](list), NOW
    while at < NOW + timedelta(hours=2):
        before = {row.id: row.attempts for row in _waiting(council)}
        _tries(away, at)
        for row in _waiting(council):
            if row.attempts > before[row.id]:
                waits[row.attempts].append((row.next_attempt_at - at).total_seconds())
        # What waits behind another of its audit is not tried at all.
        at = min(row.next_attempt_at for row in _waiting(council) if row.attempts)
    by_try = [mean(waits[tries]) for tries in sorted(waits)]
    print(f"mean waits by try, in minutes: {[round(wait / 60, 1) for wait in by_try]}")
    assert all(1.5 < later / earlier < 2.8 for earlier, later in pairwise(by_try[:4])), "each time about twice as long"
    for tries, found in list(waits.items())[:10]:
        usual = min(30 * 2**tries, 600)
        assert all(0.75 * usual <= wait <= 1.25 * usual for wait in found)
        assert max(found) - min(found) > 0.1 * usual, "spread out, so that a server that is back is not met by all at once"
        assert len(set(found)) == len(found)


def test_when_it_is_back_all_goes_in_a_quarter_of_an_hour_and_escalations_first_of_all(
    council: Council, faulty_smtp: FaultySmtpServer
) -> None:
    world = a_world(council)
    for number in range(12):
        an_audit(world, "shared", grade="good" if number % 4 < 3 else "inadequate", details={"child_id": f"C-{number}"})
    away, back, urgent = _by(council.worker_context, NOWHERE), NOW + timedelta(days=2), council.notification_policy.urgent
    for hours in (0, 24, 40, 48):
        sweep(away, NOW + timedelta(hours=hours))
        _tries(away, NOW + timedelta(hours=hours))
    run_once(council.worker_context, back + WITHIN)
    faulty_smtp.wait_until_quiet()
    events = {row.message_id: row.event for row in outbox(council)}
    order = [events[ident] in urgent for ident in faulty_smtp.in_order()]
    print(f"{len(order)} mails after two days, {order.count(True)} of them urgent, and first")
    assert not [row for row in _waiting(council) if row.send_from <= back + WITHIN]
    assert order.count(False) > 50
    assert order.count(True) > 10
    assert order == sorted(order, reverse=True), "something went before an escalation"
