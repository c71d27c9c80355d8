"""Turn passwords off for one person, who signs in with a council account, and on again: by somebody with access to the server."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.directory import Person
from workflow.role_assignments import DirectoryEvent


@retry_on_conflict
def turn_passwords(context: CommandContext, person: Person, *, is_on: bool) -> None:
    """Off, the person’s password and passkeys are gone. They are told by email."""
    with changing(context) as writing:
        writing.turn_passwords(person.id, is_on=is_on)
        writing.record(None, DirectoryEvent("passwords_on" if is_on else "passwords_off", person.id))
