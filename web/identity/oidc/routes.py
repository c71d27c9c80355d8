"""Signing in with a council account: redirect to the council’s issuer, and back."""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.current_user import COUNCIL_SIGN_IN_AT, sign_in
from web.identity.oidc.account_linking import person_for_claims, used_second_factor
from web.identity.oidc.errors import IssuerUnavailable, SignInRefused
from web.identity.oidc.pending_logins import begin_login, finish_login
from web.identity.sign_in.pending_login import complete_or_request_code, safe_redirect_target
from web.request.context import command_context, current_council, current_session
from web.request.view_options import ViewOptions, current_view_options
from workflow.errors import NotFound

if TYPE_CHECKING:
    from web.identity.oidc.provider import Issuer

pages = ViewOptions(sign_in_method="council account")(Blueprint("council_sign_in", __name__, template_folder="templates"))
LOG = logging.getLogger("practice_audit.council_sign_in")
COUNCIL_ACCOUNT = "council account"
SENTENCES = {
    "refused": "You could not be signed in with your council account. Try again. If it still does not work, ask your Practice Audit administrator.",
    "away": "Your council’s sign-in page is not available. Try again in a few minutes.",
}
AWAY_ERRORS = {"server_error", "temporarily_unavailable"}
MAX_CODE_LENGTH = 8192


@pages.app_url_value_preprocessor
def _refuse_disabled_method(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Raise NotFound before anything else is checked, so that a disabled way of signing in looks like a page that does not exist."""
    settings = current_council().settings
    method = current_view_options().sign_in_method
    is_off = {"password": not settings.has_passwords, "council account": settings.council_sign_in is None}
    if is_off.get(method, False):
        raise NotFound


@pages.app_context_processor
def _sign_in_context() -> dict[str, object]:
    settings = current_council().settings
    is_on = settings.council_sign_in is not None
    sentence = SENTENCES.get(request.args.get("council", ""), "") if is_on else ""
    return {"has_council_sign_in": is_on, "has_passwords": settings.has_passwords, "council_sentence": sentence}


@pages.post("/sign-in/council")
def start() -> Response | tuple[str, dict[str, str]]:
    after = safe_redirect_target(request.form.get("next", ""))
    attempt = begin_login(current_council().settings, current_session(), after)
    try:
        address = _issuer().authorization_url(attempt)
    except IssuerUnavailable as refusal:
        return _back_to_sign_in(refusal, after)
    # Not a redirect: the content security policy allows no form to lead to another site, and browsers apply it to redirects.
    return render_template("leaving.html", address=address), {"Refresh": f"0; url={address}"}


@pages.get("/sign-in/council/answer")
def answer() -> Response:
    council = current_council()
    settings = council.settings.council_sign_in
    assert settings is not None
    attempt = finish_login(council.settings, current_session(), request.args.get("state", ""))
    try:
        if attempt is None:
            raise SignInRefused("no such sign-in is under way in this browser")
        claims = _issuer().exchange_code(_code(), request.args.get("iss"), attempt)
        person = person_for_claims(council.engine, command_context().directory, settings, claims)
    except SignInRefused as refusal:
        return _back_to_sign_in(refusal, attempt.after if attempt else "")
    target = attempt.after
    if used_second_factor(claims):
        sign_in(person, COUNCIL_ACCOUNT)
    else:
        target = complete_or_request_code(person, attempt.after)
    current_session()[COUNCIL_SIGN_IN_AT] = datetime.now(UTC).isoformat()
    return redirect(target)


def _code() -> str:
    if error := request.args.get("error"):
        raise IssuerUnavailable("it reports an outage") if error in AWAY_ERRORS else SignInRefused("the issuer refused")
    code = request.args.get("code", "")
    if not 0 < len(code) <= MAX_CODE_LENGTH:
        raise SignInRefused("no code")
    return code


def _back_to_sign_in(refusal: SignInRefused, after: str) -> Response:
    LOG.warning("a sign-in with a council account was refused: %s", refusal)
    return redirect(url_for("sign_in.show", council=refusal.outcome, next=after or None))


def _issuer() -> "Issuer":
    """Created at first use: the libraries take a while to import, and starting does not need them."""
    from web.identity.oidc.provider import Issuer

    settings = current_council().settings
    assert settings.council_sign_in is not None
    redirect_uri = settings.base_url + url_for("council_sign_in.answer")
    found: Issuer = current_app.extensions.setdefault("issuer", Issuer(settings.council_sign_in, redirect_uri))
    return found
