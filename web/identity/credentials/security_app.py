"""Flask-Security, in a Flask of its own that answers no request.

So its hashing, its links, its codes and its passkeys are used, and none of its sessions, cookies, tokens or pages: nobody is
ever signed in by them. Made at the first use, because it takes a second to import.
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
        self.nobody: Any = None
        """Whom a wrong address stands for, so that it costs what a right one costs. There once the library was opened."""

    @contextmanager
    def opened(self) -> Iterator["Security"]:
        """Flask-Security, ready to be called."""
        with self._lock:
            app = self._app = self._app or self._made()
        with app.app_context():
            yield app.extensions["security"]

    def _made(self) -> Flask:
        from web.identity.credentials.security_overrides import init_security

        app = Flask("web.identity.credentials.security_app")
        app.config.update(_config(self.settings))
        # Asked for while this Flask is the current one, too.
        app.extensions["security_app"] = self
        self.nobody = init_security(app, self.engine)
        return app

    @property
    def nobodys_hash(self) -> str:
        return cast(str, self.nobody.password)


def security_app() -> SecurityApp:
    return cast(SecurityApp, current_app.extensions["security_app"])


def _config(settings: Settings) -> dict[str, Any]:
    mine = {
        "PASSWORD_HASH": "argon2", "PASSWORD_SCHEMES": ["argon2"], "DEPRECATED_PASSWORD_SCHEMES": [], "PASSWORD_SINGLE_HASH": True,
        "PASSWORD_LENGTH_MIN": MIN_LENGTH, "PASSWORD_COMPLEXITY_CHECKER": "zxcvbn", "ZXCVBN_MINIMUM_SCORE": MIN_SCORE,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False}, "RETURN_GENERIC_RESPONSES": True,
        # Of a hash that is salted already, inside a signature: once is enough, and costs nobody a second.
        "HASHING_SCHEMES": ["hex_sha256"], "DEPRECATED_HASHING_SCHEMES": [],
        "RESET_PASSWORD_WITHIN": LINK_LASTS, "SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
        "MULTI_FACTOR_RECOVERY_CODES": True, "MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [urlsafe_b64encode(settings.key_for("recovery codes"))],
        "TOTP_SECRETS": {"1": settings.key_for("codes").hex()}, "TOTP_ISSUER": f"Practice Audit ({settings.council_name})",
    }  # fmt: skip
    return {"SECRET_KEY": settings.key_for("accounts").hex(), **{f"SECURITY_{name}": value for name, value in mine.items()}}
