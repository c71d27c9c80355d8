"""The last page before sharing: the child, the grade, who is notified as what, who must acknowledge, and the audit as they will see it."""

from flask import Flask
from sqlalchemy import insert, select
from time_machine import Traveller

from tests.factories import World, an_audit, assign
from tests.web.support.browser import Browser, text_of
from tests.web.support.roles import leaves, now_holds
from web.council import Council
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.commands.directory.memberships import change_units
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import duties, readings


def page_of(app: Flask, reference: str) -> str:
    return text_of(Browser(app, "auditor").get(f"/audits/{reference}/moves/share").get_data(as_text=True))


def test_it_shows_the_child_the_grade_and_each_recipient_with_role_and_team(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="graded", details={"qaro": "service.manager@demo.example"})
    now_holds(app.extensions["council"], "service.manager", "service_manager", "qaro")
    change_units(world.command_context(), world.person("admin"), world.person("team.manager").id, "")
    page = page_of(app, reference)
    assert "Child’s ID C-1001 Team Assessment East Final judgement Good" in page
    listed = page.partition("Name Role Team ")[2].partition(" The audit as they will see it")[0]
    assert listed == (
        "Priya Nair Social Worker/PA, Person responsible Assessment East Tess Marlow Team Manager None recorded "
        "Sian Pritchard Service Manager, QARO Assessment and Child Protection, Children We Care For The QA inbox QA Service Whole council"
    )
    assert "opens an escalation" not in page


def test_an_owner_with_no_role_on_the_case_is_listed_too(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="graded")
    given = NewAction("Visit.", "head.of.service2@demo.example", "2026-12-20")
    actions.add_action(world.command_context(), world.person("auditor"), reference, given)
    assert "Hamza Siddiqui Person responsible None recorded" in page_of(app, reference)


def test_it_shows_the_audit_as_readers_will_see_it_and_logs_the_reading(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="graded")
    shown = page_of(app, reference).partition("The audit as they will see it")[2]
    browser = Browser(app, "auditor")
    assert browser.post(f"/audits/{reference}/moves/share").status_code == 303
    read = text_of(Browser(app, "team.manager").get(f"/audits/{reference}/read").text).partition("1. ")[2]
    seen_by_reader, seen_before = (text.partition(" Practice Audit, Demo Council")[0].strip() for text in (read, shown.partition("1. ")[2]))
    assert (seen_by_reader, "Alex is safer." in seen_before) == (seen_before.partition(" Share the audit")[0].strip(), True)
    with read_transaction(app.extensions["council"].engine) as connection:
        assert connection.execute(select(readings.c.what).where(readings.c.what == "audits.move")).scalars().all() == ["audits.move"]


def test_each_post_is_shown_with_its_holder_and_deputies(app: Flask, world: World, clock: Traveller) -> None:
    reference, council = an_audit(world, at="graded", grade="inadequate"), app.extensions["council"]
    _deputy(council, world.person("qaro").id)
    names = {name: world.person(name).name for name in ("head.of.service", "director.safeguarding", "hos.ppqa", "qaro")}
    page = page_of(app, reference)
    for post, name in (("Head of Service", "head.of.service"), ("Director", "director.safeguarding")):
        assert f"{post} {names[name]}" in page
    assert f"Deputy: {names['qaro']}" in page
    assert "standing in" not in page
    leaves(council, "head.of.service")
    assert f"Head of Service {names['qaro']}, standing in" in page_of(app, reference)
    assert "The QA Service will also be notified" in page_of(app, reference)
    leaves(council, "qaro")
    assert f"Head of Service {names['director.safeguarding']}, standing in" in page_of(app, reference)


def test_a_post_without_holder_or_deputy_is_shown_as_vacant(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="graded", grade="inadequate")
    for name in ("director.safeguarding", "hos.ppqa"):
        leaves(app.extensions["council"], name)
    assert "Director Vacant Nobody stands in" in page_of(app, reference)


def test_after_sharing_the_audit_shows_who_has_been_notified(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    for name in ("auditor", "qaro", "hos.ppqa"):
        page = text_of(Browser(app, name).get(f"/audits/{reference}").get_data(as_text=True))
        assert "0 of 3 people have acknowledged" in page
        assert f"{world.person('director.safeguarding').name} Director Sent" in page
    assert "people have acknowledged" not in Browser(app, "auditor").get(f"/audits/{an_audit(world, at='shared')}").get_data(as_text=True)
    # The moderator, who must judge independently, sees none of it.
    moderated = an_audit(world, at="shared", grade="inadequate")
    assign(world, moderated)
    assert "people have acknowledged" not in Browser(app, "moderator").get(f"/audits/{moderated}").get_data(as_text=True)


def _deputy(council: Council, person_id: int) -> None:
    with write_transaction(council.engine) as connection:
        held = {"person_id": person_id, "role": "head_of_service", "scope": "assessment", "is_deputy": True}
        connection.execute(insert(duties).values(held))
        bump_version(connection)
