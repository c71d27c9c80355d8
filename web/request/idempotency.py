"""The same request sent twice, because the first response was lost or a button was pressed twice, has one effect.

A program sends an Idempotency-Key; a form that adds something has a hidden key, created with the page.
"""

import hashlib
import secrets
from collections.abc import Callable
from operator import attrgetter

from flask import request

from notifications.delivery.encryption import decrypt_or_none, encrypt
from web.request.context import command_context, current_council, identified_person
from workflow.commands.context import CommandContext
from workflow.commands.idempotency import run_idempotent
from workflow.directory import Person
from workflow.errors import BadInput, IdempotencyKeyReused
from workflow.models import Audit
from workflow.ports import IdempotentRequest

KEY_LENGTH = 200
PURPOSE, ENCRYPTED = "answers to repeated requests", "gAAAA"


def new_idempotency_key() -> str:
    return secrets.token_urlsafe(16)


def run_form_once(run: Callable[[CommandContext], Audit], field: str) -> str:
    """Return the audit’s reference. Raise BadInput, about this field, where the form was sent before with other text."""
    key = request.form.get("once", "")
    if not key:
        return run(command_context()).reference
    typed = repr(sorted(item for item in request.form.items(multi=True) if item[0] != "csrf_token"))
    try:
        return run_request_once(identified_person(), key, typed.encode(), attrgetter("reference"), run)
    except IdempotencyKeyReused as refusal:
        raise BadInput.about(field, refusal.sentence) from refusal


def run_request_once(who: Person, key: str, body: bytes, render: Callable[[Audit], str], run: Callable[[CommandContext], object]) -> str:
    """Return the response of now or of the first time. Raise IdempotencyKeyReused where the key belongs to another request."""
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise BadInput.about("Idempotency-Key", f"An Idempotency-Key has at most {KEY_LENGTH} printable characters.")
    digest = hashlib.sha256(b"\0".join((request.method.encode(), request.path.encode(), body))).hexdigest()
    return run_idempotent(command_context(), IdempotentRequest(who.id, key, digest, render, *_cipher()), run)


def _cipher() -> tuple[Callable[[str], str], Callable[[str], str | None]]:
    settings = current_council().settings

    def read(stored: str) -> str | None:
        # The release before kept answers in clear, which are there for a day.
        return decrypt_or_none(settings, stored, PURPOSE) if stored.startswith(ENCRYPTED) else stored

    return (lambda answer: encrypt(settings, answer, PURPOSE).decode()), read
