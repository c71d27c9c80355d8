"""People and duties that a page offers to choose from."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from web.formatting import role_title
from workflow.directory import Directory, Duty, Person, Team
from workflow.role_assignments import format_duty
from workflow.roles import ROLES, SCOPED
from workflow.storage.keyset import parse_cursor

SIZE = 50


class Option(NamedTuple):
    """`code` is submitted, `name` is shown, in the group of that title."""

    code: str
    name: str
    group: str = ""


def list_with_role(directory: Directory, role: str) -> list[Person]:
    return _tell_apart(person for person in directory.people.values() if person.is_active and role in person.roles)


def list_possible_owners(directory: Directory, team: str | None) -> list[Option]:
    """Return everybody who can own an action: people who work with cases, those of the team first."""
    people = (person for person in directory.people.values() if person.is_active and person.roles and person.works_with_cases)
    return group_by_team(_tell_apart(people), directory.teams.get(team or ""))


def group_by_team(people: list[Person], team: Team | None) -> list[Option]:
    """Return the people of the team or its service first. There are no groups where nobody belongs to it."""
    ours = [person for person in people if team and person.belongs_to(team)]
    if not team or not ours:
        return [Option(person.email, person.name) for person in people]
    others = [person for person in people if not person.belongs_to(team)]
    groups = ((team.name, ours), ("Other people", others))
    return [Option(person.email, person.name, group) for group, members in groups for person in members]


def list_units(directory: Directory, *, with_services: bool) -> list[Option]:
    """Return the teams by name, and then the services."""
    services = [Option(code, f"{directory.names[code]} (service)") for code in directory.services] if with_services else []
    return [Option(team.code, team.name) for team in directory.teams.values()] + sorted(services, key=lambda option: option.name)


def name_units(codes: Iterable[str], directory: Directory) -> list[str]:
    """Return the names of teams and services; a code that is no longer one stays as it is."""
    return sorted(directory.teams[code].name if code in directory.teams else directory.names.get(code, code) for code in codes)


def list_who(directory: Directory, may_be_chosen: Callable[[Person], bool]) -> list[Person]:
    return _tell_apart(filter(may_be_chosen, directory.people.values()))


def list_others(directory: Directory, but: Person) -> list[Person]:
    return _tell_apart(person for person in directory.people.values() if person.is_active and person.id != but.id)


def search_people(directory: Directory, q: str) -> list[Person]:
    """Return people whose name or email address contains every word of the search, or everybody if it is empty."""
    asked = q.casefold().split()
    return _sort_by_name(
        person for person in directory.people.values() if all(word in f"{person.name} {person.email}".casefold() for word in asked)
    )


def paginate_people(directory: Directory, people: list[Person], cursor: str | None) -> tuple[list[Person], str | None]:
    """Return a page of people in order of name, and the cursor of the next, if any. A cursor is the id of the last person seen."""
    last = directory.person(parse_cursor(cursor)) if cursor else None
    rest = [person for person in people if last is None or _name_order(person) > _name_order(last)]
    return rest[:SIZE], str(rest[SIZE - 1].id) if len(rest) > SIZE else None


def title_of_duty(duty: Duty, directory: Directory) -> str:
    """Return a duty's title: “Deputy Head of Service, Children We Care For”."""
    where = f", {directory.names.get(duty.scope, duty.scope)}" if duty.scope else ""
    return f"{'Deputy ' if duty.is_deputy else ''}{role_title(duty.role)}{where}"


def list_choices(duties: Iterable[Duty], directory: Directory) -> list[Option]:
    return [Option(format_duty(duty), title_of_duty(duty, directory)) for duty in duties]


def list_all_duties(directory: Directory) -> list[Duty]:
    """Return every duty that a person can be given."""
    own = [duty for role in ROLES for duty in duties_of(role, directory)]
    return own + [Duty(duty.role, duty.scope, is_deputy=True) for duty in own if duty.role in directory.posts]


def duties_of(role: str, directory: Directory) -> list[Duty]:
    """The role for each service or branch that it is held for; once, where it is held for the whole council."""
    scopes: dict[str, Iterable[str]] = {"service": directory.services, "branch": directory.branches}
    return [Duty(role, scope) for scope in (sorted(scopes[SCOPED[role]]) if role in SCOPED else [""])]


def sort_duties(duties: Iterable[Duty]) -> list[Duty]:
    return sorted(duties, key=lambda duty: (duty.is_deputy, ROLES.index(duty.role), duty.scope))


def find_team(directory: Directory, duty: Duty) -> str | None:
    """Return any team of the post's service or branch: the same person holds the post for all of them."""
    attribute = SCOPED.get(duty.role)
    return next((code for code, team in directory.teams.items() if attribute and getattr(team, attribute) == duty.scope), None)


def _tell_apart(people: Iterable[Person]) -> list[Person]:
    """By name; people of the same name with their email address, so that nobody is chosen in place of another."""
    found = _sort_by_name(people)
    number = Counter(_spoken(person) for person in found)
    return [replace(person, name=f"{person.name} ({person.email})") if number[_spoken(person)] > 1 else person for person in found]


def _spoken(person: Person) -> str:
    return " ".join(person.name.casefold().split())


def _sort_by_name(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=_name_order)


def _name_order(person: Person) -> tuple[str, int]:
    return person.name, person.id
