"""Immediate danger: shown before everything else, and recorded on the audit by the person who used the procedure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from time_machine import Traveller

from notifications.scheduling.worker import run_once
from tests.factories import NOW, RULES, World, a_council, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from web.app import create_app
from web.council import Council
from workflow.commands.safeguarding import procedure_uses, record_safeguarding
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.history import first_break
from workflow.replay import replay
from workflow.storage.engine import read_transaction
from workflow.storage.tables import notices, outbox, readings

BANNER = "If a child is in immediate danger, use the safeguarding procedure now. Do not wait for this escalation."
TYPED: dict[str, Any] = {
    "used_on__day": "22", "used_on__month": "11", "used_on__year": "2026", "used_time": "21:05", "told": "The KESTREL duty manager.",
}  # fmt: skip


def test_the_banner_is_on_the_share_page_and_on_escalated_audits(app: Flask, world: World, clock: Traveller) -> None:
    graded, good = an_audit(world, at="graded", grade="inadequate"), an_audit(world, at="shared")
    shared = an_audit(world, at="shared", grade="inadequate")
    browser = Browser(app, "auditor")
    has = {path: BANNER in browser.get(path).get_data(as_text=True) for path in (
        f"/audits/{graded}/moves/share", f"/audits/{shared}", f"/audits/{shared}/escalation", f"/audits/{good}", f"/audits/{good}/escalation",
    )}  # fmt: skip
    assert list(has.values()) == [True, True, True, False, False]
    assert "Open the safeguarding procedure" not in browser.get(f"/audits/{shared}").get_data(as_text=True)


def test_it_links_to_the_councils_own_procedure(tmp_path: Path, clock: Traveller) -> None:
    council = a_council(tmp_path / "var", SAFEGUARDING_URL="https://www.council.example/danger")
    reference = an_audit(World(council.store), at="shared", grade="inadequate")
    council.engine.dispose()
    app = create_app(council.settings)
    page = Browser(app, "qa").get(f"/audits/{reference}").get_data(as_text=True)
    assert 'href="https://www.council.example/danger"' in page
    app.extensions["council"].engine.dispose()


def test_its_use_is_recorded_with_when_and_who_was_told(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    before = world.audit(reference)
    answer = Browser(app, "qaro").post(f"/audits/{reference}/safeguarding", **TYPED)
    assert answer.status_code == 303
    after = world.audit(reference)
    assert (after.sections, after.escalation, after.actions, after.state) == (
        before.sections,
        before.escalation,
        before.actions,
        before.state,
    )
    used = procedure_uses(world.command_context(), after)[0]
    assert (used.used_at, used.told, used.by_name) == (datetime(2026, 11, 22, 21, 5, tzinfo=UTC), TYPED["told"], world.person("qaro").name)
    rows = world.store.history(after)
    assert rows[-1].entry.move == "record_safeguarding"
    assert "KESTREL" not in rows[-1].entry.facts
    assert first_break(reference, rows, after.chain) is None
    assert replay(rows, [RULES]) == ("shared", "open")
    page = text_of(Browser(app, "hos.ppqa").get(f"/audits/{reference}/escalation").get_data(as_text=True))
    assert "22 November 2026 at 9:05pm" in page
    assert "KESTREL" in page
    assert "Safeguarding procedure used" in Browser(app, "hos.ppqa").get(f"/audits/{reference}/history").get_data(as_text=True)


def test_its_text_is_in_no_email_and_on_no_page_without_a_log_row(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    council: Council = app.extensions["council"]
    told = _counts(council)
    record_safeguarding(world.command_context(), world.person("qa"), reference, "2026-11-22", "9:30", "KESTREL")
    assert _counts(council) == told, "nobody is told by it"
    run_once(council.worker_context, NOW)
    with read_transaction(council.engine) as connection:
        assert not [row for row in connection.execute(select(outbox.c.body)).scalars() if row and b"KESTREL" in row]
    browser = Browser(app, "director.safeguarding")
    for path in ("/", "/escalations", "/audits", "/notices", f"/audits/{reference}", f"/audits/{reference}/safeguarding"):
        assert "KESTREL" not in browser.get(path).get_data(as_text=True), path
    with read_transaction(council.engine) as connection:
        noted = connection.execute(select(func.count()).select_from(readings)).scalar_one()
    assert "KESTREL" in browser.get(f"/audits/{reference}/escalation").get_data(as_text=True)
    with read_transaction(council.engine) as connection:
        assert connection.execute(select(func.count()).select_from(readings)).scalar_one() == noted + 1


def _counts(council: Council) -> list[int]:
    with read_transaction(council.engine) as connection:
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (outbox, notices)]


def test_who_may_record_it(world: World) -> None:
    good, bad, draft = an_audit(world, at="shared"), an_audit(world, at="shared", grade="inadequate"), an_audit(world, at="graded")
    may: dict[str, list[str]] = {}
    for name in (
        "auditor", "service.manager", "qaro", "qa", "head.of.service", "hos.ppqa", "director.safeguarding", "director.parenting",
        "head.of.service2", "practitioner", "team.manager", "moderator", "admin", "governance",
    ):  # fmt: skip
        for reference in (draft, good, bad):
            try:
                record_safeguarding(world.command_context(), world.person(name), reference, "2026-11-22", "9:30", "The duty team.")
                may.setdefault(name, []).append("may")
            except PermissionDenied:
                may.setdefault(name, []).append("no")
            except NotFound:
                may.setdefault(name, []).append("unknown")
    both = ["unknown", "may", "may"]
    assert may == {
        "auditor": ["may"] * 3, "qa": ["may"] * 3, "service.manager": both, "qaro": both, "head.of.service": both, "hos.ppqa": both,
        "director.safeguarding": ["unknown", "unknown", "may"], "director.parenting": ["unknown"] * 3, "head.of.service2": ["unknown"] * 3,
        "practitioner": ["unknown", "no", "no"], "team.manager": ["unknown", "no", "no"], "moderator": ["unknown"] * 3, "admin": ["no"] * 3,
        "governance": ["no"] * 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (("", "", ""), {"used_on", "used_time", "told"}),
        (("2026-02-31", "25:00", "x"), {"used_on", "used_time"}),
        (("2026-11-23", "9:75", "x" * 2_001), {"used_time", "told"}),
        (("2026-11-23", "9:31", "Told."), {"used_on"}),
        ((7, 9.3, ["Told."]), {"used_on", "used_time", "told"}),
        (("2026-11-22", "9:30", "a\x00b"), {"told"}),
    ],
)
def test_a_refused_record_changes_nothing(fake_world: World, given: tuple[Any, Any, Any], fields: set[str]) -> None:
    reference = an_audit(fake_world, at="shared", grade="inadequate")
    before = fake_world.audit(reference)
    with pytest.raises(BadInput) as refused:
        record_safeguarding(fake_world.command_context(), fake_world.person("qa"), reference, *given)
    assert {one.field for one in refused.value.missing} == fields
    assert fake_world.audit(reference) == before


def test_what_was_typed_stays_on_the_page_with_each_error(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    answer = Browser(app, "qa").post(f"/audits/{reference}/safeguarding", **{**TYPED, "used_time": "late"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Enter the time like 9:30 or 14:05." in page
    assert "The KESTREL duty manager." in page


def test_a_program_records_it_once_under_one_key(world: World, caller: ApiClient, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    body = {"used_on": "2026-11-22", "used_time": "9:30", "told": "The duty team."}
    for _ in range(2):
        answer = caller.call("qa@demo.example", "POST", f"/audits/{reference}/safeguarding", body, Idempotency_Key="one")
        assert answer.status_code == 200
    assert len(procedure_uses(world.command_context(), world.audit(reference))) == 1
