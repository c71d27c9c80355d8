"""Discard what somebody typed and could not save."""

from http import HTTPStatus

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from web.identity.current_user import current_user, login_required
from web.identity.sign_in.pending_login import safe_redirect_target
from web.request.context import current_council
from web.request.queries import delete_form

pages = Blueprint("unsaved", __name__)


@pages.post("/unsaved/discard")
@login_required
def discard() -> Response:
    """One's own only."""
    delete_form(current_council().engine, current_user().id, request.form.get("path", ""), request.form.get("opened", ""))
    return redirect(safe_redirect_target(request.form.get("page", "")), HTTPStatus.SEE_OTHER)
