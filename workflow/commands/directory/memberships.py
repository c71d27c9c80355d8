"""The teams that people belong to, and the services of a Service Manager: they decide who is offered first, and give no right."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.people import somebody_else
from workflow.directory import Person
from workflow.errors import BadInput
from workflow.role_assignments import DirectoryEvent, format_units, read_units


@retry_on_conflict
def change_units(context: CommandContext, who: Person, person_id: int, codes: str) -> None:
    """Raise BadInput for a code of no team, and for a service of somebody who is no Service Manager."""
    person = somebody_else(context, who, person_id)
    if not person.is_active:
        raise BadInput.about("teams", f"{person.name} has left.")
    units = read_units(codes, person.duties, context.directory)
    if units == person.units:
        return
    with changing(context) as writing:
        writing.set_units((person.id, units))
        writing.record(who, units_changed(person.id, person, units))


def units_changed(person_id: int, person: Person | None, units: frozenset[str]) -> DirectoryEvent:
    was = person.units if person else frozenset()
    return DirectoryEvent("membership_changed", person_id, facts={"teams": format_units(units), "teams_was": format_units(was)})
