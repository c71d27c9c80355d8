"""The parts of Flask-Security that we replace: each code works once, no email is sent in a request, long passwords are checked too."""

import secrets
from types import SimpleNamespace
from typing import Any, NoReturn

from flask import Flask
from flask_security import MailUtil, PasswordUtil, Security, WebauthnUtil, hash_password
from flask_security.totp import Totp
from flask_security.utils import password_complexity_validator, password_length_validator
from passlib.exc import TokenError, UsedTokenError
from webauthn.helpers import structs

from web.identity.credentials import queries
from web.identity.credentials.listed_passwords import LISTED, is_listed_password
from web.identity.credentials.security_datastore import Account, AccountDatastore
from workflow.storage.engine import Engine

# zxcvbn takes no more characters than this; further ones only make a password stronger.
ZXCVBN_LIMIT = 72


class SingleUseTotp(Totp):
    """Accept each code once, and none older than the last one accepted."""

    engine: Engine

    def counter_of(self, code: str, secret: str, window: int) -> int | None:
        """Return the counter of a code for a secret that is not in use yet, or None where it is wrong."""
        try:
            counter: int = self._totp.verify(code, secret, window=window).counter
        except TokenError:
            return None
        return counter

    def get_last_counter(self, user: Account) -> int | None:
        row = queries.account_of(self.engine, user.id)
        counter: int | None = row.totp_counter if row else None
        return counter

    def set_last_counter(self, user: Account, tmatch: Any) -> None:
        """Raise UsedTokenError where another request has used the code meanwhile."""
        if not queries.use_totp_counter(self.engine, user.id, tmatch.counter):
            raise UsedTokenError


class NoDirectEmail(MailUtil):
    def send_mail(self, *given: Any, **more: Any) -> NoReturn:
        raise AssertionError("emails go through the outbox")


class LongPasswords(PasswordUtil):
    def validate(self, password: str, is_register: bool, **about: Any) -> tuple[list[str] | None, str]:
        password = self.normalize(password)
        problems = (
            password_length_validator(password)
            or ([LISTED] if is_listed_password(password) else None)
            or password_complexity_validator(password[:ZXCVBN_LIMIT], is_register, **about)
        )
        return problems, password


class PasskeyPolicy(WebauthnUtil):
    """Allow any device that stores the passkey itself and verifies its owner each time."""

    def authenticator_selection(self, user: Any, usage: str) -> Any:
        return structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED, user_verification=structs.UserVerificationRequirement.REQUIRED
        )

    def user_verification(self, user: Any, usage: list[str]) -> Any:
        return structs.UserVerificationRequirement.REQUIRED


def init_security(app: Flask, engine: Engine) -> Account:
    """Set up Flask-Security for this application; return an account of nobody, with a password that nobody knows."""
    totp = type("CouncilsCodes", (SingleUseTotp,), {"engine": engine})
    Security(
        app, AccountDatastore(engine), register_blueprint=False, totp_cls=totp, mail_util_cls=NoDirectEmail, password_util_cls=LongPasswords,
        webauthn_util_cls=PasskeyPolicy,
    )  # fmt: skip
    with app.app_context():
        password = hash_password(secrets.token_urlsafe(16))
    row = {"id": queries.NOBODY, "email": "", "name": "", "is_active": False, "password_hash": password, "may_have_password": False}
    return Account(SimpleNamespace(**row, uniquifier=None, handle=None, totp=None))
