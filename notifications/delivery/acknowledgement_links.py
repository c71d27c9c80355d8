"""The signed link by which a recipient acknowledges an escalation from the mail itself: made here, and read back.

It names the audit, the person, whether the mail chases, and when it was made, under a signature of 192 bits.
It says nothing of the case, and nothing is kept of it: it is worth something only while that person must acknowledge what was
open when the mail was made.
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

CHASE = "escalation_not_acknowledged"
EVENTS = ("escalation_opened", CHASE)
"""Not the passing up: who is next up acknowledges for nobody but themselves, by a mail of their own."""
FACTS = struct.Struct(">9sI?q")
SIGNED_BY = 24
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class AcknowledgementLink:
    """What a link asks: that this person acknowledges, because the opening named them or because they are chased."""

    reference: str
    person_id: int
    is_chase: bool
    made_at: datetime


def acknowledge_line(row: Any, settings: Settings) -> str:
    """What the mail of an outbox row carries below its link; "" where there is nothing to acknowledge. The same at every try."""
    if row.event not in EVENTS or row.recipient == QA_INBOX:
        return ""
    asked = AcknowledgementLink(row.reference, row.recipient, row.event == CHASE, row.created_at)
    return f"\n\nAcknowledge: {settings.base_url}/acknowledge?token={make_token(asked, settings)}"


def make_token(asked: AcknowledgementLink, settings: Settings) -> str:
    made = (asked.made_at - EPOCH) // timedelta(microseconds=1)
    facts = FACTS.pack(asked.reference.encode(), asked.person_id, asked.is_chase, made)
    return urlsafe_b64encode(facts + _signature(facts, settings)).decode().rstrip("=")


def read_token(token: str, settings: Settings) -> AcknowledgementLink | None:
    """None for what was not signed here, or was changed since."""
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
    # One link has one writing: letters that the decoder passes over, or spare bits, would make others of it.
    return signed if urlsafe_b64encode(signed).decode().rstrip("=") == token else b""


def _signature(facts: bytes, settings: Settings) -> bytes:
    return hmac.digest(settings.key_for("acknowledge"), facts, "sha256")[:SIGNED_BY]
