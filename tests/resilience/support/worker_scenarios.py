"""What the sender finds before it is killed: news, a morning’s reminders, refused, postponed and outdated emails. And a day to sweep."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from notifications.scheduling.worker import run_once
from tests.factories import NOW, World, a_world, an_audit
from tests.notifications.support.outbox_assertions import in_london, leaves
from web.council import Council
from workflow.commands import action_moves, actions
from workflow.commands.actions import NewAction

MONDAY_AT_EIGHT = in_london(date(2026, 12, 14), 8)
Answer = Callable[[str, int], str | None]


@dataclass(frozen=True)
class Scenario:
    ready: Callable[[Council], datetime]
    """Answers when the sender that dies is started."""
    ends: Counter[str]
    """How many of its rows come to which state."""
    answers: Answer = field(default=lambda to, tries: None)
    trouble: str = ""
    """Of the server, while the sender lives that dies."""
    sends: bool = True
    """Whether that sender sends anything."""

    def sent_before(self, rows: list[Any]) -> int:
        """The id of the last row that was sent in getting ready."""
        return int(rows[-self.ends.total() - 1].id)


def _news(council: Council) -> datetime:
    """An action is returned: two emails, to its owner and the Team Manager."""
    world = a_world(council)
    reference = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    _all_sent(council, NOW)
    action_moves.return_action(world.command_context(), world.person("qa"), reference, 1, "Not yet.")
    return NOW


def _morning(council: Council) -> datetime:
    """Three reminders for the practitioner, in one email; the sweep sends one of them to the Team Manager too."""
    _of_actions(council)
    return MONDAY_AT_EIGHT


def _done_meanwhile(council: Council) -> datetime:
    world, reference = _of_actions(council)
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 2)
    # News of its own, sent before.
    _all_sent(council, in_london(date(2026, 12, 13), 9, 5))
    return MONDAY_AT_EIGHT


def _of_actions(council: Council) -> tuple[World, str]:
    world = a_world(council)
    reference = an_audit(world, "moderated")
    for due_on in ("2026-12-19", "2026-12-18"):
        new = NewAction("Write to the school.", "practitioner@demo.example", due_on)
        actions.add_action(world.command_context(), world.person("qa"), reference, new)
    _all_sent(council, NOW)
    world.now = in_london(date(2026, 12, 13), 9)
    _all_sent(council, world.now)
    return world, reference


def _all_sent(council: Council, now: datetime) -> None:
    """Into a folder, whatever waits for no morning."""
    assert council.settings.mail_url.startswith("folder:")
    run_once(council.worker_context, now)


def _refuses_and_puts_off(to: str, tries: int) -> str | None:
    if to.startswith("practitioner"):
        return "550 no such user"
    return "450 later" if tries == 1 else None


SCENARIOS: Mapping[str, Scenario] = {
    "news": Scenario(_news, Counter(sent=2)),
    "refused and put off": Scenario(_news, Counter(sent=1, dead=1), _refuses_and_puts_off, sends=False),
    "to a server that is away": Scenario(_news, Counter(sent=2), trouble="421 at connect", sends=False),
    "a morning’s reminders": Scenario(_morning, Counter(sent=3)),
    "done meanwhile": Scenario(_done_meanwhile, Counter(sent=3, cancelled=1)),
}


def a_day_to_sweep(council: Council) -> datetime:
    """Something for each clock to say, and for each part of the sweep to find."""
    world = a_world(council)
    moderated = an_audit(world, "moderated")
    for due_on in ("2026-12-01", "2026-12-08", "2026-11-30"):
        actions.add_action(world.command_context(), world.person("qa"), moderated, NewAction("x", "practitioner@demo.example", due_on))
    an_audit(world, "shared", grade="inadequate")
    an_audit(world, "graded")
    an_audit(world, "shared", details={"audit_date": "2025-11-20", "child_id": "C-2"})
    an_audit(world, "draft", auditor="auditor2")
    leaves(world, "auditor2")
    _all_sent(council, NOW)
    return in_london(date(2026, 12, 1), 0, 5)
