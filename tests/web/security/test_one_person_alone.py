"""Nobody alone changes what gives another person access, or comes to read more: by no route that writes, with any text in its fields."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.routing import Rule

from tests.factories import World, an_audit, assign
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance, cover
from tests.web.support.browser import Browser
from tests.web.support.standing import Standing, gains, standings
from workflow.commands.directory import people
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import write_transaction
from workflow.storage.tables import connections, emergencies, requests

# Work on audits: the access matrix tries it. Every other blueprint is about people, and tried.
WORK = {
    "api_audits", "api_actions", "actions", "audits", "sections", "moderation", "successions", "escalations", "safeguarding", "worklist", "acknowledging",
}  # fmt: skip
SIGNS_OUT = "sign_in.leave"
ALONE = (
    "admin", "hos.ppqa", "qa", "governance", "director.safeguarding", "director.parenting", "head.of.service", "head.of.service2",
    "service.manager", "team.manager", "team.manager2", "qaro", "practitioner", "practitioner2", "auditor", "auditor2", "moderator",
)  # fmt: skip
LEFT = "moderator2"
ROLES = (
    "auditor", "practitioner", "team_manager", "service_manager", "qaro", "moderator", "qa", "hos_ppqa", "deputy:hos_ppqa",
    "head_of_service:assessment", "deputy:head_of_service:assessment", "director:safeguarding", "governance", "admin",
)  # fmt: skip
MINE = "mine@evil.example"
TYPED = {
    "name": "Temi Oyelaran", "email": MINE, "person": MINE, "active": "yes", "is_active": "yes", "answer": "grant", "child_id": "C-1001",
    "code": "123456", "within": "assessment", "which": "others", "password": "not theirs", "old": "not theirs", "new": "three wet lampposts",
    "token": "forged", "credential": "{}", "reason": "Because.", "next": "/", "scope": "write", "days": "30",
    **{f"{name}-{part}": value for name, day in (("starts_on", "23"), ("ends_on", "30")) for part, value in (("day", day), ("month", "11"), ("year", "2026"))},
}  # fmt: skip
# Typed in work on audits, or not stored.
OTHER_FIELDS = {
    "auditor", "cursor", "evidence", "initials", "kept", "once", "opened", "owner", "page", "path", "plan", "progress", "q", "reference", "role", "text", "then", "told",
    "used_time", "due_on", "seen",
}  # fmt: skip
NUMBERED = {"request_id", "delegation_id", "connection_id", "emergency_id", "token_id", "email_id"}
CHOOSES_A_ROLE = {"own.delegate", "own.delegate_for_another", "people.give", "people.take"}
ROUNDS = 2


@dataclass(frozen=True)
class Try:
    door: str
    method: str
    path: str
    victim: str = ""
    role: str = ""


def doors(app: Flask) -> list[Rule]:
    writes = [rule for rule in app.url_map.iter_rules() if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}]
    about_people = [rule for rule in writes if rule.endpoint.partition(".")[0] not in WORK]
    return sorted((rule for rule in about_people if rule.endpoint != SIGNS_OUT), key=lambda rule: rule.endpoint)


def tries(app: Flask, world: World, alone: str) -> Iterator[Try]:
    """Each route for each other person, each role where one is chosen."""
    ids = {name: world.person(name).id for name in (*ALONE, LEFT)}
    for rule in doors(app):
        method = next(iter((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}))
        for victim in [name for name in (*ALONE, LEFT) if name != alone] if rule.arguments & {"person_id", *NUMBERED} else ["team.manager"]:
            for role in ROLES if rule.endpoint in CHOOSES_A_ROLE else ROLES[:1]:
                yield Try(rule.endpoint, method, path_of(rule, ids, victim), victim, role)


def path_of(rule: Rule, ids: Mapping[str, int], victim: str) -> str:
    """A route whose address holds something new fails here, by its name."""
    number = str((*ALONE, LEFT).index(victim) + 1)
    known = {**dict.fromkeys(NUMBERED, number), "person_id": str(ids[victim]), "kind": "team", "code": "assessment-east"}
    unknown = rule.arguments - known.keys()
    assert not unknown, f"{rule.endpoint}: what is to be tried for {unknown}?"
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known[found[1]], rule.rule)


@pytest.fixture
def audits(world: World, clock: object) -> World:
    """An Inadequate audit and another, one of them moderated; and somebody who left, once its moderator."""
    an_audit(world, "shared", grade="inadequate")
    assign(world, an_audit(world, "shared"), LEFT)
    an_audit(world, "moderated")
    people.mark_as_left(world.command_context(), world.person("admin"), world.person(LEFT).id)
    return world


def test_nobody_alone_lets_anybody_in_or_reads_more(app: Flask, audits: World, bar: Bar) -> None:
    """Each route for each person by an administrator, each route by everybody; other roles and people each day."""
    by = chance("one person alone")
    administrator = cover(
        tries(app, audits, "admin"), [lambda one: (one.door, one.victim), lambda one: (one.door, one.role, one.victim == LEFT)], by
    )
    everybody = {name: cover(tries(app, audits, name), [lambda one: one.door, lambda one: one.victim], by) for name in ALONE[1:]}
    # In any order, so that one thing prepares another: a role taken, an address changed, somebody marked as left and back.
    at_once = [one for _ in range(ROUNDS) for one in by.sample(administrator, len(administrator))]
    bar("A16", **holds(app, audits, {**everybody, "admin": at_once}))


@pytest.mark.long
def test_nobody_alone_lets_anybody_in_or_reads_more_by_any_role(app: Flask, audits: World, bar: Bar) -> None:
    every = {name: list(tries(app, audits, name)) for name in reversed(ALONE)}
    at_once = chance("one person alone").sample(every["admin"], len(every["admin"]))
    bar("A16", **holds(app, audits, {**every, "admin": [*every["admin"], *at_once]}))


def holds(app: Flask, world: World, tried: Mapping[str, list[Try]]) -> dict[str, int]:
    """By each person alone, the administrator last: what they did to others stays done."""
    browsers = {name: Browser(app, name) for name in tried}
    seen = sum(held(browsers[name], world, name, some) for name, some in tried.items())
    return {"wanted": sum(map(len, tried.values())), "seen": seen}


def held(browser: Browser, world: World, alone: str, tried: list[Try]) -> int:
    """How many of the tries gained nothing: all of them, or the test fails and says what was gained."""
    me = world.person(alone).id
    before = standings(world)
    version = world.store.directory().version
    for one in tried:
        answer = send(browser, world, one)
        assert answer.status_code < 500, (one, answer.status_code)
        # After each change, since the next may undo it.
        if (now := world.store.directory().version) != version:
            version = now
            assert not (found := gained(before, standings(world), me)), (alone, one, found)
    assert not (found := gained(before, standings(world), me)), (alone, found)
    with write_transaction(world.store.engine) as connection:
        # What the next one could answer or end as a second person.
        for table in (emergencies, connections, requests):
            connection.execute(delete(table))
        bump_version(connection)
    return len(tried)


def send(browser: Browser, world: World, one: Try) -> Any:
    typed = {**TYPED, "role": one.role}
    if one.door.startswith("sign_in") or one.door.startswith("forgotten"):
        typed["email"] = f"{one.victim}@demo.example"
    if one.door == "own.delegate":
        typed["person"] = "practitioner2@demo.example"
    return browser.client.open(one.path, method=one.method, data={"csrf_token": browser.token, **typed})


def gained(before: dict[int, Standing], after: dict[int, Standing], me: int) -> dict[str, list[str]]:
    found = {standing.email: list(gains(before.get(person_id), standing, is_own=person_id == me)) for person_id, standing in after.items()}
    return {email: what for email, what in found.items() if what}


def test_every_field_that_a_route_reads_is_typed_into_it() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path("web").rglob("*.py"))
    read = set(re.findall(r"(?:form|typed)(?:\.get\(|\[)\"(\w+)\"", source))
    assert read - TYPED.keys() - OTHER_FIELDS == set(), "say what is to be typed there"
