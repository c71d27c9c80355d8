"""Add, rename and deactivate people (rules, section 5: an administrator edits others, never themselves)."""

import re

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.handover import handover_notices
from workflow.commands.directory.second_person import GIVEN, WAITS, ask_a_second_person
from workflow.directory import Directory, Duty, Person, Request
from workflow.errors import BadInput, ErrorCollector, NotFound, PermissionDenied
from workflow.field_types import clean
from workflow.ports import DirectoryWriter
from workflow.role_assignments import DirectoryEvent

ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
MOST_OF_ADDRESS, MOST_OF_NAME = 254, 200
NO_DUTY = Duty("")


@retry_on_conflict
def add_person(context: CommandContext, who: Person, name: object, email: object) -> int:
    """Add a person without roles; return their id."""
    ensure_edits(context, who)
    called, address = read_identity(name, email)
    ensure_free(context.directory, address)
    with changing(context) as writing:
        person_id = writing.add_people((address, called))[address]
        writing.record(who, DirectoryEvent("added", person_id, facts={"name": called, "email": address}))
    return person_id


@retry_on_conflict
def change_person(context: CommandContext, who: Person, person_id: int, name: object, email: object) -> str:
    """Return GIVEN, or WAITS where a second person must agree to the new address first; a new name is stored at once."""
    person = somebody_else(context, who, person_id)
    called, address = read_identity(name, email)
    if address != person.email:
        _ensure_new(context.directory, person, address)
    if (called, address) == (person.name, person.email):
        return GIVEN
    with changing(context) as writing:
        waits = address != person.email and _may_open_audits(context, writing, person)
        if waits:
            ask_a_second_person(context, writing, Request(person.id, NO_DUTY, who.id, context.now, new_email=address))
            writing.record(who, DirectoryEvent("address_asked_for", person.id, facts={"email": address, "email_was": person.email}))
        _change_now(context, writing, who, person, called, person.email if waits else address)
    return WAITS if waits else GIVEN


def change_address(context: CommandContext, writing: DirectoryWriter, person: Person, address: str) -> None:
    """The former address is told, since a person who reads the email of somebody else could take their place."""
    ensure_free(context.directory, address)
    writing.change_address(person.id, person.email, address)


@retry_on_conflict
def mark_as_left(context: CommandContext, who: Person, person_id: int) -> int:
    """Their name stays on the record; duties, delegations and sessions end. Return how many duties the QA Service is notified of."""
    person = somebody_else(context, who, person_id)
    if not person.is_active:
        raise BadInput.about("person", f"{person.name} has left already.")
    with changing(context) as writing:
        notices = handover_notices(context, person.id, writing.holdings(person.id))
        writing.end_everything(person.id)
        writing.change_person(person.id, person.name, person.email, is_active=False)
        writing.notify(notices)
        writing.record(who, DirectoryEvent("left", person.id))
    return len(notices)


@retry_on_conflict
def mark_as_back(context: CommandContext, who: Person, person_id: int) -> None:
    """Without any role, password or second factor: each must be given or set up again."""
    person = somebody_else(context, who, person_id)
    if person.is_active:
        raise BadInput.about("person", f"{person.name} is here already.")
    with changing(context) as writing:
        # Again, for what somebody who left before this was so still has.
        writing.end_everything(person.id)
        writing.change_person(person.id, person.name, person.email, is_active=True)
        writing.record(who, DirectoryEvent("came_back", person.id))


def ensure_edits(context: CommandContext, who: Person) -> None:
    if not context.permissions.allow_role("edit_directory", who):
        raise PermissionDenied("Only an administrator can change people, roles and teams.")


def somebody_else(context: CommandContext, who: Person, person_id: int) -> Person:
    """The person to change; raises PermissionDenied where that is the user."""
    ensure_edits(context, who)
    person = context.directory.person(person_id)
    if person is None:
        raise NotFound
    if person.id == who.id:
        raise PermissionDenied("Nobody changes themselves: ask another administrator.")
    return person


def read_identity(name: object, email: object) -> tuple[str, str]:
    """Name and address as they are stored; raises BadInput with every fault."""
    called, address, errors = "", "", ErrorCollector()
    with errors:
        called = _line("name", name, MOST_OF_NAME, "Give the person’s name.")
    with errors:
        address = _line("email", email, MOST_OF_ADDRESS, "Give an email address.").lower()
        if not ADDRESS.fullmatch(address):
            raise BadInput.about("email", "Give an email address, like name@example.org.")
    errors.refuse()
    return called, address


def _ensure_new(directory: Directory, person: Person, address: str) -> None:
    ensure_free(directory, address)
    if any(one.person_id == person.id and one.new_email for one in directory.requests):
        raise BadInput.about("email", "Another new address waits for a second person: it must be approved or refused first.")


def _may_open_audits(context: CommandContext, writing: DirectoryWriter, person: Person) -> bool:
    """Whether they hold, held or are to be given a role: audits may name them, and the role could be given back."""
    is_asked_for = any(one.person_id == person.id for one in context.directory.requests)
    return bool(person.duties) or is_asked_for or writing.ever_held_a_role(person.id)


def _change_now(context: CommandContext, writing: DirectoryWriter, who: Person, person: Person, called: str, address: str) -> None:
    if (called, address) == (person.name, person.email):
        return
    if address != person.email:
        change_address(context, writing, person, address)
    writing.change_person(person.id, called, address, is_active=person.is_active)
    if called != person.name and person.is_active:
        writing.tell_of_name(person.id)
    was = {"name_was": person.name, "email_was": person.email}
    writing.record(who, DirectoryEvent("changed", person.id, facts={"name": called, "email": address, **was}))


def ensure_free(directory: Directory, address: str) -> None:
    if directory.by_email(address):
        raise BadInput.about("email", "Somebody here has that email address already.")


def _line(field: str, typed: object, most: int, otherwise: str) -> str:
    try:
        text = clean(typed, most, one_line=True)
    except ValueError as error:
        raise BadInput.about(field, f"{field.capitalize()}: {error}") from error
    if not text:
        raise BadInput.about(field, otherwise)
    return text
