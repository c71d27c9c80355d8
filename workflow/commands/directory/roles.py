"""Giving and taking roles. A privileged role is asked for by one person and granted by another."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.handover import handover_notices
from workflow.commands.directory.people import is_privileged, somebody_else
from workflow.directory import Duty, Person, Request
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.events import QA_INBOX, Notice
from workflow.ports import DirectoryWriter
from workflow.role_assignments import Delegation, DirectoryEvent, ensure_allowed, ensure_possible, format_duty

WAITS, GIVEN = "waits", "given"


@retry_on_conflict
def give_role(context: CommandContext, who: Person, person_id: int, duty: Duty) -> str:
    """Return GIVEN, or WAITS where a second person must agree first; raises BadInput where the person can’t hold it."""
    person = somebody_else(context, who, person_id)
    with context.store.changing(context.directory.version, context.now) as writing:
        _ensure_fits(context, writing, person, duty)
        if is_privileged(context, duty.role):
            ask_a_second_person(context, writing, Request(person.id, duty, who.id, context.now))
            writing.record(who, DirectoryEvent("role_asked_for", person.id, facts={"role": format_duty(duty)}))
            return WAITS
        writing.give((person.id, duty))
        writing.record(who, DirectoryEvent("role_given", person.id, facts={"role": format_duty(duty)}))
        return GIVEN


@retry_on_conflict
def take_role(context: CommandContext, who: Person, person_id: int, duty: Duty) -> None:
    """Take a role; the QA Service is notified of each duty that the person had in it."""
    person = somebody_else(context, who, person_id)
    if duty not in person.duties - person.delegated:
        raise BadInput.about("role", f"{person.name} does not hold that role.")
    with context.store.changing(context.directory.version, context.now) as writing:
        passes_on = tuple(one for one in writing.holdings(person.id) if one.role == duty.role)
        writing.take(person.id, duty)
        writing.notify(handover_notices(context, person.id, passes_on))
        writing.record(who, DirectoryEvent("role_taken", person.id, facts={"role": format_duty(duty)}))


@retry_on_conflict
def answer_request(context: CommandContext, who: Person, request_id: int, *, is_granted: bool) -> None:
    """Grant or refuse, as a second person; everything is checked again."""
    with context.store.changing(context.directory.version, context.now) as writing:
        request = writing.request(request_id)
        if request is None:
            raise NotFound
        if not may_answer(context, who, request):
            raise PermissionDenied("Another person must answer this: neither the person who asked nor anybody whose role it is.")
        if is_granted:
            _grant(context, writing, request)
        writing.answer(request_id, who.id, is_granted=is_granted)
        facts = {"role": format_duty(request.duty), "asked_by": context.directory.people[request.asked_by].name}
        writing.record(who, DirectoryEvent("request_granted" if is_granted else "request_refused", request.person_id, facts=facts))


def may_answer(context: CommandContext, who: Person, request: Request) -> bool:
    """By the first right whose post is held by somebody independent (rules, section 5)."""
    return who.id in _who_may_answer(context, request)


def ask_a_second_person(context: CommandContext, writing: DirectoryWriter, request: Request) -> None:
    """Store the request and notify the people who may answer it, or the QA inbox where nobody may."""
    writing.ask(request)
    key = f"asked_for/{request.person_id}/{request.duty.role}/{context.directory.version}"
    recipients = _who_may_answer(context, request) or (QA_INBOX,)
    writing.notify([Notice(key, "privileged_role_asked_for", person_id, "") for person_id in recipients])


def _who_may_answer(context: CommandContext, request: Request) -> tuple[int, ...]:
    people = [person for person in context.directory.people.values() if person.is_active and person.id not in request.concerned]
    rights = ("approve_privileged", "approve_privileged_where_vacant")
    every = (tuple(person.id for person in people if context.permissions.allow_role(right, person)) for right in rights)
    return next(filter(None, every), ())


def ensure_compatible(writing: DirectoryWriter, person: Person, duty: Duty) -> None:
    """Raise BadInput for roles that one person can’t hold together, delegations that have not begun included."""
    ensure_allowed({*person.duties, *writing.delegated_to(person.id), duty})


def _ensure_fits(context: CommandContext, writing: DirectoryWriter, person: Person, duty: Duty) -> None:
    if not person.is_active:
        raise BadInput.about("role", f"{person.name} has left.")
    if duty in person.duties - person.delegated:
        raise BadInput.about("role", f"{person.name} already holds that role.")
    ensure_possible(duty, context.directory)
    ensure_compatible(writing, person, duty)


def _grant(context: CommandContext, writing: DirectoryWriter, request: Request) -> None:
    person, giver = context.directory.people[request.person_id], context.directory.person(request.from_person)
    _ensure_fits(context, writing, person, request.duty)
    if giver is None:
        writing.give((person.id, request.duty))
        return
    assert request.starts_at is not None, "a delegation has its times"
    assert request.ends_at is not None, "a delegation has its times"
    if request.ends_at <= context.now or request.duty not in giver.duties - giver.delegated:
        raise BadInput.about("role", "The delegation has ended, or the person no longer holds the role: refuse it.")
    writing.delegate(Delegation(giver.id, person.id, request.duty, request.starts_at, request.ends_at), request.asked_by)
