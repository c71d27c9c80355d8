"""People with everything that proves who they are, and their sessions, made without signing in each time."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import delete
from werkzeug.test import TestResponse

from tests.web.support.browser import token_in
from tests.web.support.device import Device
from tests.web.support.sign_in import Visitor
from web.council import Council
from web.identity.credentials import passkeys, second_factor
from web.identity.credentials import queries as credential_queries
from web.identity.queries import insert_session
from web.identity.row_signatures import sign_row
from web.identity.sessions import token_digest
from web.request.browser_session import PREFIX
from workflow.storage.engine import write_transaction
from workflow.storage.tables import failures


@dataclass
class Owner:
    """Somebody with an authenticator app, recovery codes and a passkey."""

    app: Flask
    name: str
    phone: TOTP
    codes: list[str]
    device: Device

    @property
    def shows(self) -> str:
        """The code of this moment."""
        return str(self.phone.generate().token)


class Session(Visitor):
    """A browser in which somebody is signed in, or nobody. Failed attempts do not slow it down."""

    def __init__(self, app: Flask, name: str = "", **content: Any) -> None:
        super().__init__(app)
        self.app, self.name = app, name
        self.council: Council = app.extensions["council"]
        if name:
            token = PREFIX + secrets.token_urlsafe(32)
            values = {"digest": token_digest(token), "person_id": person_id(app, name), "content": content}
            values["signature"] = sign_row(self.council.settings, "sessions", values)
            insert_session(self.council.engine, values | {"browser": "", "created_at": now(), "seen_at": now()})
            self.client.set_cookie("session", token)
        self.token = token_in(self.client.get("/account/second-proof" if name else "/sign-in").get_data(as_text=True))

    def posts(self, path: str, **typed: str) -> TestResponse:
        with write_transaction(self.council.engine) as connection:
            connection.execute(delete(failures))
        return self.client.post(path, data={"csrf_token": self.token, **typed})

    def asks(self, path: str) -> dict[str, Any]:
        """The options that a page’s script gets for a passkey."""
        answer = self.posts(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        options: dict[str, Any] = answer.json or {}
        return options


def person_id(app: Flask, name: str) -> int:
    person = app.extensions["council"].store.directory().by_email(f"{name}@demo.example")
    assert person, name
    return int(person.id)


def equipped(app: Flask, name: str) -> Owner:
    """Set up as the pages do it, without the pages."""
    owner_id, engine = person_id(app, name), app.extensions["council"].engine
    with app.app_context():
        secret = second_factor.new_secret()
        credential_queries.save_totp(engine, owner_id, secret, 0)
        phone = TOTP(key=second_factor.manual_key_of(secret).replace(" ", ""))
        device = Device(app.extensions["council"].settings.base_url)
        owner = Owner(app, name, phone, second_factor.new_recovery_codes(owner_id), device)
        options, challenge = passkeys.registration_options(owner_id)
        passkeys.register(owner_id, "laptop", passkeys.verified_registration(challenge, owner.device.create(options)))
    return owner


def now() -> datetime:
    return datetime.now(UTC)
