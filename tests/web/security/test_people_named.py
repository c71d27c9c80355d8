"""An abuse case of docs/threat-model.md: a person that an audit names is emailed, and reads about a child (rules, sections 1 and 2)."""

import pytest
from flask import Flask

from tests.factories import DETAILS, World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from web.directory.choices import list_with_role
from workflow.roles import CASE_ROLES

EVERYBODY = (
    "auditor2", "practitioner", "team.manager", "service.manager", "qaro", "moderator", "qa", "head.of.service", "director.safeguarding",
    "hos.ppqa", "governance", "admin",
)  # fmt: skip
NEVER = ("governance", "admin")


@pytest.mark.parametrize("role", CASE_ROLES)
def test_ac42_nobody_is_named_in_a_role_that_they_do_not_hold(app: Flask, world: World, caller: ApiClient, role: str) -> None:
    reference, auditor, holds = an_audit(world, "graded"), "auditor@demo.example", str(DETAILS[role])
    for name in (one for one in EVERYBODY if f"{one}@demo.example" != holds):
        person, details = world.person(name), {**DETAILS, role: f"{name}@demo.example"}
        if name in NEVER:
            version = caller.ok(auditor, "GET", f"/audits/{reference}")["version"]
            refused = caller.call(auditor, "PUT", f"/audits/{reference}/sections/details", details, If_Match=f'"{version}"')
            assert (refused.status_code, f"{person.name} does not work with cases" in refused.text) == (422, True)
            continue
        caller.put(auditor, reference, "details", details)
        refused = caller.call(auditor, "POST", f"/audits/{reference}/moves", {"move": "share"})
        wrong = [one["message"] for one in refused.json["missing"] if one["field"] == role and person.name in one["message"]]
        assert (refused.status_code, len(wrong)) == (422, 1), name
        assert " is not a " in wrong[0]
    assert [email["To"] for email in caller.emails()] == []
    caller.put(auditor, reference, "details", DETAILS)
    caller.move(auditor, reference, "share")
    assert caller.ok(holds, "GET", f"/audits/{reference}")["sections"]["summary"]["case_summary"]


@pytest.mark.parametrize("name", NEVER)
def test_ac42_administrators_and_governance_are_given_no_action(app: Flask, world: World, caller: ApiClient, name: str) -> None:
    draft, moderated, address = an_audit(world, "draft"), an_audit(world, "moderated"), f"{name}@demo.example"
    action = {"text": "Visit.", "owner": address, "due_on": "2026-12-20"}
    for who, reference in (("auditor", draft), ("qa", moderated)):
        assert caller.call(f"{who}@demo.example", "POST", f"/audits/{reference}/actions", action).status_code == 422
        page = Browser(app, who).get(f"/audits/{reference}/actions/new").text
        assert (address in page, "team.manager@demo.example" in page) == (False, True)
    [owned] = caller.ok("qa@demo.example", "GET", f"/audits/{moderated}")["actions"]
    given = {"person": address, "reason": "The owner has left."}
    assert caller.call("qa@demo.example", "PUT", f"/actions/{owned['id']}/owner", given).status_code == 422
    assert world.audit(moderated).actions[0].owner_id == world.person("practitioner").id


def test_ac42_the_page_offers_only_people_who_hold_the_role(app: Flask, world: World) -> None:
    page = Browser(app, "auditor").get(f"/audits/{an_audit(world, 'draft')}/sections/details").text
    directory = world.store.directory(world.now)
    for person in directory.people.values():
        expected = sum(person in list_with_role(directory, role) for role in CASE_ROLES)
        assert page.count(f'<option value="{person.email}"') == expected, person.email
