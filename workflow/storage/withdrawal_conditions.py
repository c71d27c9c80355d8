"""Whose turn it is to agree to a withdrawal, as an SQL condition: the same rule as `approvers`."""

from collections.abc import Iterable

from sqlalchemy import false

from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import audits


def can_agree(person_id: int, line: Iterable[tuple[frozenset[int], Condition]]) -> Condition:
    """The audits on which this person can: it falls on where nobody comes before them but the person who asked."""
    asked_by, before, found = audits.c.withdrawal_asked_by, set[int](), list[Condition]()
    for tier, where in line:
        is_reached = asked_by.in_(before) if len(before) == 1 else false() if before else asked_by.is_not(None)
        if person_id in tier:
            found.append(all_of(is_reached, asked_by != person_id, where))
        before |= tier
    return any_of(found)
