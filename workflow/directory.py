"""People, their duties, and the teams, services and branches that they work in.

A `Directory` is a frozen copy of all of it, used until its version changes or something in it begins or ends.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from workflow.child_ids import child_key
from workflow.mailboxes import mailbox
from workflow.roles import CONTENT_FREE, NAMED_DUTIES, SCOPED


@dataclass(frozen=True, slots=True)
class Duty:
    """A role, for `scope` (a service's or a branch's code, or "" for the whole council)."""

    role: str
    scope: str = ""
    is_deputy: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    email: str
    name: str
    is_active: bool
    duties: frozenset[Duty]
    delegated: frozenset[Duty] = frozenset()
    """Those of the duties that somebody else delegated to them for a time: they can’t pass these on."""
    units: frozenset[str] = frozenset()
    """The codes of the teams and services that they belong to."""

    @property
    def can_be_reached(self) -> bool:
        return self.is_active and "@" in self.email

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(duty.role for duty in self.duties if not duty.is_deputy)

    def belongs_to(self, team: "Team") -> bool:
        return not self.units.isdisjoint((team.code, team.service))

    @property
    def works_with_cases(self) -> bool:
        """Administrators and governance are never named as people of a case, and own no action."""
        return self.roles.isdisjoint(CONTENT_FREE)


@dataclass(frozen=True, slots=True)
class Request:
    """A role, a deputy’s place, a delegation or an email address that a second person must agree to.

    Only a delegation has `from_person` and times.
    """

    person_id: int
    duty: Duty
    asked_by: int
    asked_at: datetime
    from_person: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    id: int = 0
    new_email: str | None = None
    """Of a change of address, which has no duty."""

    @property
    def concerned(self) -> frozenset[int | None]:
        """None of these people may answer it."""
        return frozenset({self.person_id, self.from_person, self.asked_by})


@dataclass(frozen=True, slots=True)
class Team:
    code: str
    name: str
    service: str
    branch: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The person who answers for a post now; `stands_in` where it is vacant and a deputy or the next post up answers for it."""

    post: str
    person: Person
    stands_in: bool


