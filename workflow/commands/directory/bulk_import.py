"""Importing people from a list: what each line would change, or why it is refused; then all of it in one commit, or nothing.

Only the operator does this, on the command line. It is how the first people are added, privileged roles included.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from workflow.commands.context import CommandContext
from workflow.commands.directory.changing import changing
from workflow.commands.directory.handover import handover_notices
from workflow.commands.directory.memberships import units_changed
from workflow.commands.directory.people import read_identity
from workflow.directory import Directory, Duty, Person
from workflow.duty_holders import OWNER
from workflow.errors import BadInput
from workflow.mailboxes import mailbox
from workflow.ports import ConcurrentChange, DirectoryWriter
from workflow.role_assignments import DirectoryEvent, ensure_allowed, format_duty, format_units, read_duty, read_units
from workflow.roles import CONTENT_FREE

YES_NO = {"": True, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Line:
    """As read; `roles` is None where the list has no such column, and nobody’s roles change."""

    number: int
    email: str
    name: str
    roles: str | None = None
    active: str = ""
    teams: str | None = None
    """None where the list has no such column, and nobody’s teams change."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What one line changes; `person` is the one who already has that address."""

    number: int
    email: str
    name: str
    is_active: bool
    gives: frozenset[Duty]
    takes: frozenset[Duty]
    person: Person | None
    units: frozenset[str] = frozenset()
    """The teams and services that they belong to afterwards."""

    @property
    def moves(self) -> bool:
        return self.units != (self.person.units if self.person else frozenset())

    @property
    def is_renamed(self) -> bool:
        return self.person is not None and self.person.name != self.name

    @property
    def leaves(self) -> bool:
        return self.person is not None and self.person.is_active and not self.is_active

    @property
    def comes_back(self) -> bool:
        return self.person is not None and not self.person.is_active and self.is_active

    @property
    def loses(self) -> frozenset[str]:
        """What they no longer may do; who comes to administer or govern owns no action."""
        owned = {OWNER} if any(duty.role in CONTENT_FREE for duty in self.gives) else set()
        return frozenset({duty.role for duty in self.takes} | owned)

    def describe(self) -> Iterator[str]:
        """A sentence for each change."""
        if self.person is None:
            yield f"adds {self.name} <{self.email}>{'' if self.is_active else ', as somebody who has left'}"
        if self.is_renamed and self.person:
            yield f"renames {self.person.name} <{self.email}> to {self.name}"
        if self.leaves:
            yield f"marks {self.name} <{self.email}> as left"
            return
        if self.comes_back:
            yield f"marks {self.name} <{self.email}> as back"
        yield from (f"gives {self.email} the role {role}" for role in sorted(map(format_duty, self.gives)))
        yield from (f"takes from {self.email} the role {role}" for role in sorted(map(format_duty, self.takes)))
        if self.moves:
            yield f"makes {self.email} belong to {format_units(self.units) or 'no team'}"


@dataclass(frozen=True, slots=True)
class Plan:
    planned: tuple[Planned, ...]
    refusals: tuple[str, ...]
    changes: tuple[str, ...] = field(default=())
    """A sentence for each change, with its line: what a dry run prints."""


def plan_import(lines: Iterable[Line], directory: Directory) -> Plan:
    """What a list would change in this directory."""
    planned, refusals, seen = [], [], dict[str, int]()
    for line in lines:
        try:
            one = _planned(line, directory)
            if (earlier := seen.setdefault(mailbox(one.email), line.number)) != line.number:
                raise BadInput.about("email", f"{one.email} is already in line {earlier}.")
            planned.append(one)
        except BadInput as refusal:
            refusals += [f"Line {line.number}: {missing.message}" for missing in refusal.missing]
    changes = tuple(f"Line {one.number}: {words}." for one in planned for words in one.describe())
    return Plan(tuple(planned), tuple(refusals), changes)


