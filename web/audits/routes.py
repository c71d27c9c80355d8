"""An audit in the browser: its state, sections, moves and history."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.audits.page_context import list_questions, name_next_person, template_context
from web.audits.page_context import reveal as read_audit
from web.audits.previous_audit import find_told_date
from web.audits.section_forms import describe_answers
from web.audits.section_status import list_progress
from web.audits.share_preview import preview_sharing
from web.audits.vacant_duties import VacantDuty, vacant_duties_of
from web.directory.choices import list_with_role
from web.escalations.board import load_status
from web.escalations.notification_status import EscalationStatus
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_council
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.form_fields import ask_once, read_date
from web.request.idempotency import run_form_once
from web.request.read_log import reveal_and_log, reveal_history
from web.request.view_options import ViewOptions
from workflow.commands import drafting
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import AuditView, see
from workflow.commands.available_moves import find_move, is_request_only
from workflow.commands.context import get_visible_audit
from workflow.commands.registry import make_audit_move
from workflow.commands.sealed_text import directory_of_text
from workflow.errors import BadInput, PermissionDenied, PreconditionsNotMet

pages = ViewOptions(replays_form=True)(Blueprint("audits", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/audits/new")
@login_required
def start() -> str:
    return _start_page()


@pages.post("/audits/new")
@login_required
def start_now() -> Page:
    try:
        reference = run_form_once(lambda context: drafting.start_audit(context, current_user(), {}, request.form.get("auditor")), "auditor")
    except BadInput as refusal:
        return _start_page(refusal), status_of(refusal)
    if request.form.get("auditor", current_user().email) == current_user().email:
        return redirect(url_for("sections.show", reference=reference, section="details"), HTTPStatus.SEE_OTHER)
    flash("Audit allocated. The auditor has been notified.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


def _start_page(refusal: BadInput | None = None) -> str:
    context = command_context()
    if not any(context.permissions.allow_role(right, current_user()) for right in ("start", "start_for_another")):
        raise PermissionDenied("Only an auditor can start an audit. The QA Service can allocate one to an auditor.")
    auditors = list_with_role(context.directory, "auditor")
    return render_template(
        "start.html", auditors=auditors, allocates=context.permissions.allow_role("start_for_another", current_user()), refusal=refusal
    )


@pages.get("/audits/<reference>")
@login_required
@ViewOptions(read_log_title="The audit")
def show(reference: str) -> str:
    context = command_context()
    seen = reveal_and_log(see(context, current_user(), reference))
    progress = list_progress(context, current_user(), seen.audit, seen.sections, list_questions(seen))
    return render_template(
        "audit.html", vacant=_vacant(seen), **template_context(seen), progress=progress, held_by=name_next_person(seen), status=_escalation_status(seen),
        audited_on=find_told_date(seen.audit),
    )  # fmt: skip


def _vacant(seen: AuditView) -> dict[str, VacantDuty]:
    """Return the duties whose holder is gone, for a person who may name somebody else."""
    if not {"name_successor", "allocate"}.intersection(seen.may):
        return {}
    return {one.holder.duty: one for one in vacant_duties_of(seen.audit, command_context().directory)}


def _escalation_status(seen: AuditView) -> EscalationStatus | None:
    """Return who has been notified of an unresolved escalation, for a person who may see it."""
    is_on = seen.escalation is not None and seen.escalation.state != "resolved"
    return load_status(seen.audit) if is_on else None


@pages.get("/audits/<reference>/read")
@login_required
@ViewOptions(read_log_title="The whole audit")
def read(reference: str) -> str:
    seen = read_audit(reference)
    form, directory = command_context().form_of(seen.audit), directory_of_text(command_context(), seen.audit, seen.ties, seen.seals)
    answers = {key: describe_answers(form, key, stored, directory) for key, stored in seen.sections.items()}
    return render_template("read.html", **template_context(seen) | {"directory": directory}, answers=answers)


@pages.get("/audits/<reference>/history")
@login_required
@ViewOptions(read_log_title="The history")
def history(reference: str) -> str:
    seen = see(command_context(), current_user(), reference)
    return render_template("history.html", **template_context(seen), rows=reveal_history(seen))


@pages.get("/audits/<reference>/moves/<move>")
@login_required
@ViewOptions(read_log_title="Before sharing")
def move(reference: str, move: str) -> str:
    return _move_page(reference, move)


@pages.post("/audits/<reference>/moves/<move>")
@login_required
def make_move(reference: str, move: str) -> Page:
    given = {"move": move, "reason": request.form.get("reason", ""), "new_actions": _new_actions()}
    try:
        _ask_about_details(reference, move)
        audit = make_audit_move(command_context(), current_user(), reference, given)
    except (PreconditionsNotMet, BadInput) as refusal:
        return _move_page(reference, move, refusal), status_of(refusal)
    flash(f"The audit is now “{command_context().rules.audit.states[audit.state].title}”.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


def _move_page(reference: str, name: str, refusal: PreconditionsNotMet | BadInput | None = None) -> str:
    context = command_context()
    seen = see(context, current_user(), reference)
    offer = next((offer for offer in seen.available_moves if offer.move.name == name), None)
    if offer is None:
        find_move(context.rules.audit, name)
        raise PermissionDenied("You can’t do this to the audit at the moment.")
    asks = is_request_only(offer.move, seen.audit, seen.ties)
    needs = offer.move.needs_when_asked if asks else offer.move.needs
    doubts = _details_in_doubt(reference, name)
    if offer.move.name == "share" or doubts:
        # The list of people notified reveals the overall grade, and a question what is written.
        seen = reveal_and_log(seen)
    preview = preview_sharing(context, current_council().notification_policy, seen, offer.move)
    return render_template(
        "move.html",
        **template_context(seen),
        move=offer.move,
        needs=needs,
        asks=asks,
        preview=preview,
        refusal=refusal,
        typed=request.form,
        doubts=doubts,
    )


def _ask_about_details(reference: str, name: str) -> None:
    """Raise BadInput unless a person who could make the move says that odd details are right, where it needs the details to be complete."""
    moves = see(command_context(), current_user(), reference).available_moves
    ready = {offer.move.name for offer in moves if not offer.missing}
    if name in ready and _details_in_doubt(reference, name):
        ask_once("Correct the details, or tick the box if they are right.", "details", request.form)


def _details_in_doubt(reference: str, name: str) -> list[str]:
    context = command_context()
    move = context.rules.audit.moves.get(name)
    if move is None or "header_is_complete" not in move.needs:
        return []
    audit, _ = get_visible_audit(context, current_user(), reference)
    asked = current_council().sense_checks.questions(
        context.form_of(audit), {"details": audit.sections.get("details", {})}, context.directory
    )
    return [one.message for one in asked]


def _new_actions() -> tuple[NewAction, ...]:
    if not request.form.get("text"):
        return ()
    return (NewAction(request.form["text"], request.form.get("owner", ""), read_date("due_on", request.form)),)
