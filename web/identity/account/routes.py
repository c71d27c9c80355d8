"""Your account: how you sign in, your password, and the browsers you are signed in from."""

from collections.abc import Collection
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.account.other_access import OtherAccess, kept, other_access
from web.identity.account.queries import active_sessions_of, end_other_access, end_session
from web.identity.browser_name import browser_name
from web.identity.credentials import passwords, queries, second_factor
from web.identity.credentials.queries import KEEP_CALENDAR, KEEP_TOKENS
from web.identity.credentials.throttled_login import is_own_password
from web.identity.current_user import (
    SECOND_FACTOR,
    current_user,
    login_required,
    restart_session,
)
from web.identity.sessions import token_digest
from web.request.browser_session import IDLE, LONGEST
from web.request.context import current_council, current_session
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, Refusal

pages = Blueprint("account", __name__, template_folder="templates")
NOT_RECOGNISED = "Your password is not correct. Enter it again."
# Characters of the digest: enough to distinguish a person’s sessions, too few to find one by.
ID_LENGTH = 16


@pages.get("/account")
@login_required
def show() -> str:
    person = current_user()
    is_on = passwords.are_on_for(person.id)
    rows = [
        _row("Name", person.name),
        _row("Email address", person.email),
        *([_row("Password", "Set", "account.password", "Change", "your password")] if is_on and passwords.has_password(person.id) else []),
        _app_row(person),
        *([_passkeys_row(person)] if is_on else []),
        _row("Sign-ins", "Browsers you are signed in from", "account.sign_ins", "See", "your sign-ins"),
    ]
    return render_template("account.html", rows=rows)


@pages.get("/account/password")
@login_required
@ViewOptions(sign_in_method="password")
def password() -> str:
    person = current_user()
    _ensure_password(person)
    return render_template("password.html", errors={}, other=other_access(person), kept=())


@pages.post("/account/password")
@ViewOptions(sign_in_method="password")
def change_password() -> Response | tuple[str, HTTPStatus]:
    """Every session of the person ends, and this browser gets a new one. Tokens and calendar end too, unless the person keeps them."""
    person, factor = current_user(), current_session().get(SECOND_FACTOR, "")
    _ensure_password(person)
    if sentence := _password_error(person, request.form.get("old", "")):
        return _password_refused({"old": sentence})
    try:
        passwords.change(person.id, request.form.get("new", ""), kept())
    except BadInput as refusal:
        return _password_refused({"new": refusal.missing[0].message})
    restart_session(person, factor)
    flash("Your password is changed. You are signed out of every other browser.")
    return redirect(url_for("account.show"))


@pages.get("/account/sign-ins")
@login_required
def sign_ins() -> str:
    person, now = current_user(), datetime.now(UTC)
    rows = active_sessions_of(current_council().engine, person.id, now - IDLE, now - LONGEST)
    here = token_digest(current_session().token)
    shown = [
        {
            "id": row.digest[:ID_LENGTH],
            "browser": browser_name(row.browser),
            "begun": row.created_at,
            "seen": row.seen_at,
            "here": row.digest == here,
        }
        for row in rows
    ]
    return render_template("sign_ins.html", shown=shown, other=other_access(person), has_changed="changed" in request.args)


@pages.post("/account/sign-ins/end")
def end() -> Response:
    """End one session, named by the start of its digest, or all the others with the tokens and the calendar that are not kept."""
    person, which = current_user(), request.form.get("which", "")
    if which != "others" and len(which) != ID_LENGTH:
        raise BadInput.about("which", "Select the sign-in to end.")
    engine, here, stopped = current_council().engine, token_digest(current_session().token), ""
    if which == "others":
        stopped = _stopped(other_access(person), kept())
        ended = end_other_access(engine, person.id, here, kept(), datetime.now(UTC))
    else:
        ended = end_session(engine, person.id, here, which)
    flash(f"{ended} sign-in{'s' if ended != 1 else ''} ended.{stopped}")
    return redirect(url_for("account.sign_ins"))


def _stopped(other: OtherAccess, keeps: Collection[str]) -> str:
    tokens = " Your access tokens no longer work." if other.tokens and KEEP_TOKENS not in keeps else ""
    return tokens + (" Your calendar address no longer works." if other.has_calendar and KEEP_CALENDAR not in keeps else "")


def _ensure_password(person: Person) -> None:
    """Raise NotFound for a person without a password: somebody who holds their session could set one without any proof."""
    if not passwords.has_password(person.id):
        raise NotFound


def _password_error(person: Person, typed: str) -> str:
    """Return what is wrong with it, or ""."""
    try:
        return "" if is_own_password(person, typed) else NOT_RECOGNISED
    except Refusal as refusal:
        return refusal.sentence


def _app_row(person: Person) -> dict[str, object]:
    if second_factor.fingerprint_of(person.id) is None:
        return _row("Authenticator app", "Not set up", "second_proof.show", "Set up", "your authenticator app")
    left = f"Set up, {second_factor.recovery_codes_left(person.id)} recovery codes left"
    return _row("Authenticator app", left, "second_proof.show", "Change", "your authenticator app")


def _passkeys_row(person: Person) -> dict[str, object]:
    added = len(queries.passkeys_of(current_council().engine, person.id))
    return _row("Passkeys", f"{added} added" if added else "None", "passkeys.show", "Change", "your passkeys")


def _row(key: str, value: str, page: str = "", verb: str = "", of: str = "") -> dict[str, object]:
    """A row of a summary list, with a link to `page` where one is given."""
    links = [{"href": url_for(page), "text": verb, "visuallyHiddenText": of}] if page else []
    return {"key": {"text": key}, "value": {"text": value}, "actions": {"items": links}}


def _password_refused(errors: dict[str, str]) -> tuple[str, HTTPStatus]:
    page = render_template("password.html", errors=errors, other=other_access(current_user()), kept=kept())
    return page, HTTPStatus.UNPROCESSABLE_ENTITY
