"""Ten thousand hostile strings: each is stored in NFC, or refused by field; nothing else ever happens."""

import json
import random
import re
import unicodedata
from xml.etree import ElementTree as ET

from tests.factories import World, a_fake_world, an_audit
from workflow.commands import audit_moves, drafting, escalations
from workflow.commands.actions import NewAction, add_action, record_progress
from workflow.errors import BadInput
from workflow.models import Audit

COUNT = 10_000
PIECES = (
    "\x00", "\ud800", "\udfff", "\u202e", "\u2066", "\ufeff", "\u200d", "e\u0301", "\u1100\u1161", "\U0001f469\u200d\U0001f467", "\uffff", "\ufffe",
    "\x1b[31m", "\x07", "\r\n", "\r", "\n\n", "\t", "\x85", "\u2028", "<script>alert(1)</script>", "{{7*7}}", "=cmd|' /C calc'!A0", "%00", "%s%n",
    "'; DROP TABLE audits; --", "\u0141ukasz", "\u017burawia", "Ѐ", "ﷺ", "\u00a0", "\x7f", "\u00ad", "A" * 1000, "\U0010ffff", "\U000e0001",
)  # fmt: skip


def _strings() -> list[str]:
    chance = random.Random(7)
    made = ["".join(chance.choices(PIECES, k=chance.randint(1, 6))) for _ in range(COUNT - 4)]
    return [*made, "x" * 1_000_000, "\u0301" * 200_001, "é" * 200_000, " " * 1_000_000]


def test_ten_thousand_hostile_strings_are_stored_whole_or_refused_by_field() -> None:
    world = a_fake_world()
    reference = an_audit(world, "practitioner_consulted")
    stored = refused = 0
    named: set[tuple[str, str]] = set()
    for text in _strings():
        field = ("evidence", "impact")[stored % 2]
        try:
            audit = _save(world, reference, {field: text})
        except BadInput as refusal:
            refused += 1
            named.update((one.field, one.message[-1]) for one in refusal.missing)
            continue
        stored += 1
        _can_be_exported(audit.answer("area_1", field), text)
    print(f"{COUNT} hostile strings: {stored} stored, {refused} refused")
    assert named == {("evidence", "."), ("impact", ".")}
    assert stored > 1_000
    assert refused > 1_000


def _save(world: World, reference: str, given: dict[str, object]) -> Audit:
    return drafting.save_section(
        world.command_context(), world.person("auditor"), reference, "area_1", given, world.audit(reference).version
    )


def _can_be_exported(kept: object, text: str) -> None:
    if kept is None:
        assert not re.sub("[\u00ad\ufeff\u200d]", "", text).strip()
        return
    assert isinstance(kept, str)
    assert kept == unicodedata.normalize("NFC", kept)
    assert json.loads(json.dumps(kept)) == kept
    kept.encode("utf-8")
    element = ET.Element("t")
    element.text = kept
    assert ET.fromstring(ET.tostring(element, encoding="utf-8")).text == kept


def test_reasons_plans_and_actions_are_read_as_carefully() -> None:
    world = a_fake_world()
    escalated = an_audit(world, "moderated", grade="inadequate")
    graded = an_audit(world, "graded")
    for text in ("a\x00b", "\ud800", "x" * 300_000):
        before = len(world.store.sent), world.audit(escalated), world.audit(graded)
        attempts = (
            lambda text=text: audit_moves.withdraw(world.command_context(), world.person("auditor"), graded, text),
            lambda text=text: audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), escalated, text),
            lambda text=text: escalations.plan(world.command_context(), world.person("head.of.service"), escalated, text),
            lambda text=text: add_action(
                world.command_context(), world.person("qa"), escalated, NewAction(text, "qaro@demo.example", "2026-12-20")
            ),
            lambda text=text: record_progress(world.command_context(), world.person("practitioner"), escalated, 1, text),
        )
        for attempt in attempts:
            try:
                attempt()
            except BadInput:
                continue
            raise AssertionError("hostile text was taken")
        assert (len(world.store.sent), world.audit(escalated), world.audit(graded)) == before


def test_a_hundred_thousand_characters_fit_and_come_back_whole() -> None:
    world = a_fake_world()
    reference = an_audit(world, "practitioner_consulted")
    text = "Tamsin was seen. " * 6_000
    assert _save(world, reference, {"evidence": text}).answer("area_1", "evidence") == text.strip()
