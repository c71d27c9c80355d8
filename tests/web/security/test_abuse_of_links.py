"""Every invalid link in an escalation email: used, ended, somebody else’s, forged, or for a post that changed hands."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert
from time_machine import Traveller

from notifications.delivery.acknowledgement_links import make_token, read_token
from tests.factories import NOW, World, an_audit, resolve, settings
from tests.web.access_matrix.runner import table_digests
from tests.web.support.browser import Browser
from tests.web.support.emailed_links import initials_at, is_ended, link_to, presses, works
from tests.web.support.roles import leaves, now_holds
from web.council import Council
from web.escalations import queries
from workflow.commands import audit_moves, escalations
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import write_transaction
from workflow.storage.tables import connections


@pytest.fixture
def escalated(app: Flask, world: World, clock: Traveller) -> str:
    return an_audit(world, at="shared", grade="inadequate")


def test_an_acknowledgement_in_the_service_ends_it(app: Flask, world: World, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    escalations.acknowledge(world.command_context(), world.person("hos.ppqa"), escalated)
    assert is_ended(app, path)
    resolved = an_audit(world, at="shared", grade="inadequate")
    works(app)
    paths = [link_to(app, name) for name in ("head.of.service", "director.safeguarding", "hos.ppqa")]
    resolve(world, resolved)
    assert all(is_ended(app, one) for one in paths)


def test_it_ends_after_fourteen_days(app: Flask, escalated: str, clock: Traveller) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    clock.move_to(NOW + timedelta(days=14) - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    clock.move_to(NOW + timedelta(days=14))
    assert is_ended(app, path)
    clock.move_to(NOW - timedelta(seconds=1))
    assert is_ended(app, path)


def test_a_link_of_an_earlier_opening_does_not_acknowledge_a_later_one(app: Flask, world: World, escalated: str, clock: Traveller) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), escalated, "The team is wrong.")
    world.passes(hours=1)
    audit_moves.share(world.command_context(), world.person("auditor"), escalated)
    assert world.audit(escalated).escalation.number == 2  # type: ignore[union-attr]
    clock.move_to(world.now)
    assert is_ended(app, path)
    works(app, world.now)
    assert presses(app.test_client(), link_to(app, "hos.ppqa")).status_code == 200


def test_who_left_or_lost_the_post_can_not_use_it_nor_who_took_it_over(app: Flask, world: World, escalated: str) -> None:
    works(app)
    council: Council = app.extensions["council"]
    head, ppqa, director = (link_to(app, name) for name in ("head.of.service", "hos.ppqa", "director.safeguarding"))
    now_holds(council, "head.of.service", "auditor")
    now_holds(council, "auditor2", "head_of_service:assessment")
    assert is_ended(app, head)
    leaves(council, "hos.ppqa")
    assert is_ended(app, ppqa)
    # The email was about a different one of the three posts.
    now_holds(council, "director.safeguarding", "head_of_service:assessment")
    assert is_ended(app, director)


def test_who_is_connected_to_the_child_can_not_use_it(app: Flask, world: World, escalated: str) -> None:
    works(app)
    path, council, me = link_to(app, "hos.ppqa"), app.extensions["council"], world.person("hos.ppqa").id
    with write_transaction(council.engine) as connection:
        declared = {"person_id": me, "child_id": "c-1001", "declared_by": me, "declared_at": NOW}
        connection.execute(insert(connections).values(declared))
        bump_version(connection)
    assert is_ended(app, path)


def test_no_letter_of_it_can_be_changed_and_nothing_else_signs_it(app: Flask, world: World, escalated: str) -> None:
    works(app)
    council: Council = app.extensions["council"]
    path, tried = link_to(app, "hos.ppqa"), 0
    token = path.partition("token=")[2]
    for at in range(len(token)):
        for letter in "Az-":
            changed_token = token[:at] + letter + token[at + 1 :]
            if changed_token != token:
                tried += 1
                assert read_token(changed_token, council.settings) is None, at
    for other in (token[:-1], f"{token}A", f"{token}=", f" {token}", f"{token}\n", "", "é", "A" * 5000, token.swapcase()):
        tried += 1
        assert read_token(other, council.settings) is None
    facts = read_token(token, council.settings)
    assert facts
    other_key = settings(council.settings.data, SECRET_KEY="another key of another council")
    assert is_ended(app, f"/acknowledge?token={make_token(facts, other_key)}")
    print(f"{tried} changed links refused; a link is {len(token)} letters")


def test_a_link_is_nobody_elses_even_where_they_are_signed_in(app: Flask, world: World, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    other, own = Browser(app, "director.safeguarding"), Browser(app, "hos.ppqa")
    assert other.get(path).status_code == 410
    assert other.post("/acknowledge", token=path.partition("token=")[2]).status_code == 410
    assert not [one for one in world.audit(escalated).escalation.recipients if one.acknowledged_at]  # type: ignore[union-attr]
    assert own.post("/acknowledge", token=path.partition("token=")[2], initials=initials_at(app, path)).status_code == 200


def chosen_at(app: Flask, path: str) -> tuple[str, list[str]]:
    """The person’s own initials, and the others that are offered."""
    page, right = app.test_client().get(path).get_data(as_text=True), initials_at(app, path)
    offered = re.findall(r'name="initials" type="radio" value="([^"]+)"', page)
    assert "checked" not in page
    assert right in offered
    return right, [one for one in offered if one != right]


def test_ac34_a_scanner_that_presses_the_button_acknowledges_nothing(app: Flask, world: World, escalated: str) -> None:
    works(app)
    path, before = link_to(app, "hos.ppqa"), table_digests(app.extensions["council"].engine)
    for initials in ("", "on", "XX", "☃", "\x00", "A" * 5000):
        answer = presses(app.test_client(), path, initials)
        assert answer.status_code == 422
        assert "Choose your initials." in answer.get_data(as_text=True)
    assert table_digests(app.extensions["council"].engine) == before
    assert presses(app.test_client(), path).status_code == 200


def test_ac34_three_wrong_choices_leave_only_signing_in(app: Flask, world: World, escalated: str, clock: Traveller) -> None:
    works(app)
    path, other = link_to(app, "hos.ppqa"), link_to(app, "head.of.service")
    right, wrong = chosen_at(app, path)
    before = table_digests(app.extensions["council"].engine)["history"]
    for initials, status in zip(wrong, (422, 422, 410), strict=True):
        answer = presses(app.test_client(), path, initials)
        assert answer.status_code == status
        assert ("Those are not your initials" in answer.get_data(as_text=True)) == (status == 422)
    assert is_ended(app, path)
    clock.move_to(NOW + timedelta(days=13))
    assert app.test_client().post("/sign-in", data={"email": "x@y.example", "password": "x" * 12}).status_code in {400, 401, 403, 422}
    assert is_ended(app, path), f"{right} is refused for as long as the link lasts"
    assert table_digests(app.extensions["council"].engine)["history"] == before
    assert presses(app.test_client(), other).status_code == 200, "another link is as it was"
    assert Browser(app, "hos.ppqa").post(f"/audits/{escalated}/escalation/moves/acknowledge").status_code in {302, 303}


def test_ac34_choosing_all_of_them_at_once_is_choosing_three_times(app: Flask, world: World, escalated: str) -> None:
    works(app)
    council: Council = app.extensions["council"]
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: queries.add_choice(council.engine, "a link", 3, NOW), range(12)))
    assert sum(counted) == 3


def test_ac34_every_link_of_a_person_offers_the_same_initials(app: Flask, world: World, escalated: str) -> None:
    works(app)
    first = chosen_at(app, link_to(app, "hos.ppqa"))
    an_audit(world, at="shared", grade="inadequate")
    works(app)
    assert chosen_at(app, link_to(app, "hos.ppqa")) == first
