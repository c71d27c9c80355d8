"""The tables themselves: nobody is stuck, no name is there twice, a table that can’t be read is refused with a sentence."""

import pytest

from config.settings import FOLDER
from tests.factories import PERMISSIONS, RULES, a_fake_world, an_audit
from workflow.commands.available_moves import available_moves
from workflow.errors import ConfigurationError
from workflow.guards import GUARDS
from workflow.permissions import relations
from workflow.state_diagram import main
from workflow.workflow_config import Track, read_rules

TEXT = (FOLDER / "workflow.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", ["draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed"])
def test_from_every_state_but_the_last_somebody_can_move_the_audit_on(state: str) -> None:
    world = a_fake_world()
    audit = world.audit(an_audit(world, state))
    makers = [
        offer.move.name
        for person in world.store.directory().people.values()
        for offer in available_moves(world.command_context(), person, audit, relations(person, audit, world.store.directory()))
        if offer.move.to not in {"", "withdrawn"}
    ]
    assert makers


@pytest.mark.parametrize("track", [RULES.audit, RULES.action, RULES.escalation], ids=lambda track: track.name)
def test_every_state_but_the_final_ones_has_an_owner_and_a_move_onward(track: Track) -> None:
    for state in track.states.values():
        assert state.final or state.owner, state.name
        assert state.final or any(state.name in move.sources and move.by for move in track.moves.values()), state.name


@pytest.mark.parametrize("track", [RULES.audit, RULES.action, RULES.escalation], ids=lambda track: track.name)
def test_no_move_leads_two_ways_from_one_state(track: Track) -> None:
    rows = [(move.name, source) for move in track.moves.values() for source in move.sources]
    assert len(rows) == len(set(rows))


def test_every_guard_is_used_and_every_right_is_granted_to_somebody() -> None:
    used = {
        guard
        for track in (RULES.audit, RULES.action, RULES.escalation)
        for move in track.moves.values()
        for guard in (*move.needs, *move.needs_when_asked, move.waits_for)
    }
    assert GUARDS.keys() <= used
    assert all(PERMISSIONS.table.values())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "grade"', 'name = "revise"', "revise"),
        (f"version = {RULES.version}", "version = ", "line"),
        ('title = "Draft"', 'titel = "Draft"', "titel"),
        ("[escalation.next_up]", "[escalation.next_down]", "next_up"),
    ],
)
def test_a_broken_table_is_refused_with_a_sentence_that_names_the_place(old: str, new: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_rules(TEXT.replace(old, new, 1), "workflow.toml")
    assert "workflow.toml" in refused.value.sentence
    assert named in refused.value.sentence


def test_the_picture_in_the_readme_is_current() -> None:
    assert main(["--check"]) == 0