def import_people(context: CommandContext, lines: tuple[Line, ...]) -> Plan:
    """Import all of it, or nothing where a line is refused. The history records the command line as its author."""
    plan = plan_import(lines, context.directory)
    if plan.refusals or not plan.changes:
        return plan
    try:
        with changing(context) as writing:
            _apply(context, writing, plan.planned)
    except ConcurrentChange:
        # Somebody changed the directory meanwhile: plan again on the present one.
        return import_people(replace(context, directory=context.store.directory(context.now)), lines)
    return plan


def _planned(line: Line, directory: Directory) -> Planned:
    name, email = read_identity(line.name, line.email)
    if line.active.strip().lower() not in YES_NO:
        raise BadInput.about("active", "The column “active” must say yes or no.")
    is_active, person = YES_NO[line.active.strip().lower()], directory.by_email(email)
    if person and person.email != email:
        raise BadInput.about("email", f"{email} is the mailbox of {person.name}, who is here as {person.email}: write it like that.")
    own = person.duties - person.delegated if person else frozenset()
    wanted = own if line.roles is None else frozenset(read_duty(role, directory) for role in line.roles.split(";") if role.strip())
    if not is_active:
        if line.roles and wanted:
            raise BadInput.about("roles", "Somebody who is not active can’t have roles.")
        wanted = frozenset()
    held = wanted | (person.delegated if person else frozenset())
    ensure_allowed(held)
    units = _read_units(line, held, directory, person) if is_active else frozenset()
    return Planned(line.number, email, name, is_active, wanted - own, own - wanted, person, units)


def _read_units(line: Line, held: frozenset[Duty], directory: Directory, person: Person | None) -> frozenset[str]:
    if line.teams is None:
        return person.units if person else frozenset()
    return read_units(line.teams, held, directory)


def _apply(context: CommandContext, writing: DirectoryWriter, planned: tuple[Planned, ...]) -> None:
    new = [one for one in planned if one.person is None]
    ids: Mapping[str, int] = writing.add_people(*((one.email, one.name) for one in new)) if new else {}
    writing.record(None, *(DirectoryEvent("added", ids[one.email], facts={"name": one.name, "email": one.email}) for one in new))
    if gone := [one for one in new if not one.is_active]:
        for one in gone:
            writing.change_person(ids[one.email], one.name, one.email, is_active=False)
    given: list[tuple[int, Duty]] = []
    for one in planned:
        person_id = one.person.id if one.person else ids[one.email]
        given += [(person_id, duty) for duty in one.gives]
        if one.person:
            _change(context, writing, one, one.person)
    moved = [(one.person.id if one.person else ids[one.email], one) for one in planned if one.moves and not one.leaves]
    writing.set_units(*((person_id, one.units) for person_id, one in moved))
    writing.record(None, *(units_changed(person_id, one.person, one.units) for person_id, one in moved))
    writing.give(*given)
    writing.record(None, *(DirectoryEvent("role_given", person_id, facts={"role": format_duty(duty)}) for person_id, duty in given))


def _change(context: CommandContext, writing: DirectoryWriter, one: Planned, person: Person) -> None:
    if one.leaves:
        writing.notify(handover_notices(context, person.id, writing.holdings(person.id)))
        writing.end_everything(person.id)
        writing.record(None, DirectoryEvent("left", person.id))
    elif one.loses:
        writing.notify(handover_notices(context, person.id, tuple(held for held in writing.holdings(person.id) if held.role in one.loses)))
        for duty in one.takes:
            writing.take(person.id, duty)
        writing.record(None, *(DirectoryEvent("role_taken", person.id, facts={"role": format_duty(duty)}) for duty in one.takes))
    if one.comes_back:
        writing.end_everything(person.id)
        writing.record(None, DirectoryEvent("came_back", person.id))
    if one.is_renamed:
        writing.record(None, DirectoryEvent("changed", person.id, facts={"name": one.name, "email": one.email, "name_was": person.name}))
    if one.is_renamed or one.leaves or one.comes_back:
        writing.change_person(person.id, one.name, one.email, is_active=one.is_active)
