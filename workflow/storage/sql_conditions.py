"""Combine conditions. Those that are always or never true are removed before the database plans the query."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, False_, True_, and_, false, or_, true

Condition = ColumnElement[bool]


def any_of(conditions: Iterable[Condition]) -> Condition:
    possible = [condition for condition in conditions if not isinstance(condition, False_)]
    return or_(*possible) if possible else false()


def all_of(*conditions: Condition) -> Condition:
    if any(isinstance(condition, False_) for condition in conditions):
        return false()
    needed = [condition for condition in conditions if not isinstance(condition, True_)]
    return and_(*needed) if needed else true()
