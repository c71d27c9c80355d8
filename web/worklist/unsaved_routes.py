"""What somebody typed and could not save: where it waits to be put back, and discarding it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from web.identity.current_user import current_user, login_required
from web.identity.sign_in.pending_login import safe_redirect_target
from web.request.context import command_context, current_council, current_session
from web.request.queries import delete_form, pages_with_forms
from workflow.commands.context import get_visible_audit
from workflow.errors import NotFound

pages = Blueprint("unsaved", __name__)


@pages.post("/unsaved/discard")
@login_required
def discard() -> Response:
    """One's own only."""
    delete_form(current_council().engine, current_user().id, request.form.get("path", ""), request.form.get("opened", ""))
    return redirect(safe_redirect_target(request.form.get("page", "")), HTTPStatus.SEE_OTHER)


@dataclass(frozen=True, slots=True)
class Unsaved:
    """`reference` is "" where the page is of no audit."""

    page: str
    reference: str
    at: datetime


def list_unsaved() -> list[Unsaved]:
    """One’s own, by page, the latest first; none of an audit that one may no longer know of."""
    rows = pages_with_forms(current_council().engine, current_user().id) if current_session().has_unsaved else ()
    latest = dict(reversed(rows))
    found = [Unsaved(page, _reference_in(page), at) for page, at in reversed(latest.items())]
    may_know = {reference: not reference or _may_know(reference) for reference in {one.reference for one in found}}
    return [one for one in found if may_know[one.reference]]


def _reference_in(page: str) -> str:
    adapter = request_ctx.url_adapter
    try:
        args = adapter.match(page, "GET")[1] if adapter else {}
    except HTTPException:
        return ""
    return str(args.get("reference", ""))


def _may_know(reference: str) -> bool:
    try:
        get_visible_audit(command_context(), current_user(), reference)
    except NotFound:
        return False
    return True
