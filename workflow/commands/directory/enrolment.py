"""A second person’s word that somebody may set up a first factor: a code, whose digest alone is stored (decision 55)."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.people import somebody_else
from workflow.directory import Person
from workflow.role_assignments import DirectoryEvent


@retry_on_conflict
def store_enrolment_code(context: CommandContext, who: Person, person_id: int, digest: str) -> None:
    """For somebody else. It replaces an earlier one; the person is told by email, without the code."""
    somebody_else(context, who, person_id)
    store_code_of_operator(context, person_id, digest, by=who)


def store_code_of_operator(context: CommandContext, person_id: int, digest: str, by: Person | None = None) -> None:
    """At the command line, where nobody is signed in."""
    with changing(context) as writing:
        writing.store_enrolment_code(person_id, digest)
        writing.record(by, DirectoryEvent("enrolment_code_made", person_id))
