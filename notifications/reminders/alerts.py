"""Alerts about the service itself: an audit that nobody can move on, and a person who reads very many audits."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from workflow.blindness import directory_about
from workflow.commands.available_moves import find_makers
from workflow.directory import Directory, Person
from workflow.duty_holders import duties_of
from workflow.events import QA_INBOX, Notice
from workflow.models import Audit, SmartAction
from workflow.permissions import relations
from workflow.roles import CASE_ROLES
from workflow.state_machine import moves_from
from workflow.workflow_config import Move, Rules

WATCHERS = ("hos_ppqa", "governance")
Needed = tuple[tuple[Move, ...], SmartAction | None]


def is_stalled(audit: Audit, rules: Rules, directory: Directory) -> bool:
    """Whether no enabled person can make the move that has to happen next (rules, invariant 13)."""
    directory = directory_about(audit, directory)
    ties = {person.id: relations(person, audit, directory) for person in _concerned(audit, directory)}
    if _escalation_waits_for_nobody(audit, directory) or _nobody_can_moderate(audit, directory):
        return True
    return not all(any(_can_make(who, has, one, audit, directory) for who, has in ties.items()) for one in _needed(audit, rules))


def read_volume_notices(readers: Iterable[Any], now: datetime, directory: Directory) -> Iterator[Notice]:
    """Once an hour, to everybody in WATCHERS except the reader; to the QA inbox where that leaves nobody.

    Somebody who has got hold of another person's account reads more audits than anybody needs.
    """
    watchers: set[int] = {person.id for post in WATCHERS for person in directory.in_post(post)}
    for row in readers:
        key = f"many_read/{row.person_id or row.by_name[:100]}/{now:%Y-%m-%dT%H}"
        others = sorted(watchers - {row.person_id})
        yield from (Notice(key, "many_audits_read", watcher, "") for watcher in others or [QA_INBOX])


def directory_change_notices(directory: Directory, last_change: int) -> tuple[Notice, ...]:
    """To everybody in WATCHERS, or to the QA inbox where there is nobody: an administrator alone can take their roles away."""
    watchers = sorted({person.id for post in WATCHERS for person in directory.in_post(post)})
    return tuple(Notice(f"directory_changed/{last_change}", "directory_changed", watcher, "") for watcher in watchers or [QA_INBOX])


def _needed(audit: Audit, rules: Rules) -> Iterator[Needed]:
    """What must happen next to finish the audit: one of these moves, on the action if one is given."""
    order = list(rules.audit.states)
    onward = [rules.audit.moves[name] for name in moves_from(rules.audit, audit.state)]
    onward = [move for move in onward if not move.asked_by and move.to and order.index(move.to) > order.index(audit.state)]
    if onward and not rules.audit.states[audit.state].final:
        yield tuple(onward), None
    if audit.state in {"shared", "moderated"}:
        yield from (((rules.action.moves[NEXT[one.state]],), one) for one in audit.actions if one.is_live and one.state in NEXT)
    if audit.escalation_state in {"open", "acknowledged"}:
        has_plan = bool(audit.escalation and audit.escalation.plan)
        yield from (((rules.escalation.moves[name],), None) for name in ("plan", "resolve")[has_plan:])


def stalled_notices(audit: Audit, today: date, directory: Directory) -> list[Notice]:
    """To the QA inbox; where nobody is left in the QA Service, also to the HoS for Practice, Performance and QA, or who stands in."""
    about = directory_about(audit, directory)
    holder = None if about.in_post("qa") else about.holder("hos_ppqa", audit.header.team)
    # Weekly as long as nothing happens on it; `stall_of` names the stop.
    key = f"stands_still/{audit.reference}/{audit.chain.count}/{today.toordinal() // 7}"
    recipients = (QA_INBOX, *((holder.person.id,) if holder else ()))
    return [Notice(key, "audit_stands_still", recipient, audit.reference) for recipient in recipients]


def stall_of(audit: Audit) -> str:
    """Another one once something has happened."""
    return f"{audit.reference}/{audit.chain.count}"


def _nobody_can_moderate(audit: Audit, directory: Directory) -> bool:
    """Whether it must be moderated, and there is nobody independent who could be assigned."""
    if audit.state != "shared" or not audit.moderation_reason:
        return False
    apart = {audit.auditor_id, *(getattr(audit.header, f"{role}_id") for role in CASE_ROLES)} | directory.excluded
    people = (person for person in directory.people.values() if person.is_active and "moderator" in person.roles)
    return all(person.id in apart for person in people)


NEXT = {"open": "report", "reported": "verify"}


def _escalation_waits_for_nobody(audit: Audit, directory: Directory) -> bool:
    """Whether an escalation waits for a post that nobody answers for."""
    if audit.escalation is None or audit.escalation.state != "open":
        return False
    waiting = [one.post for one in audit.escalation.recipients if one.acknowledged_at is None]
    return any(directory.holder(post, audit.header.team) is None for post in waiting)


def _concerned(audit: Audit, directory: Directory) -> tuple[Person, ...]:
    """Everybody who could be in a relation to this audit that may make one of its moves."""
    named = [audit.auditor_id, audit.moderator_id, *(getattr(audit.header, f"{role}_id") for role in CASE_ROLES)]
    found = {person.id: person for person in map(directory.person, named) if person}
    found |= {person.id: person for duty in duties_of(audit, directory) for person in duty.answers}
    for post in ("qa", *directory.posts):
        holder = directory.holder(post, audit.header.team)
        holders = (*directory.in_post(post, audit.header.team), *([holder.person] if holder else []))
        found |= {person.id: person for person in holders}
    return tuple(found.values())


def _can_make(who: int, ties: frozenset[str], needed: Needed, audit: Audit, directory: Directory) -> bool:
    moves, action = needed
    return any(
        not ties.isdisjoint(find_makers(move, audit, action, directory)) and not (move.falls_to and who in _excluded_people(audit, action))
        for move in moves
    )


def _excluded_people(audit: Audit, action: SmartAction | None) -> frozenset[int | None]:
    """Nobody may verify an action they own or reported, or close an audit they have an interest in."""
    return audit.interested_people if action is None else frozenset({action.owner_id, action.reported_by})
