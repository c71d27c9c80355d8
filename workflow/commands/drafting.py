"""Starting an audit and writing its sections."""

import secrets
from collections.abc import Callable, Mapping

from workflow import audit as audit_changes
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.commands.directory.handover import ensure_may_be_given
from workflow.directory import Person
from workflow.errors import BadInput, EditConflict, NotFound, PermissionDenied
from workflow.forms import Section
from workflow.models import Answers, Audit
from workflow.validation import read_answers

REFERENCE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@retry_on_conflict
def start_audit(context: CommandContext, who: Person, details: Mapping[str, object] | None = None, auditor: object = None) -> Audit:
    """An auditor starts their own; the QA Service allocates one to an auditor, named by email."""
    allocated = auditor is not None
    assigned = _auditor(context, who, auditor)
    form = context.forms.current
    audit = Audit(
        reference=new_reference(), state=context.rules.audit.initial, auditor_id=assigned.id, form=(form.key, form.version),
        rules_version=context.rules.version, started_at=context.now, share_by=context.notification_policy.share_by(context.today),
    )  # fmt: skip
    answers = read_answers(form.section("details"), details or {}, context.directory)
    _ensure_not_connected(context, assigned, who, answers)
    work = UnitOfWork(context, who, None, audit)
    work.record_transition(audit_changes.with_section(audit, "details", answers), "start", facts={"auditor": assigned.id})
    if allocated and assigned.id != who.id:
        work.tell("audit_allocated")
    return work.commit()


def _auditor(context: CommandContext, who: Person, email: object) -> Person:
    if email is None:
        if not context.permissions.allow_role("start", who):
            raise PermissionDenied("Only an auditor starts an audit; the QA Service allocates one to an auditor.")
        return who
    if not context.permissions.allow_role("start_for_another", who) and not _names(email, who):
        raise PermissionDenied("Only the QA Service allocates an audit to somebody.")
    return auditor_named(context, email)


def auditor_named(context: CommandContext, email: object) -> Person:
    person = context.directory.by_email(email) if isinstance(email, str) else None
    if person is None or not person.is_active or "auditor" not in person.roles:
        raise BadInput.about("auditor", "There is no active auditor with that email address.")
    return person


def _names(email: object, who: Person) -> bool:
    return isinstance(email, str) and email.strip().lower() == who.email and "auditor" in who.roles


@retry_on_conflict
def save_section(
    context: CommandContext,
    who: Person,
    reference: str,
    section: str,
    given: Mapping[str, object] | Callable[[Section], Mapping[str, object]],
    seen: int,
    *,
    of_whole_audit: bool = False,
) -> Audit:
    """Save what was typed, or what a function makes of it for the section; raises EditConflict, with both texts, where the section was saved otherwise since version `seen` of the audit.

    `of_whole_audit` refuses also where anything else of the audit changed since: what If-Match promises over HTTP.
    """
    audit, ties = get_visible_audit(context, who, reference)
    form = context.form_of(audit)
    try:
        part = form.section(section)
    except KeyError:
        raise NotFound from None
    if not context.permissions.allow("write_moderation" if part.part == "moderation" else "write_audit", audit, ties):
        raise PermissionDenied("This section is not yours to write, or not any more.")
    answers = read_answers(part, given(part) if callable(given) else given, context.directory)
    if section == "details":
        _ensure_not_connected(context, who, who, answers)
    stored = audit.sections.get(section, {})
    latest = audit.version if of_whole_audit else audit.section_versions.get(section, 0)
    if latest <= seen <= audit.version:
        return _saved(context, who, audit, section, answers)
    if answers != stored or of_whole_audit:
        raise EditConflict(dict(answers), dict(stored), audit.version, audit.reference, audit.edition)
    # Saved already, and the answer to it was lost on its way: nobody's words differ.
    return audit


def _ensure_not_connected(context: CommandContext, auditor: Person, who: Person, details: Answers) -> None:
    """Who typed the ID of a child they are connected to is told so; of another person’s connections nothing is said."""
    child_id = details.get("child_id")
    if auditor.id == who.id and isinstance(child_id, str) and context.directory.is_connected(who.id, child_id):
        sentence = "You have declared a personal connection to this child: ask the QA Service to allocate the audit to somebody else."
        raise BadInput.about("child_id", sentence, "details")
    ensure_may_be_given(context.directory, auditor, child_id, "auditor")


def _saved(context: CommandContext, who: Person, audit: Audit, section: str, answers: Answers) -> Audit:
    """Words being written are not history; the audit’s version tells that they changed. Sharing seals them."""
    work = UnitOfWork(context, who, audit, audit)
    work.audit = audit_changes.with_section(audit, section, answers)
    return work.commit()


def new_reference() -> str:
    """Eight letters that say nothing, cannot be guessed and survive being read out over the telephone."""
    letters = [secrets.choice(REFERENCE_LETTERS) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
