"""What somebody could get in with is gone once they have left, and once they are back they start again."""

from flask import Flask
from flask_security.recoverable import generate_reset_password_token

from tests.factories import World
from tests.web.support.browser import Browser
from tests.web.support.sign_in import Visitor, set_up_app
from web.identity.credentials import queries
from web.identity.credentials.security_app import security_app
from workflow.commands.directory import people

MODERATOR, NEW = "moderator@demo.example", "three wet lampposts"


def reset_link(app: Flask, person_id: int) -> str:
    with app.app_context(), security_app().context() as security:
        return f"/new-password?token={generate_reset_password_token(security.datastore.find_user(id=person_id))}"


def leaves_and_comes_back(world: World, name: str) -> None:
    for command in (people.mark_as_left, people.mark_as_back):
        command(world.command_context(), world.person("admin"), world.person(name).id)


def test_a_returner_gets_in_by_a_new_password_alone(app: Flask, world: World) -> None:
    person_id = world.person("moderator").id
    before, earlier_link, with_app = Browser(app, "moderator"), reset_link(app, person_id), Visitor(app)
    with_app.tries(MODERATOR)
    set_up_app(with_app)
    leaves_and_comes_back(world, "moderator")
    assert (before.get("/").status_code, with_app.is_in()) == (302, False)
    assert Visitor(app).tries(MODERATOR).status_code == 422
    assert Visitor(app).get(earlier_link).status_code == 422
    account = queries.account_of(app.extensions["council"].engine, person_id)
    assert (account.totp, queries.recovery_codes_of(app.extensions["council"].engine, person_id)) == (None, [])
    link, visitor = reset_link(app, person_id), Visitor(app)
    assert visitor.send(link, "/new-password", token=link.partition("=")[2], new=NEW).status_code == 302
    visitor.tries(MODERATOR, NEW)
    assert visitor.is_in()
