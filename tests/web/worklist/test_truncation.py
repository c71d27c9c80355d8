"""More waits for somebody than a page holds: what has waited longest is on it, and it says that there is more."""

from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from tests.workflow.storage.support.bulk_audits import multiply
from web.council import Council
from web.worklist.queries import MOST
from workflow.storage.engine import write_transaction

MORE = "There may be more tasks than this page shows."


def test_the_oldest_escalation_is_on_the_page_and_that_there_is_more(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    first = an_audit(world, at="shared", grade="inadequate")
    world.passes(days=1)
    an_audit(world, at="shared", grade="inadequate")
    director = Browser(app, "director.safeguarding")
    assert MORE not in text_of(director.get("/").text)
    with write_transaction(council.engine) as connection:
        multiply(connection, MOST)
    page = director.get("/").text
    assert f"/audits/{first}/escalation" in page
    assert MORE in text_of(page)


def test_a_truncated_list_never_claims_to_be_empty(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    an_audit(world, at="shared", grade="inadequate")
    with write_transaction(council.engine) as connection:
        multiply(connection, MOST)
    said = text_of(Browser(app, "governance").get("/").text)
    assert MORE in said
    assert "You have no tasks." not in said
