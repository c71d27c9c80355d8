"""An action in the browser: add, change and remove it, record progress, report and verify it."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.formatting import day, history_title
from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.form_fields import ask_about_earlier, read_date
from web.request.idempotency import run_form_once
from web.request.read_log import reveal_and_log
from web.request.view_options import ViewOptions
from workflow.commands import actions, successions
from workflow.commands.actions import NewAction, may_change_action
from workflow.commands.audit_view import AuditView, action_moves, see
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.registry import make_action_move
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet
from workflow.models import Audit, SmartAction
from workflow.workflow_config import history_verb

pages = ViewOptions(replays_form=True)(Blueprint("actions", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/audits/<reference>/actions/new")
@login_required
def new(reference: str) -> str:
    return _render_new(reference)


@pages.post("/audits/<reference>/actions/new")
@login_required
def add(reference: str) -> Page:
    def add_here(context: CommandContext) -> Audit:
        actions.add_action(context, current_user(), reference, _read_form())
        return get_visible_audit(context, current_user(), reference)[0]

    try:
        run_form_once(add_here, "text")
    except BadInput as refusal:
        return _render_new(reference, refusal), status_of(refusal)
    flash("Action added.")
    return _redirect_to_audit(reference)


@pages.get("/audits/<reference>/actions/<int:number>")
@login_required
@ViewOptions(read_log_title="Action")
def show(reference: str, number: int) -> str:
    return _render_action(reference, number)


@pages.post("/audits/<reference>/actions/<int:number>/progress")
@login_required
def progress(reference: str, number: int) -> Page:
    try:
        actions.record_progress(
            command_context(), current_user(), reference, number, request.form.get("progress"), request.form.get("evidence")
        )
    except BadInput as refusal:
        return _render_action(reference, number, refusal), status_of(refusal)
    flash("Saved.")
    return redirect(url_for("actions.show", reference=reference, number=number), HTTPStatus.SEE_OTHER)


@pages.post("/audits/<reference>/actions/<int:number>/moves/<move>")
@login_required
def make_move(reference: str, number: int, move: str) -> Page:
    given = {
        "move": move, "reason": request.form.get("reason", ""), "completed_on": read_date("completed_on", request.form),
        "due_on": read_date("due_on", request.form),
    }  # fmt: skip
    try:
        _ask_about_date(reference, number, move, given["completed_on"])
        make_action_move(command_context(), current_user(), reference, number, given)
    except (PreconditionsNotMet, BadInput) as refusal:
        return _render_action(reference, number, refusal, move), status_of(refusal)
    flash(f"{history_title(history_verb('action', move))}.")
    return redirect(url_for("actions.show", reference=reference, number=number), HTTPStatus.SEE_OTHER)


def _ask_about_date(reference: str, number: int, name: str, completed_on: str) -> None:
    """Raise BadInput once where it was completed before the audit date, for people who may know that date."""
    context, seen = command_context(), _see_action(reference, number)
    offered = action_moves(context, current_user(), *_find_action(seen, number)) if seen.reads_audit else ()
    if not completed_on or name not in offered or "completion_date_is_possible" not in context.rules.action.moves[name].needs:
        return
    audited_on = get_visible_audit(context, current_user(), reference)[0].header.audit_on
    if audited_on:
        question = f"This is before the audit date, {day(audited_on)}. Correct the date, or tick the box if it is right."
        ask_about_earlier(audited_on.isoformat(), completed_on, question, request.form)


@pages.post("/audits/<reference>/actions/<int:number>/change")
@login_required
def change(reference: str, number: int) -> Page:
    try:
        actions.change_action(command_context(), current_user(), reference, number, _read_form())
    except BadInput as refusal:
        return _render_action(reference, number, refusal, "change"), status_of(refusal)
    flash("Saved.")
    return _redirect_to_audit(reference)


@pages.post("/audits/<reference>/actions/<int:number>/remove")
@login_required
def remove(reference: str, number: int) -> Response:
    actions.remove_action(command_context(), current_user(), reference, number)
    flash("Action removed.")
    return _redirect_to_audit(reference)


def _read_form() -> NewAction:
    return NewAction(request.form.get("text"), request.form.get("owner"), read_date("due_on", request.form))


def _redirect_to_audit(reference: str) -> Response:
    return redirect(url_for("audits.show", reference=reference) + "#actions", HTTPStatus.SEE_OTHER)


def _render_new(reference: str, refusal: BadInput | None = None) -> str:
    seen = see(command_context(), current_user(), reference)
    if not {"add_action", "add_further_action"} & set(seen.may):
        raise PermissionDenied("You can’t add an action to this audit at the moment.")
    return render_template("new_action.html", audit=seen.audit, directory=command_context().directory, refusal=refusal, typed=request.form)


def _render_action(reference: str, number: int, refusal: PreconditionsNotMet | BadInput | None = None, tried: str = "") -> str:
    seen, action = _find_action(reveal_and_log(_see_action(reference, number)), number)
    return render_template(
        "action.html",
        **_action_context(seen, action),
        refusal=refusal,
        tried=tried,
        typed=request.form,
        doubted=read_date("completed_on", request.form),
    )


def _action_context(seen: AuditView, action: SmartAction) -> dict[str, Any]:
    context, me = command_context(), current_user()
    is_mine = action.owner_id == me.id and action.is_live and context.permissions.allow("record_progress", seen.audit, seen.ties)
    is_draft = may_change_action(context, me, seen.audit, seen.ties, action)
    return {
        "seen": seen, "audit": seen.audit, "action": action, "directory": context.directory, "today": context.today, "is_mine": is_mine,
        "is_draft": is_draft, "changes_owner": successions.RIGHT in seen.may and successions.may_change_owner(action),
        "moves": [context.rules.action.moves[name] for name in action_moves(context, me, seen, action)],
    }  # fmt: skip


def _see_action(reference: str, number: int) -> AuditView:
    """Return the view of the audit, without its text. Raise NotFound if this person can't see the action."""
    seen = see(command_context(), current_user(), reference)
    _find_action(seen, number)
    return seen


def _find_action(seen: AuditView, number: int) -> tuple[AuditView, SmartAction]:
    action = next((action for action in seen.actions if action.number == number), None)
    if action is None:
        raise NotFound
    return seen, action
