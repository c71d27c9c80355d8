"""Recording that the safeguarding procedure was used, when, and who was told: immediate danger does not wait for an escalation.

It is a row of the history, its text stored as a reason is. It changes nobody’s text, and no email mentions it.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime

from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Person
from workflow.errors import BadInput, ErrorCollector, PermissionDenied
from workflow.models import Audit
from workflow.validation import read_day, read_text
from workflow.working_days import LONDON

MOVE = "record_safeguarding"
MOST = 2_000
TIME = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ProcedureUse:
    """One use of the procedure; `told` is None where the text was disposed of."""

    used_at: datetime
    told: str | None
    by_name: str
    at: datetime


@retry_on_conflict
def record_safeguarding(context: CommandContext, who: Person, reference: str, used_on: object, used_time: object, told: object) -> Audit:
    """`used_on` like 2026-11-23 and `used_time` like 14:05, in London. Raises BadInput with all that is wrong, PermissionDenied."""
    audit, ties = get_visible_audit(context, who, reference)
    if not context.permissions.allow(MOVE, audit, ties):
        raise PermissionDenied("You can’t record this for this audit.")
    used_at, text = _read(context, used_on, used_time, told)
    opening = {"escalation": audit.escalation.number} if audit.escalation else {}
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(audit, MOVE, text, {"used_at": used_at.isoformat(), **opening})
    return work.commit()


def procedure_uses(context: CommandContext, audit: Audit) -> tuple[ProcedureUse, ...]:
    """The newest first, with their text: only for a person whose reading is logged."""
    told = context.store.history_and_reasons(audit)
    rows = ((row.entry, words) for row, words in reversed(told) if row.entry.move == MOVE)
    return tuple(ProcedureUse(datetime.fromisoformat(json.loads(one.facts)["used_at"]), words, one.by_name, one.at) for one, words in rows)


def _read(context: CommandContext, used_on: object, used_time: object, told: object) -> tuple[datetime, str]:
    day: date | None = None
    time, text, errors = (0, 0), "", ErrorCollector()
    with errors:
        day = read_day("used_on", used_on)
        if day is None:
            raise BadInput.about("used_on", "Enter the day on which the procedure was used.")
    with errors:
        time = _time(used_time)
    with errors:
        text = read_text("told", told, MOST)
        if not text:
            raise BadInput.about("told", "Say who was told.")
    errors.refuse()
    assert day is not None, "refused above"
    used_at = datetime(day.year, day.month, day.day, *time, tzinfo=LONDON)
    if used_at > context.now:
        raise BadInput.about("used_on", "The procedure can’t have been used in the future.")
    return used_at.astimezone(context.now.tzinfo), text


def _time(typed: object) -> tuple[int, int]:
    found = TIME.fullmatch(read_text("used_time", typed, 20, one_line=True))
    hour, minute = (int(found[1]), int(found[2])) if found else (24, 0)
    if hour > 23 or minute > 59:
        raise BadInput.about("used_time", "Enter the time like 9:30 or 14:05.")
    return hour, minute
