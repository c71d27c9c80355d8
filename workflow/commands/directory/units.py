"""Adding, renaming and moving branches, services and teams. Their codes never change, because audits refer to them."""

import re

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.people import MOST_OF_NAME, ensure_edits
from workflow.directory import Directory, Person
from workflow.errors import BadInput, ErrorCollector, NotFound
from workflow.field_types import clean
from workflow.role_assignments import UNITS, DirectoryEvent, Unit

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)


@retry_on_conflict
def add_unit(context: CommandContext, who: Person, unit: Unit) -> None:
    ensure_edits(context, who)
    errors = ErrorCollector()
    with errors:
        _ensure_new_code(context.directory, unit.code)
    read = _read(context.directory, unit, errors)
    with changing(context) as writing:
        writing.add_unit(read)
        writing.record(who, DirectoryEvent(f"{read.kind}_added", unit=read.code, facts={"name": read.name, "within": read.within}))


@retry_on_conflict
def change_unit(context: CommandContext, who: Person, unit: Unit) -> None:
    """Rename it, or move a team to another service or a service to another branch: its audits move with it."""
    ensure_edits(context, who)
    was = find_unit(context.directory, unit.kind, unit.code)
    read = _read(context.directory, unit, ErrorCollector())
    if read == was:
        return
    with changing(context) as writing:
        writing.change_unit(read)
        facts = {"name": read.name, "within": read.within, "name_was": was.name, "within_was": was.within}
        writing.record(who, DirectoryEvent(f"{read.kind}_changed", unit=read.code, facts=facts))


def units_of(directory: Directory, kind: str) -> list[Unit]:
    """By name."""
    if kind == "team":
        found = [Unit(kind, team.code, team.name, team.service) for team in directory.teams.values()]
    elif kind == "service":
        found = [Unit(kind, code, directory.names[code], branch) for code, branch in directory.services.items()]
    else:
        found = [Unit(kind, code, directory.names[code]) for code in directory.branches]
    return sorted(found, key=lambda unit: unit.name)


def find_unit(directory: Directory, kind: str, code: str) -> Unit:
    found = next((unit for unit in units_of(directory, kind) if unit.code == code), None) if kind in UNITS else None
    if found is None:
        raise NotFound
    return found


def _ensure_new_code(directory: Directory, code: object) -> None:
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise BadInput.about("code", "Give a code of at most 40 lower-case letters, digits and hyphens.")
    if code in directory.teams or code in directory.names:
        raise BadInput.about("code", "Another team, service or branch already has that code.")


def _read(directory: Directory, unit: Unit, errors: ErrorCollector) -> Unit:
    name, outer = "", UNITS[unit.kind]
    with errors:
        name = _name(unit.name)
    with errors:
        if outer and unit.within not in {one.code for one in units_of(directory, outer)}:
            raise BadInput.about("within", f"Choose the {outer} that it belongs to.")
    errors.refuse()
    return Unit(unit.kind, unit.code, name, unit.within if outer else "")


def _name(typed: object) -> str:
    try:
        name = clean(typed, MOST_OF_NAME, one_line=True)
    except ValueError as error:
        raise BadInput.about("name", f"Name: {error}") from error
    if not name:
        raise BadInput.about("name", "Give its name.")
    return name
