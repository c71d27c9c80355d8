"""Whom a page offers to choose from."""

from workflow.people import CONTENT_FREE, Directory, Person


def with_role(directory: Directory, role: str) -> list[Person]:
    return sorted(
        (person for person in directory.people.values() if person.is_active and role in person.roles), key=lambda person: person.name
    )


def responsible(directory: Directory) -> list[Person]:
    """Who can own an action: anybody who works with cases."""
    return sorted(
        (person for person in directory.people.values() if person.is_active and not person.roles <= CONTENT_FREE), key=lambda p: p.name
    )
