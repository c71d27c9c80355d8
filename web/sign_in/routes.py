"""Signing in and out."""

import math
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.sign_in.slowing import Try
from web.signed_in import current_session, person_with, sign_in, sign_out, signed_in, the_council, the_desk

pages = Blueprint("sign_in", __name__, template_folder="templates")
TOO_SOON = "Too many tries did not work. Try again in {}."
REFUSED = "That email address and password don’t go together."


@pages.get("/sign-in")
def show() -> str:
    return render_template("sign_in.html", after=request.args.get("next", ""), is_kept="kept" in request.args, email="", sentence="")


@pages.post("/sign-in")
def enter() -> Response | tuple[str, HTTPStatus] | tuple[str, HTTPStatus, dict[str, str]]:
    email, after, now = request.form.get("email", ""), request.form.get("next", ""), datetime.now(UTC)
    attempt = Try(the_council(), email.strip().lower(), request.remote_addr or "", the_desk().directory.by_email(email))
    if wait := attempt.begin(now):
        page, status = _again(TOO_SOON.format(_in_words(wait)), HTTPStatus.TOO_MANY_REQUESTS)
        return page, status, {"Retry-After": str(math.ceil(wait.total_seconds()))}
    person = person_with(email, request.form.get("password", ""))
    if person is None:
        return _again(REFUSED, HTTPStatus.UNPROCESSABLE_ENTITY)
    attempt.succeeded(now)
    sign_in(person)
    return redirect(_own(after))


def _again(sentence: str, status: HTTPStatus) -> tuple[str, HTTPStatus]:
    typed = request.form
    return render_template("sign_in.html", after=typed.get("next", ""), email=typed.get("email", ""), sentence=sentence), status


def _in_words(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    number, unit = (seconds, "second") if seconds < 100 else (math.ceil(seconds / 60), "minute")
    return f"{number} {unit}{'s' if number != 1 else ''}"


@pages.post("/stay")
def stay() -> dict[str, object]:
    """Somebody is still there: their session goes on."""
    signed_in()
    ends_at = current_session().ends_at(datetime.now(UTC))
    return {"ends_at": ends_at.isoformat() if ends_at else None}


@pages.post("/sign-out")
def leave() -> Response:
    sign_out()
    response = redirect(url_for("sign_in.show"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _own(path: str) -> str:
    """A path of this service, never another’s address."""
    is_own = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if is_own else url_for("my_work.show")
