"""Name somebody else for a role of the case, or for an action: the QA Service, on a shared audit."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import group_by_team, list_who
from web.formatting import role_title
from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.idempotency import run_form_once
from web.request.view_options import ViewOptions
from workflow.commands import assignments, successions
from workflow.commands.audit_view import AuditView, see
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.duty_holders import OWNER
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet
from workflow.models import Audit
from workflow.roles import CASE_ROLES

pages = ViewOptions(replays_form=True)(Blueprint("successions", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/audits/<reference>/people/<role>")
@login_required
def person(reference: str, role: str) -> str:
    return _person_page(reference, role)


@pages.post("/audits/<reference>/people/<role>")
@login_required
def name_person(reference: str, role: str) -> Page:
    given = request.form.get("person"), request.form.get("reason")
    try:
        run_form_once(lambda context: successions.name_person(context, current_user(), reference, role, *given), "person")
    except (BadInput, PreconditionsNotMet) as refusal:
        return _person_page(reference, role, refusal), status_of(refusal)
    flash(f"{role_title(role)} changed. The new {role_title(role)} has been notified.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


@pages.get("/audits/<reference>/auditor")
@login_required
def auditor(reference: str) -> str:
    return _auditor_page(reference)


@pages.post("/audits/<reference>/auditor")
@login_required
def allocate(reference: str) -> Page:
    try:
        run_form_once(lambda context: assignments.allocate(context, current_user(), reference, request.form.get("auditor")), "auditor")
    except (BadInput, PreconditionsNotMet) as refusal:
        return _auditor_page(reference, refusal), status_of(refusal)
    flash("Audit allocated. The auditor has been notified.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


@pages.get("/audits/<reference>/actions/<int:number>/owner")
@login_required
def owner(reference: str, number: int) -> str:
    return _owner_page(reference, number)


@pages.post("/audits/<reference>/actions/<int:number>/owner")
@login_required
def name_owner(reference: str, number: int) -> Page:
    given = request.form.get("person"), request.form.get("reason")

    def name(context: CommandContext) -> Audit:
        successions.name_owner(context, current_user(), reference, number, *given)
        return get_visible_audit(context, current_user(), reference)[0]

    try:
        run_form_once(name, "person")
    except BadInput as refusal:
        return _owner_page(reference, number, refusal), status_of(refusal)
    flash("Person responsible changed. They and the Team Manager have been notified.")
    return redirect(url_for("actions.show", reference=reference, number=number), HTTPStatus.SEE_OTHER)


def _person_page(reference: str, role: str, refusal: BadInput | PreconditionsNotMet | None = None) -> str:
    seen = see(command_context(), current_user(), reference)
    _ensure_names_successors(seen)
    if role not in CASE_ROLES:
        raise NotFound
    now = getattr(seen.audit.header, f"{role}_id")
    return _page(seen, role, now, refusal, back=url_for("audits.show", reference=reference))


def _auditor_page(reference: str, refusal: BadInput | PreconditionsNotMet | None = None) -> str:
    seen = see(command_context(), current_user(), reference)
    if "allocate" not in seen.may:
        raise PermissionDenied("You can’t allocate this audit to anybody else at the moment.")
    back = url_for("audits.show", reference=reference)
    return _page(seen, "auditor", seen.audit.auditor_id, refusal, back=back)


def _owner_page(reference: str, number: int, refusal: BadInput | None = None) -> str:
    seen = see(command_context(), current_user(), reference)
    action = next((action for action in seen.actions if action.number == number), None)
    if action is None:
        raise NotFound
    _ensure_names_successors(seen)
    if not successions.may_change_owner(action):
        raise PermissionDenied("The person responsible for this action can’t be changed at the moment.")
    return _page(seen, OWNER, action.owner_id, refusal, back=url_for("actions.show", reference=reference, number=number), number=number)


def _ensure_names_successors(seen: AuditView) -> None:
    if successions.RIGHT not in seen.may:
        raise PermissionDenied("You can’t name anybody else on this audit at the moment.")


def _page(seen: AuditView, duty: str, now: int | None, refusal: BadInput | PreconditionsNotMet | None, **more: Any) -> str:
    context = command_context()
    directory, titles = context.directory, context.permissions.titles
    able = list_who(directory, lambda one: one.id != now and successions.may_follow(one, duty, seen.audit, directory, titles))
    people = group_by_team(able, directory.teams.get(seen.audit.header.team or ""))
    return render_template(
        "successor.html", audit=seen.audit, duty=duty, people=people, now=directory.person(now), refusal=refusal, typed=request.form, **more
    )  # fmt: skip
