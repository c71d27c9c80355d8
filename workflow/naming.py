"""Whether somebody may be named on an audit, in a role of NAMED_ROLES or as the owner of an action: asked wherever that is done."""

from collections.abc import Mapping

from workflow.directory import Directory, Person
from workflow.duty_holders import CONNECTED, LEFT, NO_ADDRESS, why_not_able
from workflow.models import Audit


def reason_not_to_name(person: Person, role: str, audit: Audit, directory: Directory, titles: Mapping[str, str]) -> str:
    """One sentence that begins with the person’s name, or "" where they may be named. `audit` says which child it is about.

    It does not say that somebody is connected to the child: connections are private.
    """
    why_not = why_not_able(person, role, audit, directory)
    if not why_not and person.works_with_cases:
        return ""
    lacks = f"is not {'an' if titles[role][0] in 'AEIOU' else 'a'} {titles[role]}"
    said = {LEFT: "has left", NO_ADDRESS: "has no email address", CONNECTED: "can’t be given this"}
    wrong = said.get(why_not, lacks if person.works_with_cases else "does not work with cases")
    return f"{person.name} {wrong}: choose somebody else."
