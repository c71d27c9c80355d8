"""How pages word things: titles from the tables, days and instants in London, text as HTML."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from markupsafe import Markup, escape

from web.request.context import current_council
from web.request.view_options import options_of
from workflow.directory import Person
from workflow.errors import BadInput, PreconditionsNotMet
from workflow.forms import Choice
from workflow.history import HistoryEntry, facts_of
from workflow.working_days import LONDON

BY_LINK = facts_of({"by": "link"})

DOORS = {"page": "A page", "json": "The audit", "export": "The whole audit, exported"}


def grade(value: str | None) -> str:
    """As the form’s own choices call it."""
    return current_council().forms.current.grade_titles.get(value or "", "Not graded")


def role(value: str) -> str:
    return current_council().permissions.title(value)


def happened(move: str) -> str:
    return current_council().rules.history_title(move)


def what_happened(entry: HistoryEntry) -> str:
    """A row of the history, with how it was done where that tells."""
    by_link = entry.move == "acknowledge_escalation" and entry.facts == BY_LINK
    return happened(entry.move) + (", by the link in a mail" if by_link else "")


def day(value: date | datetime | str | None) -> str:
    """24 November 2026, in London."""
    if not value:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(LONDON).date()
    return f"{value.day} {value:%B %Y}"


def last_day(ends_at: datetime | None) -> str:
    """The last day of what ends at that instant."""
    return day(ends_at - timedelta(microseconds=1)) if ends_at else ""


def instant(value: datetime | None) -> str:
    """24 November 2026 at 9:05am, in London."""
    if value is None:
        return ""
    return f"{day(value)} at {clock(value)}"


def clock(value: datetime) -> str:
    """9:05am, in London."""
    local = value.astimezone(LONDON)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def paragraphs(text: str | None) -> Markup:
    """Plain text with its line breaks kept, safe for a page."""
    blocks = [str(escape(block)).replace("\n", "<br>") for block in (text or "").split("\n\n") if block.strip()]
    return Markup("".join(f'<p class="govuk-body">{block}</p>' for block in blocks))  # noqa: S704 (each block is escaped above)


def choice_items(choices: Iterable[Choice], value: object) -> list[dict[str, object]]:
    """A field’s choices as GOV.UK radios take them."""
    return [{"value": choice.value, "text": choice.label, "checked": choice.value == value} for choice in choices]


def moderator_items(moderators: Iterable[tuple[Person, list[str]]], chosen: int | None) -> list[dict[str, object]]:
    """Who can’t moderate this audit is shown with the reason, and can’t be chosen."""
    return [
        {
            "value": person.email,
            "text": person.name,
            "checked": person.id == chosen,
            "disabled": bool(why),
            "hint": {"text": " ".join(why)} if why else None,
        }
        for person, why in moderators
    ]


def by_field(refusal: PreconditionsNotMet | BadInput | None) -> dict[str, str]:
    """The first message of each field."""
    return {one.field: one.message for one in reversed(refusal.missing)} if refusal else {}


def place_read(what: str, door: str) -> str:
    """Where words were shown, as the read log has it: an endpoint, and a section’s key or an action’s number."""
    endpoint, _, part = what.partition("/")
    name = options_of(endpoint).read_log_title or DOORS[door]
    said = f"{name}: {part.replace('_', ' ')}" if part else name
    return f"{said}, as JSON" if door == "json" else said


FILTERS = {
    "place_read": place_read,
    "grade": grade,
    "role": role,
    "happened": happened,
    "what_happened": what_happened,
    "day": day,
    "last_day": last_day,
    "instant": instant,
    "clock": clock,
    "paragraphs": paragraphs,
}
