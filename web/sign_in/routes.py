"""Signing in and out."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.signed_in import current_session, person_with, sign_in, sign_out, signed_in

pages = Blueprint("sign_in", __name__, template_folder="templates")
REFUSED = "That email address and password don’t go together."


@pages.get("/sign-in")
def show() -> str:
    return render_template("sign_in.html", after=request.args.get("next", ""), is_kept="kept" in request.args, email="", sentence="")


@pages.post("/sign-in")
def enter() -> Response | tuple[str, HTTPStatus]:
    email, after = request.form.get("email", ""), request.form.get("next", "")
    person = person_with(email, request.form.get("password", ""))
    if person is None:
        return render_template("sign_in.html", after=after, email=email, sentence=REFUSED), HTTPStatus.UNPROCESSABLE_ENTITY
    sign_in(person)
    return redirect(_own(after))


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
    parts = urlsplit(path)
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc and path.isprintable()
    return path if is_own else url_for("my_work.show")
