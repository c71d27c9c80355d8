"""Every right and every move, for everybody in every state: the tables under config/ say what section 5 of the rules says.

All cells, in one process and without a request; that each route asks the right question of the tables is tried in test_access_matrix.py.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.factories import a_council, a_world
from tests.support.bar_table import Bar
from tests.web.access_matrix.actors import GROUPS, LONG_GROUPS, Actor, actors_in, add_missing_people, give_roles
from tests.web.access_matrix.rules_section_5 import MOVES, makes, may, records_safeguarding
from tests.web.access_matrix.scenarios import SCENARIOS, Scenario, build_all
from web.council import Council
from workflow.commands import available_moves
from workflow.commands.context import CommandContext
from workflow.models import Audit
from workflow.permissions import relations

RIGHTS = {
    "know": {"know"}, "names": {"see_state_and_names"}, "read": {"read_audit"}, "grade": {"read_overall_grade"},
    "fourteen": {"read_moderation"}, "history": {"read_history"}, "write": {"write_audit"}, "judge": {"write_moderation"},
    "allocate": {"allocate"}, "assign": {"assign_moderator"}, "add": {"add_action", "add_further_action"}, "succeed": {"name_successor"},
    "progress": {"record_progress"},
}  # fmt: skip
"""Of the table of section 5 -> those of config/permissions.toml that give it."""
FEWEST = 100_000


def test_the_tables_say_what_the_rules_say(tmp_path: Path, bar: Bar) -> None:
    council = a_council(tmp_path / "var")
    add_missing_people(council)
    references = build_all(a_world(council))
    audits = {scenario: council.store.audit(references[scenario.name]) for scenario in SCENARIOS}
    tried, wrong = 0, list[str]()
    for group in (*GROUPS, *LONG_GROUPS):
        give_roles(council, group)
        context = council.command_context()
        for actor in (one for one in actors_in(group) if one.name):
            for scenario, audit in audits.items():
                assert audit
                for what, is_allowed, should_be in _cells(council, context, audit, actor, scenario):
                    tried += 1
                    wrong += [f"{what}, {actor}, {scenario.name}, {group}: {is_allowed}"] * (is_allowed != should_be)
    council.engine.dispose()
    bar("A1", wanted=FEWEST, seen=tried)
    assert not wrong, f"{len(wrong)} of {tried} cells: " + "\n".join(wrong[:40])
    assert tried >= FEWEST


def _cells(council: Council, context: CommandContext, audit: Audit, actor: Actor, scenario: Scenario) -> Iterator[tuple[str, bool, bool]]:
    """What is asked for, whether the service allows it, and whether the rules do."""
    person = context.directory.by_email(f"{actor.name}@demo.example")
    assert person
    ties = relations(person, audit, context.directory)
    for right, names in RIGHTS.items():
        yield right, any(council.permissions.allow(name, audit, ties) for name in names), may(right, actor, scenario)
    yield "safeguarding", council.permissions.allow("record_safeguarding", audit, ties), records_safeguarding(actor, scenario)
    for track in (council.rules.audit, council.rules.action, council.rules.escalation):
        action = audit.actions[0] if track.name == "action" else None
        for name in MOVES[track.name]:
            is_theirs = available_moves.may_make(context, audit, ties, track.moves[name], action)
            yield f"{track.name} {name}", is_theirs, makes(track.name, name, actor, scenario)
