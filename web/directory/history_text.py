"""The directory's history as text."""

from collections.abc import Callable, Mapping
from datetime import datetime

from web.directory.choices import name_units, title_of_duty
from web.formatting import day, last_day
from workflow.directory import Directory
from workflow.errors import BadInput
from workflow.role_assignments import read_duty

VERBS = {
    "added": "Added", "changed": "Name or address changed", "left": "Marked as left", "came_back": "Marked as back",
    "role_given": "Role given", "role_taken": "Role removed", "role_asked_for": "Role requested", "request_granted": "Role approved",
    "request_refused": "Role refused", "address_asked_for": "New email address requested", "address_granted": "New email address approved",
    "address_refused": "New email address refused", "delegated": "Cover set up", "delegation_asked_for": "Cover requested",
    "delegation_ended": "Cover ended", "enrolment_code_made": "Enrolment code made", "account_expected": "Council account named",
    "membership_changed": "Teams changed", "passwords_off": "Password turned off", "passwords_on": "Password allowed again",
    "team_added": "Team added", "team_changed": "Team changed", "service_added": "Service added", "service_changed": "Service changed",
    "branch_added": "Branch added", "branch_changed": "Branch changed",
}  # fmt: skip


def describe_change(verb: str, facts: Mapping[str, str], directory: Directory) -> str:
    """Return one line: what was done, and its details."""
    said = [VERBS.get(verb, verb)]
    if "role" in facts:
        said.append(_title_of_role(facts["role"], directory))
    if "to" in facts:
        said.append(f"to {facts['to']}")
    if "asked_by" in facts:
        said.append(f"requested by {facts['asked_by']}")
    if "ends_at" in facts:
        said.append(f"{_day(facts['starts_at'], day)} to {_day(facts['ends_at'], last_day)}")
    if "teams" in facts:
        was, now = (_name_teams(facts[name], directory) for name in ("teams_was", "teams"))
        said.append(f"{was} → {now}")
    said += [f"{_previous_value(facts, name)}{facts[name]}" for name in ("name", "email", "within") if facts.get(name)]
    return ": ".join([said[0], ", ".join(said[1:])]) if said[1:] else said[0]


def _day(instant: str, format_date: Callable[[datetime], str]) -> str:
    return format_date(datetime.fromisoformat(instant))


def _previous_value(facts: Mapping[str, str], name: str) -> str:
    was = facts.get(f"{name}_was")
    return f"{was} → " if was and was != facts[name] else ""


def _name_teams(codes: str, directory: Directory) -> str:
    return ", ".join(name_units(filter(None, codes.split(";")), directory)) or "none"


def _title_of_role(text: str, directory: Directory) -> str:
    try:
        return title_of_duty(read_duty(text, directory), directory)
    except BadInput:
        # The service or branch no longer exists.
        return text
