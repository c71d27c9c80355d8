"""Many at once on a real database: one effect for one key, no update lost, no lock seen."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from tests.factories import World, a_world, an_audit
from tests.support.bar_table import Bar
from tests.support.postgres import a_council_on_postgresql
from workflow.commands import audit_moves, drafting
from workflow.commands.idempotency import run_idempotent
from workflow.errors import EditConflict, IdempotencyKeyReused
from workflow.ports import IdempotentRequest

SAVES, EDITORS = 5_000, 8
SAVES_ON_POSTGRESQL = 1_000


@pytest.fixture
def on_postgresql(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_council_on_postgresql(tmp_path, tmp_path_factory.getbasetemp() / "postgres") as council:
        yield a_world(council)


@pytest.fixture(params=["world", pytest.param("on_postgresql", marks=pytest.mark.postgres)])
def on_each(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


def test_one_command_fifty_times_at_once_has_one_effect_and_one_answer(on_each: World) -> None:
    world, reference = on_each, an_audit(on_each, "graded")
    barrier, auditor = Barrier(50), world.person("auditor")
    once = IdempotentRequest(
        auditor.id, "share-once", "the same request", lambda audit: f"{audit.reference} {audit.version} {audit.state}", str, str
    )
    before = world.audit(reference).chain.count

    def share(_: int) -> str:
        context = world.command_context()
        barrier.wait()
        return run_idempotent(context, once, lambda context: audit_moves.share(context, auditor, reference))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(share, range(50)))
    rows = world.store.history(world.audit(reference))
    assert len(set(answers)) == 1
    assert len(rows) == before + 1
    print(f"50 at once: {len(set(answers))} answer, {len(rows) - before} effect")


def test_a_key_used_for_another_request_is_refused(world: World) -> None:
    reference, auditor = an_audit(world, "graded"), world.person("auditor")
    once = IdempotentRequest(auditor.id, "k", "one", lambda audit: audit.state, str, str)
    context = world.command_context()
    assert run_idempotent(context, once, lambda context: audit_moves.share(context, auditor, reference)) == "shared"
    other = replace(once, digest="another")
    try:
        run_idempotent(context, other, lambda context: audit_moves.share(context, auditor, reference))
    except IdempotencyKeyReused:
        return
    raise AssertionError("a key was taken twice")


def test_eight_editors_lose_nothing_and_each_stale_save_answers_with_both_texts(world: World, bar: Bar) -> None:
    eight_edit(world, SAVES)
    bar("E1", wanted=SAVES, seen=SAVES)


@pytest.mark.postgres
def test_eight_editors_lose_nothing_on_postgresql(on_postgresql: World, bar: Bar) -> None:
    eight_edit(on_postgresql, SAVES_ON_POSTGRESQL)
    bar("E1", wanted=SAVES_ON_POSTGRESQL, seen=SAVES_ON_POSTGRESQL)


@pytest.mark.long
@pytest.mark.postgres
def test_eight_editors_lose_nothing_on_postgresql_for_long(on_postgresql: World, bar: Bar) -> None:
    eight_edit(on_postgresql, SAVES)
    bar("E1", wanted=SAVES, seen=SAVES)


def eight_edit(world: World, saves: int) -> None:
    """Each save adds its own mark to the text it saw; every mark that was acknowledged is there at the end."""
    reference = an_audit(world, "practitioner_consulted")

    def edit(editor: int) -> tuple[int, int]:
        chance = random.Random(editor)
        saved = [_save_next(world, reference, is_late=chance.random() < 0.3) for _ in range(saves // EDITORS)]
        return sum(saved), len(saved) - sum(saved)

    with ThreadPoolExecutor(EDITORS) as pool:
        counts = list(pool.map(edit, range(EDITORS)))
    saved, stale = (sum(column) for column in zip(*counts, strict=True))
    assert saved + stale == saves
    assert world.audit(reference).answer("area_1", "evidence") == str(saved)
    print(f"{world.store.engine.dialect.name}: {saves} saves by {EDITORS}: {saved} stored, {stale} stale, 0 lost")


def _save_next(world: World, reference: str, *, is_late: bool) -> bool:
    """Save one more than is stored, seen in this version or the one before; whether it was saved. A refusal gives both texts."""
    seen = world.audit(reference)
    number = int(str(seen.answer("area_1", "evidence") or "0"))
    given, context = {"evidence": str(number + 1)}, world.command_context()
    try:
        drafting.save_section(context, world.person("auditor"), reference, "area_1", given, seen.version - is_late, of_whole_audit=True)
    except EditConflict as conflict:
        refused = conflict
    else:
        return True
    assert (refused.yours or {})["evidence"] == str(number + 1)
    assert int(str((refused.theirs or {}).get("evidence") or "0")) >= number
    return False
