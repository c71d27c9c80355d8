"""Every state, every move, every role: what happens is printed and compared with a table that a person approved."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from tests.factories import AN_ACTION, FOURTEENTH, World, a_fake_world, an_audit, answers, assign, resolve, save, settle
from tests.support.bar_table import Bar
from workflow.commands import action_moves
from workflow.commands.registry import make_action_move, make_audit_move, make_escalation_move
from workflow.errors import InvalidTransition, NotFound, PermissionDenied, PreconditionsNotMet, Refusal
from workflow.models import Audit

APPROVED = Path(__file__).parents[1] / "every_move.approved.txt"
PEOPLE = {
    "auditor": "auditor", "another auditor": "auditor2", "practitioner": "practitioner", "team manager": "team.manager",
    "service manager": "service.manager", "qaro": "qaro", "moderator": "moderator", "qa": "qa", "head of service": "head.of.service",
    "another head of service": "head.of.service2", "director": "director.safeguarding", "hos ppqa": "hos.ppqa",
    "governance": "governance", "admin": "admin",
}  # fmt: skip
AUDIT_STATES = ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed", "withdrawn")
AUDIT_MOVES = (
    "record_consultation", "grade", "revise", "share", "moderate", "waive_moderation", "close_actions", "reopen",
    "return_for_correction", "discard", "withdraw",
)  # fmt: skip
ACTION_STATES = ("open", "reported", "verified", "cancelled")
ACTION_MOVES = ("report", "verify", "return", "cancel", "ask_for_more_time", "grant_more_time", "refuse_more_time")
ESCALATION_STATES = ("none", "open", "acknowledged", "resolved")
ESCALATION_MOVES = ("raise", "acknowledge", "plan", "resolve")
Try = Callable[[World, str, str], str]
LATER = "2027-01-15"
WITHDRAW = {"move": "withdraw", "reason": "Wrong child."}


def test_every_cell_is_as_approved(bar: Bar) -> None:
    lines = list(_table())
    found = "\n".join(lines) + "\n"
    if os.environ.get("APPROVE"):
        APPROVED.write_text(found, encoding="utf-8")
    cells = sum(line.count("  ") > 0 and line.startswith("    ") for line in lines)
    bar("W3", wanted=cells, seen=cells)
    assert found == APPROVED.read_text(encoding="utf-8")


def _table() -> Iterator[str]:
    for grade in ("good", "inadequate"):
        for move in AUDIT_MOVES:
            yield f"\nAudit: {move}, {_title(grade)}"
            yield from _rows(AUDIT_STATES, partial(_ready, grade=grade, move=move), _audit_move(move))
    for grade in ("good", "inadequate"):
        for move in ACTION_MOVES:
            yield f"\nAction: {move}, {_title(grade)}"
            yield from _rows(ACTION_STATES, partial(_with_action, grade=grade), _action_move(move))
    for move in ESCALATION_MOVES:
        yield f"\nEscalation: {move}"
        yield from _rows(ESCALATION_STATES, _escalated, _escalation_move(move))
    yield "\nEscalation: raise, of a withdrawn audit"
    yield from _rows(("none", "resolved"), _escalated_and_withdrawn, _escalation_move("raise"))


def _title(grade: str) -> str:
    return "escalated once shared" if grade == "inadequate" else "not escalated"


def _rows(states: tuple[str, ...], ready: Callable[[str], tuple[World, str]], attempt: Try) -> Iterator[str]:
    for state in states:
        outcomes: dict[str, list[str]] = {}
        made: tuple[World, str] | None = None
        for title, name in PEOPLE.items():
            world, reference = made = made or ready(state)
            outcome = attempt(world, reference, name)
            outcomes.setdefault(outcome, []).append(title)
            # A refusal is checked to have changed nothing, so the next person can try on the same audit.
            made = None if outcome.startswith("->") else made
        for outcome, titles in sorted(outcomes.items()):
            for title in titles:
                yield f"    {state:24}{title:26}{outcome}"


def _outcome(world: World, reference: str, run: Callable[[], object], state_of: Callable[[Audit], str]) -> str:
    """The outcome; a refused move has changed nothing."""
    before = _everything(world, reference)
    try:
        run()
    except Refusal as refusal:
        assert _everything(world, reference) == before, "a refusal changed something"
        return _said(refusal)
    return f"-> {state_of(world.audit(reference))}"


def _said(refusal: Refusal) -> str:
    said = {NotFound: "knows nothing of it", PermissionDenied: "not theirs", InvalidTransition: "not from here"}
    if isinstance(refusal, PreconditionsNotMet):
        return "missing: " + " ".join(one.message for one in refusal.missing)
    return said[type(refusal)]


def _everything(world: World, reference: str) -> tuple[object, ...]:
    audit = world.audit(reference)
    return audit, len(world.store.rows[reference]), len(world.store.sent), len(world.store.kept_seals[reference])


def _audit_move(move: str) -> Try:
    def attempt(world: World, reference: str, name: str) -> str:
        given = {"move": move, "reason": "Because.", "new_actions": (AN_ACTION,) if move == "reopen" else ()}
        return _outcome(
            world,
            reference,
            lambda: make_audit_move(world.command_context(), world.person(name), reference, given),
            lambda audit: audit.state,
        )

    return attempt


def _ready(state: str, grade: str, move: str) -> tuple[World, str]:
    """An audit in a state with all that the move asks for, so that only the rule itself can refuse."""
    world = a_fake_world()
    if state == "withdrawn":
        reference = an_audit(world, "shared", grade=grade)
        make_audit_move(world.command_context(), world.person("qa"), reference, WITHDRAW)
        make_audit_move(world.command_context(), world.person("hos.ppqa"), reference, WITHDRAW)
        return world, reference
    reference = an_audit(world, state, grade=grade)
    if state == "draft" and move != "discard":
        save(world, "auditor", reference, "consultation", {"spoke_to": "Priya Nair"})
    if state == "practitioner_consulted":
        _fill(world, reference, grade)
    if state == "shared":
        assign(world, reference)
    if state == "shared" and move != "waive_moderation":
        save(world, "moderator", reference, "moderation", {"grade": grade, **FOURTEENTH})
    if state == "moderated" and move == "close_actions":
        settle(world, reference)
    if state in {"draft", "practitioner_consulted", "graded", "shared", "moderated"} and move == "withdraw":
        make_audit_move(world.command_context(), world.person("qa"), reference, WITHDRAW)
    return world, reference


def _fill(world: World, reference: str, grade: str) -> None:
    for section, given in answers(grade).items():
        if section not in {"details", "consultation"}:
            save(world, "auditor", reference, section, given)


def _with_action(state: str, grade: str) -> tuple[World, str]:
    world = a_fake_world()
    reference = an_audit(world, "moderated", grade=grade)
    reporter, verifier = ("head.of.service", "hos.ppqa") if grade == "inadequate" else ("team.manager", "qa")
    if state == "open":
        action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), reference, 1, date(2026, 12, 28), "Ill.")
    if state in {"reported", "verified"}:
        action_moves.report(world.command_context(), world.person(reporter), reference, 1)
    if state == "verified":
        action_moves.verify(world.command_context(), world.person(verifier), reference, 1)
    if state == "cancelled":
        action_moves.cancel(world.command_context(), world.person("qa"), reference, 1, "No longer needed.")
    return world, reference


def _action_move(move: str) -> Try:
    def attempt(world: World, reference: str, name: str) -> str:
        given = {"move": move, "reason": "Because.", "completed_on": "", "due_on": LATER}
        return _outcome(
            world,
            reference,
            lambda: make_action_move(world.command_context(), world.person(name), reference, 1, given),
            lambda audit: audit.actions[0].state,
        )

    return attempt


def _escalated(state: str) -> tuple[World, str]:
    world = a_fake_world()
    reference = an_audit(world, "moderated", grade="good" if state == "none" else "inadequate")
    if state == "acknowledged":
        for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
            make_escalation_move(world.command_context(), world.person(name), reference, {"move": "acknowledge", "plan": "", "reason": ""})
        make_escalation_move(
            world.command_context(), world.person("head.of.service"), reference, {"move": "plan", "plan": "Visit.", "reason": ""}
        )
    if state == "resolved":
        resolve(world, reference)
    return world, reference


def _escalation_move(move: str) -> Try:
    def attempt(world: World, reference: str, name: str) -> str:
        given = {"move": move, "plan": "Visit daily.", "reason": "Because."}
        return _outcome(
            world,
            reference,
            lambda: make_escalation_move(world.command_context(), world.person(name), reference, given),
            lambda audit: audit.escalation_state,
        )

    return attempt


def test_a_shared_audit_is_refused_again_by_everybody_once_it_is_shared() -> None:
    world = a_fake_world()
    reference = an_audit(world, "shared")
    attempts = [_audit_move("share")(world, reference, name) for name in PEOPLE.values()]
    assert not any(outcome.startswith("->") for outcome in attempts)


def _escalated_and_withdrawn(state: str) -> tuple[World, str]:
    world, reference = _escalated(state)
    make_audit_move(world.command_context(), world.person("qa"), reference, WITHDRAW)
    make_audit_move(world.command_context(), world.person("hos.ppqa"), reference, WITHDRAW)
    return world, reference
