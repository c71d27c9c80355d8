"""Starting an audit and writing its sections."""

import secrets
from collections.abc import Callable, Mapping

from workflow import audit as audit_changes
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.commands.directory.handover import ensure_may_be_given
from workflow.commands.judgements import seal_first_judgement
from workflow.directory import Person
from workflow.errors import BadInput, EditConflict, NotFound, PermissionDenied
from workflow.forms import Section
from workflow.mailboxes import mailbox
from workflow.models import Answers, Audit
from workflow.retelling import WROTE
from workflow.validation import read_answers

REFERENCE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@retry_on_conflict
def start_audit(context: CommandContext, who: Person, details: Mapping[str, object] | None = None, auditor: object = None) -> Audit:
    """Auditors start their own; the QA Service allocates an audit to an auditor, by email."""
    allocated = auditor is not None
    assigned = _auditor(context, who, auditor)
    form = context.forms.current
    audit = Audit(
        reference=new_reference(), state=context.rules.audit.initial, auditor_id=assigned.id, form=(form.key, form.version),
        rules_version=context.rules.version, started_at=context.now, share_by=context.notification_policy.share_by(context.today),
    )  # fmt: skip
    answers = read_answers(form.section("details"), details or {}, context.directory)
    _ensure_not_connected(context, assigned, who, answers)
    wrote = {WROTE: True} if assigned.id != who.id and any(answer is not None for answer in answers.values()) else {}
    work = UnitOfWork(context, who, None, audit)
    work.record_transition(audit_changes.with_section(audit, "details", answers), "start", facts={"auditor": assigned.id, **wrote})
    if allocated and assigned.id != who.id:
        work.notify("audit_allocated")
    return work.commit()


def _auditor(context: CommandContext, who: Person, email: object) -> Person:
    if email is None:
        if not context.permissions.allow_role("start", who):
            raise PermissionDenied("Only an auditor can start an audit. The QA Service can allocate one to an auditor.")
        return who
    if not context.permissions.allow_role("start_for_another", who) and not _names(email, who):
        raise PermissionDenied("Only the QA Service can allocate an audit to somebody else.")
    return find_auditor(context, email)


def find_auditor(context: CommandContext, email: object) -> Person:
    person = context.directory.by_email(email) if isinstance(email, str) else None
    if person is None or not person.is_active or "auditor" not in person.roles:
        raise BadInput.about("auditor", "There is no active auditor with that email address.")
    return person


def _names(email: object, who: Person) -> bool:
    return isinstance(email, str) and mailbox(email) == mailbox(who.email) and "auditor" in who.roles


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
    """Save answers, or those that a function reads for the section; raises EditConflict, with both texts, on a conflict.

    There is a conflict where the section was saved otherwise since version `seen` of the audit; with `of_whole_audit` also where
    anything else of the audit changed since, as If-Match requires over HTTP.
    """
    audit, ties = get_visible_audit(context, who, reference)
    part = _writable_section(context, audit, ties, section)
    answers = read_answers(part, given(part) if callable(given) else given, context.directory)
    if section == "details":
        _ensure_not_connected(context, who, who, answers)
    stored = audit.sections.get(section, {})
    latest = audit.version if of_whole_audit else audit.section_versions.get(section, 0)
    if latest <= seen <= audit.version:
        return _saved(context, who, audit, part, answers)
    if answers != stored or of_whole_audit:
        raise EditConflict(dict(answers), dict(stored), audit.version, audit.reference, audit.edition)
    # Already saved, and the response was lost on its way: both texts are the same.
    return audit


def _writable_section(context: CommandContext, audit: Audit, ties: frozenset[str], key: str) -> Section:
    """Raise NotFound for a section that the form does not have, PermissionDenied for one that this person may not write."""
    try:
        section = context.form_of(audit).section(key)
    except KeyError:
        raise NotFound from None
    if not context.permissions.allow("write_moderation" if section.part == "moderation" else "write_audit", audit, ties):
        raise PermissionDenied("You can’t change this section, or no longer can.")
    return section


def _ensure_not_connected(context: CommandContext, auditor: Person, who: Person, details: Answers) -> None:
    """Raise BadInput where the auditor is connected to the child. Only the auditor is told why."""
    child_id = details.get("child_id")
    if auditor.id == who.id and isinstance(child_id, str) and context.directory.is_connected(who.id, child_id):
        sentence = "You have declared a personal connection to this child: ask the QA Service to allocate the audit to somebody else."
        raise BadInput.about("child_id", sentence, "details")
    ensure_may_be_given(context.directory, auditor, child_id, "auditor")


def _saved(context: CommandContext, who: Person, audit: Audit, part: Section, answers: Answers) -> Audit:
    """Writing a section adds no history, but for a moderator’s judgement; the audit’s version grows. Sharing seals the text."""
    work = UnitOfWork(context, who, audit, audit)
    work.audit = audit_changes.with_section(audit, part.key, answers)
    if part.part == "moderation":
        seal_first_judgement(work)
    return work.commit()


def new_reference() -> str:
    """Eight random letters and digits, without those that are confused when read out over the telephone."""
    letters = [secrets.choice(REFERENCE_LETTERS) for _ in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
