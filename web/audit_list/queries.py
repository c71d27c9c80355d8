"""Audits that a person may know of, 50 a page, newest first.

A page is joined from two queries: audits they may see because of a post, newest first, and the few that name them, by
index. Each stops after a page; filters narrow both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, False_, Select, and_, case, false, func, literal, select, union_all

from workflow.child_ids import fold, without_zeros
from workflow.roles import CASE_ROLES
from workflow.storage.keyset import fetch_page, precedes
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import audits, tallies
from workflow.storage.visibility import VisibilityFilter
from workflow.storage.visibility_conditions import OF_ANY_CHILD, OF_AUDIT, OF_TALLY
from workflow.validation import read_text

SIZE = 50
RIGHTS = ("see_state_and_names", "read_audit", "read_listed_escalation")
MOST_FOUND = 1_000
LAST_LETTER = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """An audit in a list. A field is None if this person may not know it."""

    reference: str
    state: str | None
    auditor_id: int | None
    team: str | None
    escalation_state: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """`person` is the id of the auditor, the moderator or a person named in the case; `since` is the earliest audit date."""

    state: str | None = None
    team: str | None = None
    q: str | None = None
    cursor: str | None = None
    strand: str | None = None
    grade: str | None = None
    person: int | None = None
    since: date | None = None

    def __post_init__(self) -> None:
        """Raise BadInput for text that no database accepts."""
        for name in ("state", "team", "strand", "grade"):
            read_text(name, getattr(self, name), 200)


def fetch_audits(connection: Connection, reader: VisibilityFilter, wanted: AuditFilter) -> tuple[list[AuditSummary], str | None]:
    """Return a page of audits. Filters use only what this person may read, so that they reveal nothing."""
    by_posts, named = [reader.by_post(right) for right in RIGHTS], [reader.permitted(right) for right in RIGHTS]
    shown = [
        _newest_ids(reader.by_post("know"), *_only_escalated(reader), *_filters(wanted, *by_posts), *_limit_by_index(wanted, by_posts[1]))
    ]
    shown.append(_newest_ids(reader.by_name("know"), audits.c.id.in_(reader.audits_naming_person()), *_filters(wanted, *named)))
    names, reads, grades = named
    query = select(
        audits.c.id, audits.c.reference, audits.c.state, audits.c.auditor_id, audits.c.team, audits.c.escalation_state,
        names.label("sees_names"), reads.label("reads"), grades.label("sees_escalation"),
    ).where(audits.c.id.in_(union_all(*shown)))  # fmt: skip
    # The cursor is looked at where the ids are chosen, by `_filters`.
    rows, following = fetch_page(connection, query, (audits.c.id,), None, SIZE)
    return [_summarise(row) for row in rows], following


def count_by_state(connection: Connection, reader: VisibilityFilter) -> dict[str | None, int]:
    """Return how many audits this person may know of, by state. None counts those whose state they may not see."""
    alike = select(
        case((reader.by_post("see_state_and_names", OF_TALLY), tallies.c.state)).label("state"), tallies.c.number
    ).where(reader.by_post("know", OF_TALLY))  # fmt: skip
    own = select(case((reader.permitted("see_state_and_names"), audits.c.state)), literal(1)).where(
        audits.c.id.in_(reader.audits_naming_person()), reader.by_name("know"), ~reader.by_post("know")
    )
    # The tallies are wrong for children whose audits this person may see less or more of: subtract those and count each.
    usual = select(case((reader.by_post("see_state_and_names", OF_ANY_CHILD), audits.c.state)), literal(-1)).where(
        audits.c.id.in_(reader.exceptional_audits()), reader.by_post("know", OF_ANY_CHILD)
    )
    apart = select(case((reader.by_post("see_state_and_names"), audits.c.state)), literal(1)).where(
        audits.c.id.in_(reader.exceptional_audits()), reader.by_post("know")
    )
    both = union_all(alike, own, usual, apart).subquery()
    return {
        state: number
        for state, number in connection.execute(select(both.c.state, func.sum(both.c.number)).group_by(both.c.state))
        if number
    }


def _newest_ids(*conditions: Condition) -> Select[int]:
    newest = select(audits.c.id).where(*conditions).order_by(audits.c.id.desc()).limit(SIZE + 1).subquery()
    return select(newest.c.id)


def _only_escalated(reader: VisibilityFilter) -> Iterator[Condition]:
    """If the person may know only escalated audits, let their own index find them."""
    if isinstance(reader.by_post("know", replace(OF_AUDIT, is_escalated=false())), False_):
        yield and_(OF_AUDIT.is_escalated, audits.c.team.in_(reader.teams()))


def _filters(wanted: AuditFilter, names: Condition, reads: Condition, grades: Condition) -> Iterator[Condition]:
    """Pair each filter with the right to know what it filters by, so that it reveals nothing."""
    equal = (
        (audits.c.state, wanted.state, names), (audits.c.team, wanted.team, reads), (audits.c.strand, wanted.strand, reads),
        (audits.c.overall_grade, wanted.grade, grades),
    )  # fmt: skip
    yield from (all_of(column == value, right) for column, value, right in equal if value)
    if wanted.since:
        yield all_of(audits.c.audit_on >= wanted.since, reads)
    if wanted.person:
        yield any_of(all_of(tie, right) for tie, right in _ties_of_person(wanted.person, names, reads))
    if wanted.q:
        yield any_of([_starts_with(audits.c.reference, wanted.q.strip().lower()), all_of(_is_of_child(wanted.q), reads)])
    if wanted.cursor:
        yield precedes((audits.c.id,), wanted.cursor)


def _limit_by_index(wanted: AuditFilter, reads: Condition) -> Iterator[Condition]:
    """Limit a search to the audits that can match, so that not every audit is read: all of a person, the first 1,000 of a text."""
    if wanted.person:
        yield audits.c.id.in_(union_all(*(select(audits.c.id).where(tie) for tie, _ in _ties_of_person(wanted.person, reads, reads))))
    if wanted.q:
        alike = (
            select(audits.c.id).where(_starts_with(audits.c.reference, wanted.q.strip().lower())),
            select(audits.c.id).where(_is_of_child(wanted.q), reads),
        )
        yield audits.c.id.in_(union_all(*(select(one.limit(MOST_FOUND).subquery().c.id) for one in alike)))


def _ties_of_person(person_id: int, names: Condition, reads: Condition) -> Iterator[tuple[Condition, Condition]]:
    """Each relation of a person to an audit, and the right to know it."""
    yield audits.c.auditor_id == person_id, names
    yield from ((audits.c[f"{role}_id"] == person_id, reads) for role in (*CASE_ROLES, "moderator"))


def _is_of_child(beginning: str) -> Condition:
    key = without_zeros(fold(beginning))
    return _starts_with(audits.c.child_key, key) if key else false()


def _starts_with(column: ColumnElement[str], beginning: str) -> Condition:
    """Match a prefix as a range of the index, which is in order of code points."""
    return and_(column >= beginning, column < beginning + LAST_LETTER)


def _summarise(row: Any) -> AuditSummary:
    state, auditor, team, escalation = row.state, row.auditor_id, row.team, row.escalation_state
    sees_names, reads, sees_escalation = row.sees_names, row.reads, row.sees_escalation
    return AuditSummary(
        row.reference,
        state if sees_names else None,
        auditor if sees_names else None,
        team if reads else None,
        escalation if sees_escalation else None,
    )