@dataclass(frozen=True)
class Directory:
    version: int
    people: Mapping[int, Person]
    teams: Mapping[str, Team]
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of services and branches by their code."""
    next_up: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each post of an escalation, and each duty that an audit names one person for, who stands in for it, in order (workflow.toml)."""
    connections: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """For each person, the keys of the children in their declared connections."""
    emergencies: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """For each person, the references of audits that they may read now in an emergency, each with the id of the request."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """In UTC. Between these times nothing in this version begins or ends."""
    excluded: frozenset[int] = frozenset()
    """People who hold no post in this view of the directory: see `for_child`."""
    requests: tuple[Request, ...] = ()
    """Requests that a second person must answer, oldest first."""
    services: Mapping[str, str] = field(default_factory=dict)
    """Each service’s branch, by their codes."""
    delegates: Mapping[tuple[int, str], frozenset[int]] = field(default_factory=dict)
    """By the person who passed a role on for a time and that role: who holds it for them now."""

    def __post_init__(self) -> None:
        holders: dict[Duty, list[Person]] = {}
        for person in self.people.values():
            for duty in person.duties if person.is_active else ():
                holders.setdefault(duty, []).append(person)
        object.__setattr__(self, "_holders", holders)
        givers: dict[tuple[int, str], set[int]] = {}
        for (giver, role), people in self.delegates.items():
            for person_id in people:
                givers.setdefault((person_id, role), set()).add(giver)
        object.__setattr__(self, "_givers", {key: frozenset(people) for key, people in givers.items()})
        object.__setattr__(self, "_by_email", _by_address(self.people.values()))
        connected: dict[str, set[int]] = {}
        for person_id, children in self.connections.items():
            for child in children:
                connected.setdefault(child, set()).add(person_id)
        object.__setattr__(self, "_connected", {child: frozenset(people) for child, people in connected.items()})

    def is_true_at(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_until is None or at < self.valid_until)

    def person(self, person_id: int | None) -> Person | None:
        return self.people.get(person_id) if person_id is not None else None

    def by_email(self, email: str) -> Person | None:
        found: Person | None = self._by_email.get(email.strip().lower()) or self._by_email.get(mailbox(email))  # type: ignore[attr-defined]
        return found

    def is_connected(self, person_id: int, child_id: str | None) -> bool:
        """Whether a personal connection to the child is declared: it removes every right on that child's audits (rules, section 5)."""
        return child_key(child_id) in self.connections.get(person_id, ())

    @property
    def connected(self) -> Mapping[str, frozenset[int]]:
        """The people who declared a connection, by the child’s key."""
        found: Mapping[str, frozenset[int]] = self._connected  # type: ignore[attr-defined]
        return found

    def for_child(self, child_id: str | None) -> "Directory":
        """The same directory for that child’s audits: a post held by somebody connected to the child counts as vacant."""
        key = child_key(child_id) if self.connections else None
        return self.without(self.connected.get(key, frozenset())) if key else self

    def without(self, people: frozenset[int]) -> "Directory":
        if people <= self.excluded:
            return self
        # A shallow copy shares the indexes by duty and by address.
        view = copy(self)
        object.__setattr__(view, "excluded", self.excluded | people)
        return view

    @property
    def posts(self) -> tuple[str, ...]:
        """The posts that escalations go to. Only they have deputies."""
        return tuple(post for post in self.next_up if post not in NAMED_DUTIES)

    @property
    def branches(self) -> frozenset[str]:
        return frozenset(self.names) - self.services.keys()

    def acts_for(self, person_id: int, role: str) -> frozenset[int]:
        """The people in whose place this person holds a role now, themselves included."""
        givers: Mapping[tuple[int, str], frozenset[int]] = self._givers  # type: ignore[attr-defined]
        return givers.get((person_id, role), frozenset()) | {person_id}

    def in_post(self, role: str, team: str | None = None) -> tuple[Person, ...]:
        """The active holders of a role, for the team's service or branch where the role is bound to one; no deputies."""
        return self.holding(Duty(role, self._scope(role, team)))

    def is_in_post(self, person: Person, role: str, team: str | None = None) -> bool:
        """Deputies count while the post is vacant."""
        if person.id in self.excluded:
            return False
        scope = self._scope(role, team)
        if Duty(role, scope) in person.duties:
            return True
        return Duty(role, scope, is_deputy=True) in person.duties and not self.in_post(role, team)

    def holder(self, post: str, team: str | None) -> Holder | None:
        """The person who answers for a post: its holder, else its deputy, else the next post up; None where nobody does."""
        if held := _first_reachable(self.in_post(post, team)):
            return Holder(post, held, stands_in=False)
        if deputy := _first_reachable(self.deputies(post, team)):
            return Holder(post, deputy, stands_in=True)
        ups = (_first_reachable(self.in_post(up, team)) for up in self.next_up.get(post, ()))
        above = next((person for person in ups if person), None)
        return Holder(post, above, stands_in=True) if above else None

    def deputies(self, post: str, team: str | None) -> tuple[Person, ...]:
        return self.holding(Duty(post, self._scope(post, team), is_deputy=True))

    def holding(self, duty: Duty) -> tuple[Person, ...]:
        """The active people who have exactly this duty; a deputy’s place is another duty."""
        holders: Iterable[Person] = self._holders.get(duty, ())  # type: ignore[attr-defined]
        return tuple(person for person in holders if person.id not in self.excluded)

    def _scope(self, role: str, team: str | None) -> str:
        set_in = self.teams.get(team or "")
        if role not in SCOPED:
            return ""
        return getattr(set_in, SCOPED[role]) if set_in else "?"


def _by_address(people: Collection[Person]) -> dict[str, Person]:
    """By their mailbox, and first by the address as it is written: two may have been added as one before that was refused."""
    return {mailbox(person.email): person for person in people} | {person.email: person for person in people}


def _first_reachable(people: Iterable[Person]) -> Person | None:
    return next((person for person in people if person.can_be_reached), None)
