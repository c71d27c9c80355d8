"""Until a moderator has judged, nothing tells them the auditor’s overall grade: two councils differ only in it, and in what follows from it."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import select
from time_machine import Traveller

from notifications.scheduling.worker import run_once
from tests.factories import AN_ACTION, NOW, World, a_council, a_world, an_audit, answers, save, settings
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import Axis, chance, cover
from tests.web.access_matrix.actors import Actor
from tests.web.access_matrix.expectations import ROUTES, Cell, Route
from tests.web.access_matrix.runner import Client, bytes_of, roll_back_commits
from tests.web.support.api_client import ApiClient
from tests.web.support.roles import holds_too
from web.app import create_app
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox

REFERENCE = "aaaa-aaaa"
POSTS = ("qa", "hos_ppqa", "head_of_service:assessment", "director:safeguarding")
"""What gives somebody a right to the grade, as the directory has it."""
MODERATORS: Mapping[str, tuple[str, ...]] = {
    "moderator": (), "qa": (), "moderator2": POSTS, "hos.ppqa": (),
}  # fmt: skip
"""Each with the roles that they are given besides those they hold."""
PAGES = (
    "/", "/audits", "/audits?grade=inadequate", "/audits?grade=good", "/audits?state=shared", "/escalations", "/notices", "/undelivered", "/readings",
    f"/audits/{REFERENCE}", f"/audits/{REFERENCE}/read", f"/audits/{REFERENCE}/history", f"/audits/{REFERENCE}/escalation",
    f"/audits/{REFERENCE}/sections/area_12", f"/audits/{REFERENCE}/sections/moderation", f"/audits/{REFERENCE}/moves/moderate",
    f"/audits/{REFERENCE}/moves/waive_moderation", f"/audits/{REFERENCE}/moderator", f"/audits/{REFERENCE}/actions/1",
    f"/audits/{REFERENCE}/readings", "/api/v1/audits", f"/api/v1/audits/{REFERENCE}", f"/api/v1/audits/{REFERENCE}/moves",
    f"/api/v1/audits/{REFERENCE}/history", "/api/v1/escalations", "/api/v1/notices", f"/api/v1/audits/{REFERENCE}/readings",
)  # fmt: skip


def test_an_answer_is_the_same_for_a_good_and_an_inadequate_audit(
    tmp_path: Path, clock: Traveller, monkeypatch: pytest.MonkeyPatch, bar: Bar
) -> None:
    """The pages and answers that matter to each moderator, and each route for one of them, another each day."""
    by: list[Axis[Cell]] = [lambda cell: cell.route.name]
    seen = _are_the_same(tmp_path, monkeypatch, MODERATORS, lambda every: cover(every, by, chance("blind")))
    bar("A17", wanted=20 * len(MODERATORS), seen=seen)


@pytest.mark.long
def test_every_answer_is_the_same_for_a_good_and_an_inadequate_audit(
    tmp_path: Path, clock: Traveller, monkeypatch: pytest.MonkeyPatch, bar: Bar
) -> None:
    """With every set of other roles."""
    each = [held for number in range(len(POSTS) + 1) for held in combinations(POSTS, number)]
    for number, held in enumerate(each):
        seen = _are_the_same(tmp_path / str(number), monkeypatch, {"moderator": held}, list)
        bar("A17", wanted=20, seen=seen)


def test_the_answer_to_an_earlier_request_shows_what_they_may_see_now(caller: ApiClient, world: World) -> None:
    holds_too(caller.council, "qa", "moderator")
    reference = an_audit(world, "shared", grade="inadequate")
    request = ("qa@demo.example", "PUT", f"/audits/{reference}/moderator", {"person": "moderator@demo.example"})
    assert caller.ok(*request, Idempotency_Key="k")["overall_grade"] == "inadequate"
    assignments.assign_moderator(world.command_context(), world.person("qa2"), reference, "qa@demo.example")
    again = caller.ok(*request, Idempotency_Key="k")
    assert (again["overall_grade"], again["escalation"], again["moderator"]) == (None, {"state": None}, "qa@demo.example")


def _are_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, moderators: Mapping[str, tuple[str, ...]], choose: Callable[[Iterable[Cell]], list[Cell]]
) -> int:
    """How many answers were compared, byte by byte."""
    monkeypatch.setattr(drafting, "new_reference", lambda: REFERENCE)
    twins = _twins(folder, moderators)
    chosen = choose(Cell(route, args, Actor(name), None) for name in moderators for route in _routes() for args in route.variants())
    seen, different = 0, list[str]()
    for step, name in enumerate(moderators):
        for twin in twins:
            _is_assigned(a_world(twin.council), name, step)
        for what, ask in _asked(name, chosen):
            seen += 1
            different += [f"{name}: {what}"] * (ask(twins[0]) != ask(twins[1]))
    different += ["emails"] * (_emails(twins[0], name) != _emails(twins[1], name))
    assert different == []
    for twin in twins:
        twin.council.engine.dispose()
    return seen


def _routes() -> Iterator[Route]:
    return (route for route in ROUTES if route.row["needs"] != "public")


def _asked(name: str, chosen: Iterable[Cell]) -> Iterator[tuple[str, Callable[[Client], object]]]:
    for page in PAGES:
        yield page, partial(_page, name, page)
    for cell in chosen:
        if cell.actor.name == name:
            yield str(cell), partial(_cell, cell)


def _page(name: str, page: str, client: Client) -> object:
    headers = {key: value for key, value in client.headers[name].items() if (key == "Cookie") != page.startswith("/api/")}
    return bytes_of(client.client.get(page, headers=headers, buffered=True))


def _cell(cell: Cell, client: Client) -> object:
    with roll_back_commits(client.council.engine):
        return bytes_of(client.ask(cell, REFERENCE))


def _emails(client: Client, name: str) -> list[str]:
    """What is sent to the last moderator from the time of their assignment on, reminders among it."""
    council, later = client.council, NOW + timedelta(days=8)
    run_once(council.worker_context, later)
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person
    is_sent = (outbox.c.recipient == person.id, outbox.c.state == "sent")
    with read_transaction(council.engine) as connection:
        return sorted(connection.execute(select(outbox.c.event).where(*is_sent)).scalars())


def _twins(folder: Path, moderators: Mapping[str, tuple[str, ...]]) -> tuple[Client, Client]:
    """Two councils with the same sessions and tokens, and one audit: Good in the first, Inadequate in the second."""
    council = a_council(folder / "good")
    for name, roles in moderators.items():
        holds_too(council, name, *roles, *(["moderator"] if "moderator" not in name else []))
    council.engine.dispose()
    first = _client(folder / "good")
    first.sign_in_all(moderators)
    with first.council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(folder / "good", folder / "inadequate")
    second = _client(folder / "inadequate")
    second.headers, second.csrf = first.headers, first.csrf
    for client, grade in ((first, "good"), (second, "inadequate")):
        _is_shared(a_world(client.council), grade)
    return first, second


def _client(folder: Path) -> Client:
    app = create_app(settings(folder))
    app.testing = True
    return Client(app)


def _is_shared(world: World, grade: str) -> None:
    """Only the final grade differs, and what the escalation brings with it."""
    an_audit(world, "practitioner_consulted")
    for section, given in answers().items():
        if section not in {"details", "consultation"}:
            save(world, "auditor", REFERENCE, section, given | ({"grade": grade} if section == "area_12" else {}))
    actions.add_action(world.command_context(), world.person("auditor"), REFERENCE, AN_ACTION)
    audit_moves.grade(world.command_context(), world.person("auditor"), REFERENCE)
    audit_moves.share(world.command_context(), world.person("auditor"), REFERENCE)
    later = NOW.date() + timedelta(days=60)
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), REFERENCE, 1, later, "A strike.")


def _is_assigned(world: World, name: str, step: int) -> None:
    """To judge, and has begun to; the escalation goes on meanwhile."""
    assignments.assign_moderator(world.command_context(), world.person("qa2"), REFERENCE, f"{name}@demo.example")
    save(world, name, REFERENCE, "moderation", {"grade": "outstanding", "evidence": "Read again."})
    if world.audit(REFERENCE).escalation and step < len(GOES_ON):
        GOES_ON[step](world)


def _acknowledges(name: str) -> Callable[[World], object]:
    return lambda world: escalations.acknowledge(world.command_context(), world.person(name), REFERENCE)


def _plans(world: World) -> object:
    return escalations.plan(world.command_context(), world.person("head.of.service"), REFERENCE, "Daily oversight.")


GOES_ON = (_acknowledges("head.of.service"), _acknowledges("director.safeguarding"), _acknowledges("hos.ppqa"), _plans)
