"""The teams that people belong to: edited by an administrator, on the record, and gone when the person leaves."""

import pytest

from tests.factories import World
from tests.workflow.commands.directory.support import EVERYBODY, kept
from workflow.commands.directory import people
from workflow.commands.directory.memberships import change_units
from workflow.directory import Team
from workflow.errors import BadInput, NotFound, PermissionDenied

EAST = Team("assessment-east", "Assessment East", "assessment", "safeguarding")
WEST = Team("care-west", "Care West", "care", "parenting")
DEMO = {
    "auditor": (True, False), "practitioner": (True, False), "team.manager": (True, False), "auditor2": (False, True),
    "practitioner2": (False, True), "team.manager2": (False, True), "service.manager": (True, True), "qaro": (True, True),
}  # fmt: skip


def test_the_demo_council_has_its_people_in_their_teams(world: World) -> None:
    people = world.store.directory().people.values()
    belonging = {one.email.partition("@")[0]: (one.belongs_to(EAST), one.belongs_to(WEST)) for one in people if one.units}
    assert belonging == DEMO


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_an_administrator_moves_people_and_never_themselves(world: World, name: str) -> None:
    if name == "admin":
        change_units(world.command_context(), world.person(name), world.person("practitioner").id, " care-west; assessment-east;")
        assert world.person("practitioner").units == {"care-west", "assessment-east"}
    for other in (name, *(["practitioner"] if name != "admin" else ())):
        with pytest.raises(PermissionDenied):
            change_units(world.command_context(), world.person(name), world.person(other).id, "care-west")


def test_a_move_is_on_the_record_once(world: World) -> None:
    admin, person = world.person("admin"), world.person("service.manager")
    for codes in ("care;care-west", "care-west;care", ""):
        change_units(world.command_context(), admin, person.id, codes)
    assert kept(world) == [
        ("Adam Minns", "membership_changed", '{"teams": "care;care-west", "teams_was": "assessment;care"}'),
        ("Adam Minns", "membership_changed", '{"teams": "", "teams_was": "care;care-west"}'),
    ]


@pytest.mark.parametrize("codes", ["care-north", "parenting", "care", "care-west;care", "<b>"])
def test_a_code_of_no_team_or_a_service_of_another_role_is_refused(world: World, codes: str) -> None:
    person, version = world.person("practitioner"), world.store.directory().version
    with pytest.raises(BadInput):
        change_units(world.command_context(), world.person("admin"), person.id, codes)
    with pytest.raises(NotFound):
        change_units(world.command_context(), world.person("admin"), 999, "care-west")
    assert (world.person("practitioner"), world.store.directory().version) == (person, version)


def test_a_returner_belongs_to_no_team(world: World) -> None:
    admin, person = world.person("admin"), world.person("practitioner")
    people.mark_as_left(world.command_context(), admin, person.id)
    with pytest.raises(BadInput, match="can’t be accepted"):
        change_units(world.command_context(), admin, person.id, "care-west")
    people.mark_as_back(world.command_context(), admin, person.id)
    assert world.person("practitioner").units == frozenset()
