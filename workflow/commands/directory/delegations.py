"""Passing a role on for a time, by the person who holds it or by an administrator who is neither of the two."""

from datetime import date, datetime, timedelta

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.roles import ensure_compatible, hand_on, needs_second_person
from workflow.commands.directory.second_person import GIVEN, WAITS, ask_a_second_person
from workflow.directory import Duty, Person, Request
from workflow.errors import BadInput, ErrorCollector, NotFound, PermissionDenied
from workflow.role_assignments import Delegation, DirectoryEvent, format_duty
from workflow.validation import read_day
from workflow.working_days import start_of

MOST_DAYS = 92
"""A quarter: longer absences are for a new holder of the post."""


@retry_on_conflict
def delegate(context: CommandContext, who: Person, from_person: int, to_person: int, duty: Duty, days: tuple[object, object]) -> str:
    """`days` are the first and the last, both included. Return GIVEN, or WAITS where a second person must agree first."""
    giver, to = context.directory.person(from_person), context.directory.person(to_person)
    if giver is None or to is None or not to.is_active:
        raise BadInput.about("person", "Choose somebody who is active here.")
    _ensure_theirs(context, who, giver, to, duty)
    starts_at, ends_at = _times(context, *days)
    facts = {"role": format_duty(duty), "to": to.name, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    with changing(context) as writing:
        ensure_compatible(writing, to, duty)
        if needs_second_person(context, writing, to, duty):
            ask_a_second_person(context, writing, Request(to.id, duty, who.id, context.now, giver.id, starts_at, ends_at))
            writing.record(who, DirectoryEvent("delegation_asked_for", giver.id, facts=facts))
            return WAITS
        hand_on(context, writing, Delegation(giver.id, to.id, duty, starts_at, ends_at), who.id)
        writing.record(who, DirectoryEvent("delegated", giver.id, facts=facts))
        return GIVEN


@retry_on_conflict
def end_delegation(context: CommandContext, who: Person, delegation_id: int) -> None:
    """End it: the person who gave it, the person who holds it, or an administrator may."""
    with changing(context) as writing:
        found = writing.delegation(delegation_id)
        if found is None:
            raise NotFound
        if who.id not in {found.from_person, found.to_person} and not context.permissions.allow_role("edit_directory", who):
            raise PermissionDenied("A delegation can be ended only by the person who gave it or holds it, or by an administrator.")
        writing.end_delegation(delegation_id)
        to = context.directory.people[found.to_person].name
        writing.record(who, DirectoryEvent("delegation_ended", found.from_person, facts={"role": format_duty(found.duty), "to": to}))


def _ensure_theirs(context: CommandContext, who: Person, giver: Person, to: Person, duty: Duty) -> None:
    is_editor = context.permissions.allow_role("edit_directory", who) and who.id not in {giver.id, to.id}
    if who.id != giver.id and not is_editor:
        raise PermissionDenied("A role can be passed on only by the person who holds it, or by an administrator who is neither of the two.")
    if duty.is_deputy or duty not in giver.duties - giver.delegated:
        raise BadInput.about("role", "A person can pass on only a role that they hold themselves.")
    if duty.role in context.permissions.table["never_delegated"]:
        raise BadInput.about("role", "This role can’t be passed on: give it to another person instead.")
    if giver.id == to.id or duty in to.duties - to.delegated:
        raise BadInput.about("person", "They already hold that role.")


def _times(context: CommandContext, first: object, last: object) -> tuple[datetime, datetime]:
    starts_on, ends_on, errors = None, None, ErrorCollector()
    with errors:
        starts_on = _day("starts_on", first, "Give the first day.")
        if starts_on < context.today:
            raise BadInput.about("starts_on", "The first day can’t be in the past.")
    with errors:
        ends_on = _day("ends_on", last, "Give the last day.")
        if starts_on and not starts_on <= ends_on < starts_on + timedelta(days=MOST_DAYS):
            raise BadInput.about("ends_on", f"The last day can’t be before the first, nor more than {MOST_DAYS} days on.")
    errors.refuse()
    assert starts_on is not None, "refused otherwise"
    assert ends_on is not None, "refused otherwise"
    return max(start_of(starts_on), context.now), start_of(ends_on + timedelta(days=1))


def _day(field: str, typed: object, otherwise: str) -> date:
    day = read_day(field, typed)
    if day is None:
        raise BadInput.about(field, otherwise)
    return day
