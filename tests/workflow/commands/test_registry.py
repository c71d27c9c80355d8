"""Each move of the table has its function and each function its move, or the service does not start."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import FOLDER
from tests.factories import RULES, a_fake_world, an_audit, settings
from web.council import open_council
from workflow.commands.registry import REGISTRY, make_action_move, make_audit_move, make_escalation_move
from workflow.errors import BadInput, ConfigurationError

EXTRA = """
[[{track}.move]]
name = "archive"
title = "Archive"
from = ["{state}"]
by = ["qa"]
needs = []
"""


def test_every_move_that_somebody_makes_has_one_function() -> None:
    for track in (RULES.audit, RULES.action, RULES.escalation):
        assert REGISTRY[track.name].keys() == {move.name for move in track.moves.values() if move.by}


@pytest.mark.parametrize(("track", "state"), [("audit", "moderated"), ("action", "open"), ("escalation", "open")])
def test_a_move_without_a_function_stops_the_start_with_a_sentence_that_names_it(tmp_path: Path, track: str, state: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _open(tmp_path, _text() + EXTRA.format(track=track, state=state))
    assert f"workflow.toml, {track} move archive: there is no function for it" in refused.value.sentence


def test_a_function_without_a_move_stops_the_start_with_a_sentence_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _open(tmp_path, _text().replace('name = "reopen"', 'name = "open_again"'))
    assert "audit move open_again: there is no function for it" in refused.value.sentence
    assert "audit: there is no move reopen" in refused.value.sentence


@pytest.mark.parametrize("name", ["open", "archive", "", None])
def test_an_unknown_move_is_refused_by_name_on_every_track(name: str | None) -> None:
    world = a_fake_world()
    reference, context, who = an_audit(world, "moderated", grade="inadequate"), world.command_context(), world.person("qa")
    for move in (
        lambda: make_audit_move(context, who, reference, {"move": name}),
        lambda: make_action_move(context, who, reference, 1, {"move": name}),
        lambda: make_escalation_move(context, who, reference, {"move": name}),
    ):
        with pytest.raises(BadInput) as refused:
            move()
        assert refused.value.missing[0].message.startswith("There is no such move; the moves are ")


def _open(folder: Path, text: str) -> None:
    shutil.copytree(FOLDER, folder / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "config" / "workflow.toml").write_text(text, encoding="utf-8")
    open_council(replace(settings(folder), config=folder / "config"))


def _text() -> str:
    return (FOLDER / "workflow.toml").read_text(encoding="utf-8")
