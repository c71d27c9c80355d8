"""The signed link in an email by which a recipient acknowledges an escalation.

It holds the audit, the person, whether the email is a reminder, and when it was made, with a signature of 192 bits.
It holds no case text and is not stored. It works only while that person must acknowledge the escalation that was open
when the email was made.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from config.settings import Settings
from workflow.events import QA_INBOX
from workflow.posts import HANDED_OVER

CHASE = "escalation_not_acknowledged"
EVENTS = ("escalation_opened", CHASE)
"""Not the email to the next person up: they acknowledge only for themselves."""
FACTS = struct.Struct(">9sI?q")
SIGNED_BY = 24
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class AcknowledgementLink:
    """A request that this person acknowledges, because the escalation names them, or (`is_chase`) as who holds the post since."""

    reference: str
    person_id: int
    is_chase: bool
    made_at: datetime


def acknowledge_line(row: Any, settings: Settings) -> str:
    """The line with the link for the email of an outbox row, the same at every try; "" if there is nothing to acknowledge."""
    if row.event not in EVENTS or row.recipient == QA_INBOX:
        return ""
    is_for_holder = row.event == CHASE or row.key.startswith(HANDED_OVER)
    request = AcknowledgementLink(row.reference, row.recipient, is_for_holder, row.created_at)
    return f"\n\nAcknowledge: {settings.base_url}/acknowledge?token={make_token(request, settings)}"


def make_token(request: AcknowledgementLink, settings: Settings) -> str:
    made = (request.made_at - EPOCH) // timedelta(microseconds=1)
    facts = FACTS.pack(request.reference.encode(), request.person_id, request.is_chase, made)
    return urlsafe_b64encode(facts + _signature(facts, settings)).decode().rstrip("=")


def read_token(token: str, settings: Settings) -> AcknowledgementLink | None:
    """Return None for a token that was not signed here, or was changed since."""
    signed = _bytes_of(token)
    facts, signature = signed[: FACTS.size], signed[FACTS.size :]
    if not hmac.compare_digest(signature, _signature(facts, settings)):
        return None
    reference, person_id, is_chase, made = FACTS.unpack(facts)
    return AcknowledgementLink(reference.decode(), person_id, is_chase, EPOCH + timedelta(microseconds=made))


def _bytes_of(token: str) -> bytes:
    try:
        signed = urlsafe_b64decode(token[:MAX_LENGTH] + "=" * (-len(token) % 4))
    except (Error, ValueError):
        return b""
    # Accept only one spelling of a token: the decoder ignores some letters and spare bits.
    return signed if urlsafe_b64encode(signed).decode().rstrip("=") == token else b""


def _signature(facts: bytes, settings: Settings) -> bytes:
    return hmac.digest(settings.key_for("acknowledge"), facts, "sha256")[:SIGNED_BY]
