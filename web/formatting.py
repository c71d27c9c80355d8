"""How pages word things: titles from the tables, days and instants in London, text as HTML."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from markupsafe import Markup, escape

from web.request.context import current_council
from web.request.view_options import options_of
from workflow.directory import Person
from workflow.errors import BadInput, PreconditionsNotMet
from workflow.forms import Choice
from workflow.history import HistoryEntry
from workflow.working_days import LONDON

DEFAULT_READ_TITLES = {"page": "A page", "json": "The audit", "export": "The whole audit, exported"}


def grade_title(value: str | None) -> str:
    """As the current form calls it."""
    return current_council().forms.current.grade_titles.get(value or "", "Not graded")


def role_title(value: str) -> str:
    return current_council().permissions.title(value)


def history_title(move: str) -> str:
    return current_council().rules.history_title(move)


def history_entry_title(entry: HistoryEntry) -> str:
    """The title of an entry, with how an acknowledgement came, or what somebody else was named for."""
    facts, title = json.loads(entry.facts), history_title(entry.move)
    if entry.move == "name_person":
        return f"{title}: {role_title(facts['role'])}"
    if entry.move == "name_owner":
        return f"{title}: action {facts['action']}"
    by_link = entry.move == "acknowledge_escalation" and facts.get("by") == "link"
    return title + (", by the link in an email" if by_link else "")


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
    """The last day of something that ends at that instant."""
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
    """Plain text as paragraphs with line breaks, escaped for a page."""
    blocks = [str(escape(block)).replace("\n", "<br>") for block in (text or "").split("\n\n") if block.strip()]
    return Markup("".join(f'<p class="govuk-body">{block}</p>' for block in blocks))  # noqa: S704 (each block is escaped above)


def choice_items(choices: Iterable[Choice], value: object) -> list[dict[str, object]]:
    """A field’s choices as items of GOV.UK radios."""
    return [{"value": choice.value, "text": choice.label, "checked": choice.value == value} for choice in choices]


def moderator_items(moderators: Iterable[tuple[Person, list[str]]], chosen: int | None) -> list[dict[str, object]]:
    """A person who can’t moderate this audit is shown with the reason, and can’t be chosen."""
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


def errors_by_field(refusal: PreconditionsNotMet | BadInput | None) -> dict[str, str]:
    """The first message of each field."""
    return {one.field: one.message for one in reversed(refusal.missing)} if refusal else {}


def read_location(location: str, interface: str) -> str:
    """Say where case text was shown. `location` is an endpoint, with a section’s key or an action’s number after a slash."""
    endpoint, _, part = location.partition("/")
    title = options_of(endpoint).read_log_title or DEFAULT_READ_TITLES[interface]
    title = f"{title}: {part.replace('_', ' ')}" if part else title
    return f"{title}, as JSON" if interface == "json" else title


FILTERS = {
    function.__name__: function
    for function in (read_location, grade_title, role_title, history_title, history_entry_title, day, last_day, instant, clock, paragraphs)
}
