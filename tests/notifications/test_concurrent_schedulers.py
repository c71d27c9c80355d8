"""Four schedulers on one database, none waiting for another, have the effect of one, on SQLite and on PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

import pytest

from notifications.scheduling.sweep import tick
from notifications.scheduling.worker import sweep
from tests.factories import World, a_council, a_world, an_audit, settings
from tests.notifications.support.outbox_assertions import DAY, from_to, in_london, leaves, sent_notices
from tests.support.postgres import a_database
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.commands import actions
from workflow.commands.actions import NewAction

HOW_MANY, FIRST, LAST = 4, date(2026, 11, 24), date(2026, 12, 24)
Told = Counter[tuple[date, str, str, int | None]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def councils(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Council]]:
    """Each with an engine of its own on the one database, as processes have."""
    with ExitStack() as stack:
        more = {}
        if request.param == "sqlite":
            a_council(tmp_path / "var").engine.dispose()
        else:
            url = stack.enter_context(a_database(tmp_path_factory.getbasetemp() / "postgres"))
            more = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32}
        made = [open_council(settings(tmp_path / "var", **more)) for _ in range(HOW_MANY)]
        if more:
            prepare(made[0])
            load_people(made[0], "correct horse")
        yield made
        for council in made:
            council.engine.dispose()


def much_to_tell(world: World) -> None:
    """Actions due each day, an escalation nobody acknowledges, an audit not shared, one not moderated, one that has stalled."""
    reference = an_audit(world, at="moderated")
    for n in range(12):
        new = NewAction("x", "practitioner@demo.example", str(FIRST + n * DAY))
        actions.add_action(world.command_context(), world.person("qa"), reference, new)
    an_audit(world, at="shared", grade="inadequate")
    an_audit(world, at="shared")
    an_audit(world, at="graded")
    an_audit(world, at="draft", auditor="auditor2")
    leaves(world, "auditor2")


def effects(council: Council) -> Told:
    return Counter((one.day, one.event, one.who, one.action) for one in sent_notices(council))


def at_once(councils: list[Council], instants: list[datetime], *, is_claimed: bool) -> None:
    barrier, failed = threading.Barrier(len(councils)), list[Exception]()

    def run(council: Council) -> None:
        try:
            for now in instants:
                barrier.wait(60)
                (tick if is_claimed else sweep)(council.worker_context, now)
        except Exception as error:  # noqa: BLE001 (told by the thread that can be heard)
            failed.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(council,)) for council in councils]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("is_claimed", [True, False], ids=["by the minute", "all of them at once"])
def test_four_schedulers_have_the_effects_of_one(councils: list[Council], tmp_path: Path, is_claimed: bool) -> None:
    alone = a_council(tmp_path / "alone")
    much_to_tell(a_world(alone))
    much_to_tell(a_world(councils[0]))
    assert effects(alone) == effects(councils[0])
    instants = [in_london(day, 0, 1) for day in from_to(FIRST, LAST)]
    for now in instants:
        tick(alone.worker_context, now)
    at_once(councils, instants, is_claimed=is_claimed)
    one, four = effects(alone), effects(councils[0])
    print(
        f"{HOW_MANY} schedulers, {len(instants)} sweeps each, {councils[0].engine.dialect.name}: {four.total()} told; by one: {one.total()}"
    )
    assert four == one
    alone.engine.dispose()
