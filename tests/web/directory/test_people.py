"""The pages of the directory: who may open them, what they do, and that a right ends with the next request."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.factories import World, an_audit, assign
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from workflow.commands.directory import people
from workflow.commands.directory import roles as role_commands
from workflow.directory import Duty
from workflow.working_days import london_day

EVERYBODY = (
    "auditor", "practitioner", "team.manager", "service.manager", "qaro", "moderator", "qa", "head.of.service", "director.parenting",
    "hos.ppqa", "governance", "admin",
)  # fmt: skip
SEE = {"qa", "hos.ppqa", "governance", "admin"}
READ = ("/people", "/people?q=amara", "/people/1", "/people/posts", "/people/teams", "/people/requests")
EDIT = ("/people/new", "/people/1/change", "/people/1/roles", "/people/1/teams", "/people/1/leave", "/people/1/delegations", "/people/teams/new/team",
        "/people/teams/team/care-west")  # fmt: skip
OWN = ("/connections", "/delegations")


@pytest.mark.parametrize("name", EVERYBODY)
def test_each_page_opens_only_for_people_with_its_right(app: Flask, world: World, name: str) -> None:
    browser = Browser(app, name)
    for paths, may in ((READ, name in SEE), (EDIT, name == "admin"), (OWN, True), (("/people/1/connections",), name in {"qa", "hos.ppqa"})):
        assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200 if may else 403)
    assert ('href="/people"' in browser.get("/").text) is (name in SEE)
    for path in ("/people/999", "/people/999/change", "/people/teams/team/nowhere", "/people/teams/new/galaxy", "/people/x"):
        assert browser.get(path).status_code in ({404} if name == "admin" else {403, 404}), path


@pytest.mark.parametrize("name", EVERYBODY)
def test_every_post_of_an_editor_is_refused_to_others(app: Flask, world: World, name: str) -> None:
    before = world.store.directory().people
    browser = Browser(app, name)
    me, posts = world.person(name).id, {
        "/people/new": {"name": "N", "email": "n@demo.example"}, "/people/{}/change": {"name": "N", "email": "n@demo.example"},
        "/people/{}/roles": {"role": "auditor"}, "/people/{}/roles/take": {"role": "moderator"}, "/people/{}/teams": {"teams": "care-west"}, "/people/{}/leave": {}, "/people/{}/back": {},
        "/people/{}/delegations": {"role": "moderator", "person": f"{name}@demo.example"},
        "/people/teams/new/branch": {"code": "x", "name": "X"}, "/people/teams/branch/parenting": {"name": "X"},
    }  # fmt: skip
    for path, typed in posts.items():
        if name != "admin":
            assert browser.post(path.format(world.person("moderator2").id), **typed).status_code == 403, path
        elif "{}" in path:
            assert browser.post(path.format(me), **typed).status_code in {403, 422}, path
    assert world.store.directory().people == before


# They keep sight of the audit, and may do nothing (rules, section 3).
NAMED_IN_THE_ESCALATION = {"head.of.service", "director.safeguarding", "hos.ppqa"}


def test_a_removed_role_is_refused_at_the_next_request(app: Flask, world: World, caller: ApiClient) -> None:
    reference = an_audit(world, "shared", grade="inadequate")
    assign(world, reference)
    admin = world.person("admin")
    roles = {
        "moderator": Duty("moderator"), "practitioner": Duty("practitioner"), "qaro": Duty("qaro"), "team.manager": Duty("team_manager"),
        "head.of.service": Duty("head_of_service", "assessment"), "director.safeguarding": Duty("director", "safeguarding"),
        "hos.ppqa": Duty("hos_ppqa"), "governance": Duty("governance"), "auditor": Duty("auditor"), "qa": Duty("qa"),
    }  # fmt: skip
    for name, duty in roles.items():
        browser, email, path = Browser(app, name), f"{name}@demo.example", f"/audits/{reference}"
        # Who owns an action of it keeps knowing that action.
        page, api = (f"{path}/read", "/history") if name == "practitioner" else (path, "")
        assert (browser.get(page).status_code, caller.call(email, "GET", path + api).status_code) == (200, 200), name
        role_commands.take_role(world.command_context(), admin, world.person(name).id, duty)
        if name in NAMED_IN_THE_ESCALATION:
            assert caller.call(email, "GET", path).json["may"] == [], name
            continue
        assert browser.get(page).status_code in {403, 404}, name
        assert caller.call(email, "GET", path + api).status_code in {403, 404}, name
        assert name == "practitioner" or reference not in browser.get("/audits").text


def test_a_leaver_is_signed_out_everywhere_at_once(app: Flask, world: World, caller: ApiClient) -> None:
    browser = Browser(app, "auditor")
    assert caller.call("auditor@demo.example", "GET", "/audits").status_code == 200
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("auditor").id)
    assert browser.get("/").status_code == 302
    assert caller.call("auditor@demo.example", "GET", "/audits").status_code == 401
    people.mark_as_back(world.command_context(), world.person("admin"), world.person("auditor").id)
    assert browser.get("/").status_code == 302
    assert caller.call("auditor@demo.example", "GET", "/audits").status_code == 401


def test_a_new_person_gets_a_privileged_role_from_two_people(app: Flask, world: World) -> None:
    admin, ppqa = Browser(app, "admin"), Browser(app, "hos.ppqa")
    here = admin.post("/people/new", name="Nia New", email="Nia.New@demo.example").headers["Location"]
    assert "A second person must approve it" in text_of(admin.client.post(f"{here}/roles", data={"csrf_token": admin.token, "role": "qa"},
                                                                     follow_redirects=True).text)  # fmt: skip
    assert "Decide whether to give Nia New a role" in text_of(ppqa.get("/").text)
    assert "Another person must decide this." in admin.get("/people/requests").text
    assert admin.post("/people/requests/1", answer="grant").status_code == 403
    assert ppqa.post("/people/requests/1", answer="perhaps").status_code == 422
    assert ppqa.post("/people/requests/1", answer="grant").status_code == 303
    assert world.person("nia.new").roles == {"qa"}
    assert "Nia New" not in ppqa.get("/").text
    for browser, sees in ((admin, True), (ppqa, True), (Browser(app, "governance"), True), (Browser(app, "qa"), False)):
        page = text_of(browser.get(here).text)
        assert ("Role approved: QA Service, requested by Adam Minns" in page) is sees
        assert ("Connections to children" in page) is (browser is ppqa or not sees)


def test_a_vacant_post_is_marked_and_names_the_deputy(app: Flask, world: World) -> None:
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("head.of.service").id)
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("director.parenting").id)
    page = text_of(Browser(app, "admin").get("/people/posts").text)
    assert "Head of Service, Assessment and Child Protection Vacant Dawn Sefton stands in" in page
    assert "Director, Corporate Parenting Vacant Paula Pemberton stands in" in page
    assert page.count("Vacant") == 2


def test_a_connection_is_declared_seen_and_ended_in_pages(app: Flask, world: World) -> None:
    reference = an_audit(world, "shared")
    qaro, qa = Browser(app, "qaro"), Browser(app, "qa")
    answer = qaro.post("/connections", child_id="C-1001")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/connections")
    assert qaro.get(f"/audits/{reference}").status_code == 404
    assert "Still declared" in qaro.get("/connections").text
    assert qaro.post("/connections/1/end").status_code == 403
    theirs = f"/people/{world.person('qaro').id}/connections"
    assert Browser(app, "admin").get(theirs).status_code == 403
    assert "C-1001" in qa.get(theirs).text
    assert qa.post("/connections/1/end").headers["Location"] == theirs
    assert qaro.get(f"/audits/{reference}").status_code == 200
    assert "c-1001" not in "".join(Browser(app, name).get(f"/people/{world.person('qaro').id}").text for name in ("admin", "governance"))


def test_cover_is_set_up_and_ended_on_pages(app: Flask, world: World) -> None:
    auditor = Browser(app, "auditor")
    day = {
        f"{name}__{part}": value
        for name in ("starts_on", "ends_on")
        for part, value in zip(("day", "month", "year"), _today(), strict=True)
    }
    assert auditor.post("/delegations", role="auditor", person="qaro@demo.example", **day).status_code == 303
    assert "auditor" in world.store.directory().people[world.person("qaro").id].roles
    assert auditor.post("/delegations", role="qa", person="qaro@demo.example", **day).status_code == 422
    assert auditor.post("/delegations", role="nonsense", person="nobody", **day).status_code == 422
    assert Browser(app, "qaro").post("/delegations/1/end").status_code == 303
    assert "auditor" not in world.store.directory().people[world.person("qaro").id].roles


def _today() -> tuple[str, str, str]:
    today = london_day(datetime.now(UTC))
    return str(today.day), str(today.month), str(today.year)


def test_people_of_one_name_are_distinguished_where_somebody_is_chosen(app: Flask, world: World) -> None:
    """Else an administrator could add a second Team Manager of that name, for an auditor to choose by mistake."""
    real, admin = world.person("team.manager"), world.person("admin")
    person_id = people.add_person(world.command_context(), admin, real.name.upper(), "invented@demo.example")
    role_commands.give_role(world.command_context(), admin, person_id, Duty("team_manager"))
    page = Browser(app, "auditor").get(f"/audits/{an_audit(world, 'draft')}/sections/details").text
    assert f"{real.name} ({real.email})" in page
    assert f"{real.name.upper()} (invented@demo.example)" in page
    assert "team.manager2@demo.example)" not in page


def test_a_new_address_is_asked_for_and_approved_on_the_pages(app: Flask, world: World) -> None:
    admin, approver, person = Browser(app, "admin"), Browser(app, "hos.ppqa"), world.person("team.manager")
    path, new = f"/people/{person.id}", "new.mailbox@demo.example"
    assert admin.post(f"{path}/change", name=person.name, email=new).status_code == 303
    page = text_of(admin.get(path).text)
    assert "until then the old one stays" in page
    assert f"waiting for a second person: {new}" in page
    assert "Decide whether to change the email address of Tess Marlow" in approver.get("/").text
    for browser, buttons in ((admin, 0), (approver, 2)):
        page = browser.get("/people/requests").text
        assert (page.count('name="answer"'), new in page, person.email in page) == (buttons, True, True)
    assert admin.post("/people/requests/1", answer="grant").status_code == 403
    assert approver.post("/people/requests/1", answer="grant").status_code == 303
    assert world.store.directory().people[person.id].email == new
    assert f"New email address approved: requested by Adam Minns, {person.email} → {new}" in text_of(approver.get("/people/changes").text)


def test_an_administrator_says_which_teams_a_person_belongs_to(app: Flask, world: World) -> None:
    admin, here = Browser(app, "admin"), f"/people/{world.person('practitioner').id}"
    assert "Teams Assessment East" in text_of(admin.get(here).text)
    form = admin.get(f"{here}/teams").text
    assert ('value="care-west"' in form, 'value="care"' in form, form.count(" checked")) == (True, False, 1)
    assert "Children We Care For (service)" in admin.get(f"/people/{world.person('service.manager').id}/teams").text
    assert admin.post(f"{here}/teams", teams=["assessment-east", "care-west"]).status_code == 303
    assert "Teams Assessment East, Care West" in text_of(admin.get(here).text)
    assert "Teams changed: Assessment East → Assessment East, Care West" in text_of(admin.get(here).text)
    refused = admin.post(f"{here}/teams", teams=["care"])
    assert (refused.status_code, "only a Service Manager belongs to one" in refused.text) == (422, True)
    admin.post(f"{here}/teams")
    assert "Teams changed: Assessment East, Care West → none" in text_of(admin.get("/people/changes").text)
