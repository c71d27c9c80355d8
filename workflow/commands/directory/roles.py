"""Giving and taking roles, and the second person who grants what one alone can’t give."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.handover import give, handover_notices
from workflow.commands.directory.people import change_address, somebody_else
from workflow.commands.directory.second_person import GIVEN, WAITS, ask_a_second_person, may_answer
from workflow.directory import Duty, Person, Request
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.events import Notice
from workflow.ports import DirectoryWriter
from workflow.role_assignments import Delegation, DirectoryEvent, ensure_allowed, ensure_possible, format_duty
from workflow.roles import NAMED_ROLES


@retry_on_conflict
def give_role(context: CommandContext, who: Person, person_id: int, duty: Duty) -> str:
    """Return GIVEN, or WAITS where a second person must agree first; raises BadInput where the person can’t hold it."""
    person = somebody_else(context, who, person_id)
    with changing(context) as writing:
        _ensure_fits(context, writing, person, duty)
        if needs_second_person(context, writing, person, duty):
            ask_a_second_person(context, writing, Request(person.id, duty, who.id, context.now))
            writing.record(who, DirectoryEvent("role_asked_for", person.id, facts={"role": format_duty(duty)}))
            return WAITS
        give(context, writing, person.id, duty)
        writing.record(who, DirectoryEvent("role_given", person.id, facts={"role": format_duty(duty)}))
        return GIVEN


@retry_on_conflict
def take_role(context: CommandContext, who: Person, person_id: int, duty: Duty) -> None:
    """Take a role; the QA Service is notified of each duty that the person had in it."""
    person = somebody_else(context, who, person_id)
    if duty not in person.duties - person.delegated:
        raise BadInput.about("role", f"{person.name} does not hold that role.")
    with changing(context) as writing:
        passes_on = tuple(one for one in writing.holdings(person.id) if one.role == duty.role)
        writing.take(person.id, duty)
        writing.notify(handover_notices(context, person.id, passes_on))
        writing.record(who, DirectoryEvent("role_taken", person.id, facts={"role": format_duty(duty)}))


@retry_on_conflict
def answer_request(context: CommandContext, who: Person, request_id: int, *, is_granted: bool) -> None:
    """Grant or refuse, as a second person; everything is checked again."""
    with changing(context) as writing:
        request = writing.request(request_id)
        if request is None:
            raise NotFound
        if not may_answer(context, who, request):
            raise PermissionDenied("Another person must answer this: neither the person who asked nor anybody it concerns.")
        if is_granted:
            _grant(context, writing, request)
        writing.answer(request_id, who.id, is_granted=is_granted)
        what, facts = _describe(context, request)
        writing.record(who, DirectoryEvent(f"{what}_{'granted' if is_granted else 'refused'}", request.person_id, facts=facts))


def needs_second_person(context: CommandContext, writing: DirectoryWriter, person: Person, duty: Duty) -> bool:
    """For a privileged role, and for one in which audits name the person already: giving it opens those audits."""
    is_privileged = duty.role in context.permissions.table["privileged"]
    return is_privileged or (duty.role in NAMED_ROLES and writing.is_named_in_audits(person.id, duty.role))


def hand_on(context: CommandContext, writing: DirectoryWriter, delegation: Delegation, given_by: int) -> None:
    """Pass a role on for a time, and tell the person who will hold it."""
    writing.delegate(delegation, given_by)
    key = f"role_handed_on/{delegation.from_person}/{format_duty(delegation.duty)}/{context.directory.version}"
    writing.notify([Notice(key, "role_handed_on", delegation.to_person, "")])


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
    if request.new_email is not None:
        change_address(context, writing, person, request.new_email)
        return
    _ensure_fits(context, writing, person, request.duty)
    if giver is None:
        give(context, writing, person.id, request.duty)
        return
    assert request.starts_at is not None, "a delegation has its times"
    assert request.ends_at is not None, "a delegation has its times"
    if request.ends_at <= context.now or request.duty not in giver.duties - giver.delegated:
        raise BadInput.about("role", "The delegation has ended, or the person no longer holds the role: refuse it.")
    hand_on(context, writing, Delegation(giver.id, person.id, request.duty, request.starts_at, request.ends_at), request.asked_by)


def _describe(context: CommandContext, request: Request) -> tuple[str, dict[str, str]]:
    """How the answer is recorded: the first part of its verb, and its facts."""
    asked_by = {"asked_by": context.directory.people[request.asked_by].name}
    if request.new_email is None:
        return "request", {"role": format_duty(request.duty), **asked_by}
    return "address", {"email": request.new_email, "email_was": context.directory.people[request.person_id].email, **asked_by}
