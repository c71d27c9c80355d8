"""The QA Service sees each duty whose holder is gone, and names somebody else on a page."""

from flask import Flask
from time_machine import Traveller

from tests.factories import World, an_audit, assign
from tests.web.support.browser import Browser, text_of
from tests.web.support.roles import leaves
from web.council import Council


def _gone(app: Flask, *names: str) -> Council:
    council: Council = app.extensions["council"]
    for name in names:
        leaves(council, name)
    return council


def test_every_duty_of_somebody_who_left_is_listed_and_leads_to_where_a_successor_is_chosen(
    app: Flask, world: World, clock: Traveller
) -> None:
    draft, shared = an_audit(world, "draft"), an_audit(world, "shared")
    assign(world, shared)
    qa = Browser(app, "qa")
    assert "Every duty has a holder." in text_of(qa.get("/duties").get_data(as_text=True))
    assert "without a holder" not in qa.get("/").get_data(as_text=True)
    _gone(app, "auditor", "moderator", "team.manager", "service.manager", "qaro", "practitioner")
    page = qa.get("/duties").get_data(as_text=True)
    owed = {"auditor": draft, "moderator": shared, "people/team_manager": shared, "people/service_manager": shared, "people/qaro": shared}
    for where, reference in {**owed, "actions/1/owner": shared}.items():
        assert f'href="/audits/{reference}/{where}"' in page
        assert qa.get(f"/audits/{reference}/{where}").status_code == 200
    assert page.count(">Name another ") == 6
    assert "Name somebody else for 6 duties without a holder" in qa.get("/").get_data(as_text=True)


def test_a_successor_is_chosen_among_those_who_could_do_it(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, "shared")
    _gone(app, "team.manager")
    qa, where = Browser(app, "qa"), f"/audits/{reference}/people/team_manager"
    page = qa.get(where).get_data(as_text=True)
    assert "team.manager2@demo.example" in page
    assert "practitioner2@demo.example" not in page
    refused = qa.post(where, person="", reason="")
    assert refused.status_code == 422
    assert all(words in refused.get_data(as_text=True) for words in ("Give a reason.", "Choose somebody who is active here"))
    assert f"{world.person('service.manager').name} answers for it" in text_of(qa.get(f"/audits/{reference}").get_data(as_text=True))
    assert qa.post(where, person="team.manager2@demo.example", reason="She left.").status_code == 303
    assert world.audit(reference).header.team_manager_id == world.person("team.manager2").id
    assert Browser(app, "team.manager2").get(f"/audits/{reference}").status_code == 200
    history = text_of(qa.get(f"/audits/{reference}/history").get_data(as_text=True))
    assert "Somebody else named: Team Manager She left." in history


def test_an_owner_is_named_from_the_page_of_the_action(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world)
    qa, where = Browser(app, "qa"), f"/audits/{reference}/actions/1/owner"
    assert f'href="{where}"' in qa.get(f"/audits/{reference}/actions/1").get_data(as_text=True)
    assert qa.post(where, person="practitioner2@demo.example", reason="He left.").status_code == 303
    assert Browser(app, "practitioner2").get(f"/audits/{reference}/actions/1").status_code == 200


def test_a_draft_is_given_to_another_auditor_on_a_page(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, "draft")
    qa, where = Browser(app, "qa"), f"/audits/{reference}/auditor"
    assert qa.post(where, auditor="nobody@demo.example").status_code == 422
    assert qa.post(where, auditor="auditor2@demo.example").status_code == 303
    assert world.audit(reference).auditor_id == world.person("auditor2").id
