"""Your access tokens, which programs use in your name. Only a browser session may create or revoke one, never a token."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.account.confirmation import consume_confirmation, ensure_council_sign_in
from web.identity.account.proofs import Purpose
from web.identity.credentials.access_tokens import DAYS, READ, NewToken, create_token, read_token, revoke_token, why_unusable
from web.identity.credentials.queries import tokens_of
from web.identity.current_user import SECOND_FACTOR, current_user, login_required, needs_second_factor
from web.request.context import current_council, current_session
from web.request.errors import status_of
from web.request.flash_messages import flash
from workflow.errors import BadInput

pages = Blueprint("tokens", __name__, template_folder="templates")


@pages.get("/tokens")
@login_required
def mine() -> str:
    person, now = current_user(), datetime.now(UTC)
    needs_proof = needs_second_factor(person)
    rows = [(row, why_unusable(row, now, needs_proof=needs_proof)) for row in tokens_of(current_council().engine, person.id)]
    return render_template("tokens.html", rows=rows)


@pages.get("/tokens/new")
@login_required
def new() -> str:
    ensure_council_sign_in(current_user(), Purpose.TOKEN)
    return render_template("new_token.html", typed={"days": DAYS, "scope": READ}, refusal=None)


@pages.post("/tokens/new")
@login_required
def make() -> str | tuple[str, HTTPStatus]:
    """The token is shown in this response only; nothing stores it, not even for a redirect."""
    typed = request.form
    new_token = NewToken(typed.get("name"), typed.get("scope"), typed.get("days", "").strip())
    try:
        read_token(new_token)
        consume_confirmation(current_user(), Purpose.TOKEN)
        token = create_token(current_council(), current_user(), new_token, current_session().get(SECOND_FACTOR, ""))
    except BadInput as refusal:
        return render_template("new_token.html", typed=typed, refusal=refusal), status_of(refusal)
    return render_template("token_made.html", token=token)


@pages.post("/tokens/<int:token_id>/revoke")
@login_required
def revoke(token_id: int) -> Response:
    revoke_token(current_council(), token_id, of=current_user())
    flash("The access token is revoked.")
    return redirect(url_for("tokens.mine"), HTTPStatus.SEE_OTHER)
