"""Setting up two-step verification: an authenticator app and recovery codes. A person who must set it up is redirected here first."""

from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.identity.account.confirmation import confirm, consume_confirmation
from web.identity.account.other_access import page_after_change
from web.identity.account.proofs import Purpose, ways_of
from web.identity.credentials import passkeys, second_factor
from web.identity.current_user import SECOND_FACTOR, current_user, needs_second_factor, partially_authenticated_user, restart_session
from web.request.context import current_session
from web.request.flash_messages import flash
from workflow.directory import Person
from workflow.errors import NotFound

pages = Blueprint("second_proof", __name__, template_folder="templates")
PENDING_KEY = "pending_secret"
WRONG_CODE = "That is not the security code that your app shows now. Enter the new code."
NOT_OFF = "Your role needs two-step verification. You can set up another app, but not turn it off."
Page = str | tuple[str, HTTPStatus]


@pages.get("/account/second-proof")
def show() -> str:
    return _start()


@pages.post("/account/second-proof")
def begin() -> AnyResponse | Page:
    """Create a secret, which is not used until a code proves that the app has it."""
    confirm(partially_authenticated_user(), Purpose.APP)
    current_session()[PENDING_KEY] = second_factor.new_secret()
    return redirect(url_for("second_proof.scan"))


@pages.get("/account/second-proof/scan")
def scan() -> str:
    return _scan("")


@pages.get("/account/second-proof/qr.svg")
def picture() -> Response:
    return Response(second_factor.qr_code_of(_pending(), partially_authenticated_user().email), mimetype="image/svg+xml")


@pages.post("/account/second-proof/scan")
def finish() -> Page:
    person, secret = partially_authenticated_user(), _pending()
    # Before the code is checked: it is too old by the time that somebody has come back from confirming.
    confirm(person, Purpose.APP)
    if (counter := second_factor.counter_of(secret, request.form.get("code", ""))) is None:
        return _scan(WRONG_CODE), HTTPStatus.UNPROCESSABLE_ENTITY
    consume_confirmation(person, Purpose.APP)
    second_factor.enrol(person.id, secret, counter)
    restart_session(person, second_factor.CODE)
    return _codes(person, second_factor.new_recovery_codes(person.id, with_new_app=True))


@pages.post("/account/second-proof/recovery-codes")
def new_codes() -> Page:
    person = current_user()
    if not _has_codes():
        raise NotFound
    consume_confirmation(person, Purpose.RECOVERY_CODES)
    return _codes(person, second_factor.new_recovery_codes(person.id))


@pages.post("/account/second-proof/remove")
def remove() -> AnyResponse | Page:
    person = current_user()
    if needs_second_factor(person):
        return _start(NOT_OFF), HTTPStatus.UNPROCESSABLE_ENTITY
    consume_confirmation(person, Purpose.REMOVE_APP)
    second_factor.remove(person.id)
    flash("Two-step verification is off. You sign in without a security code.")
    return redirect(page_after_change(person, url_for("account.show")))


def _codes(person: Person, codes: list[str]) -> str:
    return render_template("recovery_codes.html", codes=codes, onwards=page_after_change(person, url_for("my_work.show")))


def _start(sentence: str = "") -> str:
    person = partially_authenticated_user()
    ways = ways_of(person, Purpose.APP)
    return render_template(
        "second_factor.html", sentence=sentence, has_codes=_has_codes(), has_factor=ways.code or ways.passkey, codes_left=second_factor.recovery_codes_left(person.id),
        is_required_now=needs_second_factor(person) and SECOND_FACTOR not in current_session(), is_required=needs_second_factor(person),
        passkeys_available=passkeys.are_available(),
    )  # fmt: skip


def _scan(sentence: str) -> str:
    return render_template("scan_qr_code.html", key=second_factor.manual_key_of(_pending()), sentence=sentence)


def _has_codes() -> bool:
    return second_factor.fingerprint_of(partially_authenticated_user().id) is not None


def _pending() -> str:
    """Raise NotFound where no secret was created in this session."""
    partially_authenticated_user()
    secret: str | None = current_session().get(PENDING_KEY)
    if secret is None:
        raise NotFound
    return secret
