"""Roles as they are written, which may go together, requests, delegations, and duties to hand over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workflow.directory import Directory, Duty
from workflow.errors import BadInput
from workflow.roles import CONTENT_FREE, ROLES, SCOPED

UNITS = {"branch": None, "service": "branch", "team": "service"}
"""Each kind of unit, and the kind that it belongs to."""


@dataclass(frozen=True, slots=True)
class Delegation:
    from_person: int
    to_person: int
    duty: Duty
    starts_at: datetime
    ends_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class DeclaredConnection:
    """A connection to a child that has not been ended."""

    id: int
    person_id: int
    child_id: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A team, a service or a branch; `within` is the code of the unit that it belongs to, "" for a branch."""

    kind: str
    code: str
    name: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """What somebody still has to do on an audit, as its `auditor` or `moderator`, or as the `owner` of an action."""

    reference: str
    role: str
    action: int | None = None


@dataclass(frozen=True, slots=True)
class DirectoryEvent:
    """One line of the directory’s history: what was done to a person, or to a team, service or branch."""

    verb: str
    person_id: int | None = None
    unit: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def read_duty(text: object, directory: Directory) -> Duty:
    """`role`, `role:scope`, `deputy:role` or `deputy:role:scope`; raises BadInput for a role that nobody can hold."""
    parts = text.strip().split(":") if isinstance(text, str) else []
    is_deputy = parts[:1] == ["deputy"]
    role, scope = (*parts[is_deputy:], "", "")[:2]
    if role not in ROLES or len(parts) > 2 + is_deputy:
        raise BadInput.about("role", f"There is no role “{_shown(text)}”.")
    duty = Duty(role, scope, is_deputy)
    ensure_possible(duty, directory)
    return duty


def read_units(text: str, duties: Collection[Duty], directory: Directory) -> frozenset[str]:
    """Codes with “;” between: teams, and for a Service Manager services too; raises BadInput."""
    codes = frozenset(code.strip() for code in text.split(";") if code.strip())
    for code in sorted(codes - directory.teams.keys()):
        if code not in directory.services:
            raise BadInput.about("teams", f"There is no team with the code “{_shown(code)}”.")
        if Duty("service_manager") not in duties:
            raise BadInput.about("teams", f"“{_shown(code)}” is a service: only a Service Manager belongs to one. Others belong to teams.")
    return codes


def format_units(units: Collection[str]) -> str:
    return ";".join(sorted(units))


def format_duty(duty: Duty) -> str:
    return ":".join(part for part in ("deputy" if duty.is_deputy else "", duty.role, duty.scope) if part)


def ensure_possible(duty: Duty, directory: Directory) -> None:
    """Raise BadInput for a scope that the role does not have, needs, or that does not exist; and for a deputy of a role that has none."""
    if bool(duty.scope) != (duty.role in SCOPED):
        raise BadInput.about("scope", "A head of service needs a service, and a director a branch. No other role has either.")
    if duty.scope and duty.scope not in (directory.services if SCOPED[duty.role] == "service" else directory.branches):
        raise BadInput.about("scope", f"There is no {SCOPED[duty.role]} with the code “{_shown(duty.scope)}”.")
    if duty.is_deputy and duty.role not in directory.posts:
        raise BadInput.about("role", "Only a head of service, a director and the HoS for Practice, Performance and QA have deputies.")


def ensure_allowed(duties: Collection[Duty]) -> None:
    """Raise BadInput where somebody would both administer and work with content (rules, section 5)."""
    roles = {duty.role for duty in duties}
    if unknown := roles - set(ROLES):
        raise BadInput.about("role", f"There is no role “{min(unknown)}”.")
    if any(bool(duty.scope) != (duty.role in SCOPED) for duty in duties):
        raise BadInput.about("scope", "A head of service needs a service, and a director a branch. No other role has either.")
    if "admin" in roles and roles - CONTENT_FREE:
        raise BadInput.about("role", "An administrator can’t also hold a role that works with cases.")


def _shown(text: object) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:60])
