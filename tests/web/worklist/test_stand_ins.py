"""My work shows the Team Manager’s actions to the person who has that duty now: handed on for a time, or fallen to them."""

from flask import Flask
from time_machine import Traveller

from tests.factories import World, an_audit
from tests.web.support.browser import Browser
from tests.web.support.roles import leaves
from tests.workflow.commands.directory.support import pass_on
from workflow.commands.directory.connections import declare_connection
from workflow.directory import Duty


def _tracks(app: Flask, name: str, reference: str) -> bool:
    page = Browser(app, name).get("/").get_data(as_text=True)
    return f'Track action 1 and report when it is complete<span class="govuk-visually-hidden">, audit {reference}</span>' in page


def test_it_falls_to_the_service_manager_then_to_the_qa_service(app: Flask, world: World, clock: Traveller) -> None:
    reference, council = an_audit(world), app.extensions["council"]
    line = ["team.manager", "service.manager", "qa"]
    for at, name in enumerate(line):
        assert [_tracks(app, one, reference) for one in line[at:]] == [True] + [False] * (len(line) - at - 1)
        leaves(council, name)
    assert _tracks(app, "qa2", reference)


def test_a_connected_team_manager_is_stood_in_for(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world)
    declare_connection(world.command_context(), world.person("team.manager"), "C-1001")
    assert [_tracks(app, name, reference) for name in ("team.manager", "service.manager")] == [False, True]


def test_who_was_handed_the_role_for_a_time_acts_on_the_audits_that_name_the_giver(app: Flask, world: World, clock: Traveller) -> None:
    reference, other = an_audit(world), an_audit(world, details={"team_manager": "team.manager2@demo.example"})
    pass_on(world, "team.manager", "practitioner2", Duty("team_manager"))
    assert [_tracks(app, "practitioner2", one) for one in (reference, other)] == [True, False]
    browser = Browser(app, "practitioner2")
    assert reference in browser.get("/audits").get_data(as_text=True)
    assert [browser.get(f"/audits/{one}").status_code for one in (reference, other)] == [200, 404]
    assert (
        browser.post(
            f"/audits/{reference}/actions/1/moves/report", completed_on__day="23", completed_on__month="11", completed_on__year="2026"
        ).status_code
        == 303
    )
    assert world.audit(reference).actions[0].reported_by == world.person("practitioner2").id


def test_an_escalated_action_is_tracked_by_the_stand_in_for_the_head_of_service(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, grade="inadequate")
    leaves(app.extensions["council"], "head.of.service")
    assert [_tracks(app, name, reference) for name in ("director.safeguarding", "director.parenting", "team.manager")] == [
        True,
        False,
        False,
    ]
