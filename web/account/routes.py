"""One’s own account: where one is signed in, and one’s password."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.account.passwords import ensure_is_hard_to_guess
from web.account.queries import change_password, end_all_but, end_one, sessions_of
from web.errors import status_of
from web.sessions import IDLE, LONGEST, digest
from web.sign_in.slowing import Try
from web.signed_in import HASHER, current_session, for_signed_in, person_with, signed_in, the_council
from workflow.errors import BadInput, NotFound

pages = Blueprint("account", __name__, template_folder="templates")
WRONG = "That is not your password now."


@pages.get("/account")
@for_signed_in
def show() -> str:
    now = datetime.now(UTC)
    rows = sessions_of(the_council().engine, signed_in().id, now - IDLE, now - LONGEST)
    return render_template("account.html", rows=rows, here=_here(), has_passwords=the_council().settings.has_passwords)


@pages.post("/account/sessions/<session>/end")
@for_signed_in
def end(session: str) -> Response:
    end_one(the_council().engine, signed_in().id, session)
    flash("That browser is signed out.")
    return redirect(url_for("account.show"), HTTPStatus.SEE_OTHER)


@pages.post("/account/sessions/end-others")
@for_signed_in
def end_others() -> Response:
    end_all_but(the_council().engine, signed_in().id, _here())
    flash("You are signed out everywhere else.")
    return redirect(url_for("account.show"), HTTPStatus.SEE_OTHER)


@pages.get("/account/password")
@for_signed_in
def password() -> str:
    _ensure_there_are_passwords()
    return render_template("password.html", refusal=None)


@pages.post("/account/password")
@for_signed_in
def change() -> str | Response | tuple[str, HTTPStatus]:
    _ensure_there_are_passwords()
    try:
        _ensure_knows_password()
        ensure_is_hard_to_guess(request.form.get("new", ""), signed_in())
    except BadInput as refusal:
        return render_template("password.html", refusal=refusal), status_of(refusal)
    change_password(the_council().engine, signed_in().id, HASHER.hash(request.form["new"]), _here())
    flash("Your password is changed, and you are signed out everywhere else.")
    return redirect(url_for("account.show"), HTTPStatus.SEE_OTHER)


def _ensure_knows_password() -> None:
    """Raises BadInput. Slowed as signing in is: a browser left open must not help to guess."""
    me, now = signed_in(), datetime.now(UTC)
    attempt = Try(the_council(), f"change {me.email}", request.remote_addr or "", me)
    if attempt.begin(now):
        raise BadInput.about("password", "Too many tries did not work. Try again in some minutes.")
    if person_with(me.email, request.form.get("password", "")) is None:
        raise BadInput.about("password", WRONG)
    attempt.succeeded(now)


def _ensure_there_are_passwords() -> None:
    if not the_council().settings.has_passwords:
        raise NotFound


def _here() -> str:
    return digest(current_session().token)
