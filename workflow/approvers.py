"""Who can agree to a withdrawal: never the person who asked for it (rules, section 1)."""

from collections.abc import Iterator

from workflow.directory import Directory, Person

POST, NEXT = "hos_ppqa", "director"


def approvers(asked_by: int | None, team: str | None, directory: Directory) -> tuple[Person, ...]:
    """The first in the line who did not ask: the HoS for Practice, Performance and QA, their deputy, the director."""
    others = (tuple(person for person in tier if person.id != asked_by) for tier in line_of_approvers(team, directory))
    return next(filter(None, others), ())


def line_of_approvers(team: str | None, directory: Directory) -> Iterator[tuple[Person, ...]]:
    yield directory.in_post(POST)
    yield directory.deputies(POST, None)
    yield directory.in_post(NEXT, team) or directory.deputies(NEXT, team)
