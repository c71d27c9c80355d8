"""Flask-Security in a Flask application of its own, which handles no requests.

We use its password hashing, reset links, security codes and passkeys, and none of its sessions, cookies, tokens or pages: it never
signs anybody in. It is created at first use, because it takes a second to import.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, current_app

from config.settings import Settings
from notifications.outbox import LINK_LASTS
from workflow.storage.engine import Engine

if TYPE_CHECKING:
    from flask_security import Security

MIN_LENGTH, MAX_LENGTH, MIN_SCORE = 12, 128, 3
RECOVERY_CODES = 10


class SecurityApp:
    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine
        self._app: Flask | None = None
        self._lock = Lock()
        self.dummy_account: Any = None
        """Used for an unknown email address, so that it takes as long as a known one. Set when the application is created."""

    @contextmanager
    def context(self) -> Iterator["Security"]:
        """Return Flask-Security inside its own application context."""
        with self._lock:
            app = self._app = self._app or self._create()
        with app.app_context():
            yield app.extensions["security"]

    def _create(self) -> Flask:
        from web.identity.credentials.security_overrides import init_security

        app = Flask("web.identity.credentials.security_app")
        app.config.update(_config(self.settings))
        # security_app() is also called while this application is the current one.
        app.extensions["security_app"] = self
        self.dummy_account = init_security(app, self.engine)
        return app

    @property
    def dummy_hash(self) -> str:
        return cast(str, self.dummy_account.password)


def security_app() -> SecurityApp:
    return cast(SecurityApp, current_app.extensions["security_app"])


def _config(settings: Settings) -> dict[str, Any]:
    options = {
        "PASSWORD_HASH": "argon2", "PASSWORD_SCHEMES": ["argon2"], "DEPRECATED_PASSWORD_SCHEMES": [], "PASSWORD_SINGLE_HASH": True,
        "PASSWORD_LENGTH_MIN": MIN_LENGTH, "PASSWORD_COMPLEXITY_CHECKER": "zxcvbn", "ZXCVBN_MINIMUM_SCORE": MIN_SCORE,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False}, "RETURN_GENERIC_RESPONSES": True,
        # It hashes a salted password hash, inside a signature: a fast hash is enough.
        "HASHING_SCHEMES": ["hex_sha256"], "DEPRECATED_HASHING_SCHEMES": [],
        "RESET_PASSWORD_WITHIN": LINK_LASTS, "SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
        "MULTI_FACTOR_RECOVERY_CODES": True, "MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [urlsafe_b64encode(settings.key_for("recovery codes"))],
        "TOTP_SECRETS": {"1": settings.key_for("codes").hex()}, "TOTP_ISSUER": f"Practice Audit ({settings.council_name})",
    }  # fmt: skip
    return {"SECRET_KEY": settings.key_for("accounts").hex(), **{f"SECURITY_{name}": value for name, value in options.items()}}
