"""Before sharing an Inadequate audit its auditor sees who must acknowledge: by name, with current and possible deputies."""

from flask import Flask
from sqlalchemy import insert
from time_machine import Traveller

from tests.factories import World, an_audit, assign
from tests.web.support.browser import Browser, text_of
from tests.web.support.roles import leaves
from web.council import Council
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import write_transaction
from workflow.storage.tables import duties


def page_of(app: Flask, reference: str) -> str:
    return text_of(Browser(app, "auditor").get(f"/audits/{reference}/moves/share").get_data(as_text=True))


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
