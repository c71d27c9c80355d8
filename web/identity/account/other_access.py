"""What else can use a person’s account, beside this browser: what to offer to end where it may be in somebody else’s hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request, url_for

from web.identity.account.queries import active_sessions_of, calendar_of
from web.identity.credentials.access_tokens import why_unusable
from web.identity.credentials.queries import KEEP_CALENDAR, KEEP_TOKENS, tokens_of
from web.identity.current_user import needs_second_factor
from web.identity.sessions import token_digest
from web.request.browser_session import IDLE, LONGEST
from web.request.context import current_council, current_session
from workflow.directory import Person


@dataclass(frozen=True, slots=True)
class OtherAccess:
    sessions: Sequence[Any]
    tokens: int
    """How many work."""
    has_calendar: bool

    def __bool__(self) -> bool:
        return bool(self.sessions or self.tokens or self.has_calendar)


def other_access(person: Person) -> OtherAccess:
    engine, now, here = current_council().engine, datetime.now(UTC), token_digest(current_session().token)
    needs_proof = needs_second_factor(person)
    sessions = [row for row in active_sessions_of(engine, person.id, now - IDLE, now - LONGEST) if row.digest != here]
    tokens = [row for row in tokens_of(engine, person.id) if not why_unusable(row, now, needs_proof=needs_proof)]
    return OtherAccess(sessions, len(tokens), calendar_of(engine, person.id) is not None)


def kept() -> frozenset[str]:
    """What the person selected to keep. Everything else ends, also where the form had no such question."""
    return frozenset(request.form.getlist("keep")) & {KEEP_TOKENS, KEEP_CALENDAR}


def page_after_change(person: Person, otherwise: str) -> str:
    """After a change of how somebody signs in: the page that offers to end what could be used before, or `otherwise` where nothing could."""
    return url_for("account.sign_ins", changed="yes") if other_access(person) else otherwise
