"""After a change of address: who is told, at which address, and that nothing sent to the old one opens anything."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from time_machine import Traveller

from notifications.scheduling.worker import run_once
from tests.factories import NOW, World, an_audit
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.identity.test_returners import reset_link
from tests.web.support.browser import Browser
from tests.web.support.emailed_links import is_ended, link_to, works
from tests.web.support.sign_in import Visitor, set_up_app
from workflow.commands.directory import people, roles

NAME, OLD, NEW = "head.of.service", "head.of.service@demo.example", "helen.new@demo.example"


def ask(world: World) -> int:
    person = world.person(NAME)
    people.change_person(world.command_context(), world.person("admin"), person.id, person.name, NEW)
    return person.id


def agree(world: World) -> None:
    roles.answer_request(world.command_context(), world.person("hos.ppqa"), 1, is_granted=True)


def test_nothing_of_the_old_address_opens_anything(app: Flask, world: World, clock: Traveller) -> None:
    an_audit(world, "shared", grade="inadequate")
    works(app)
    acknowledge, browser, halfway = link_to(app, NAME), Browser(app, NAME), Visitor(app)
    halfway.tries(OLD)
    set_up_app(halfway)
    halfway = Visitor(app)
    halfway.tries(OLD)
    assert halfway.get("/sign-in/code").status_code == 200
    choose = reset_link(app, ask(world))
    assert [browser.get("/audits").status_code, app.test_client().get(acknowledge).status_code] == [200, 200]
    clock.shift(timedelta(minutes=1))
    world.passes(minutes=1)
    agree(world)
    assert browser.get("/audits").status_code == 302
    assert is_ended(app, acknowledge)
    assert Visitor(app).get(choose).status_code == 422
    assert halfway.get("/sign-in/code").headers["Location"].startswith("/sign-in")


def test_the_old_address_is_told_even_once_the_person_has_left(app: Flask, world: World, server: SmtpServer) -> None:
    person_id = ask(world)
    agree(world)
    people.mark_as_left(world.command_context(), world.person("admin"), person_id)
    context = app.extensions["council"].worker_context
    run_once(replace(context, settings=replace(context.settings, mail_url=server.url)), NOW)
    told = {to: body for to, body in server.taken if b"address of your account was changed" in body}
    assert list(told) == [OLD]
    assert NEW.encode() not in told[OLD]
