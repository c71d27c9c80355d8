"""Each proof at every step that takes another kind, and each link, token and sign-in at the wrong time, in the wrong hands, or again."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from itertools import product

import pytest
from flask import Flask
from time_machine import Traveller

from tests.factories import a_world, an_audit
from tests.web.identity.oidc.visitor import answered
from tests.web.support.browser import PASSWORD
from tests.web.support.emailed_links import initials_at, link_to, works
from tests.web.support.owners import Owner, Session, equipped
from tests.web.support.proof_steps import (
    GOVERNANCE,
    NEW,
    QA,
    SIGN_IN,
    STEPS,
    Given,
    calendar_of,
    calls,
    challenge,
    comes_back,
    enrolment_code,
    halfway,
    passkey_visitor,
    reset_link,
    started,
    stores,
    token_of,
)
from tests.web.support.tally import Tally
from web.council import Council
from web.identity.account.proofs import FIELDS, Purpose

Try = Callable[[str], bool]


@pytest.fixture
def app(app_with_issuer: Flask) -> Flask:
    return app_with_issuer


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


@pytest.fixture
def owner(app: Flask) -> Owner:
    return equipped(app, "qa")


def test_each_proof_opens_its_own_step_alone(app: Flask, council: Council, owner: Owner, tally: Tally) -> None:
    an_audit(a_world(council), at="shared", grade="inadequate")
    works(app)
    visitor, link = Session(app), link_to(app, "hos.ppqa")
    begun = answered(started(visitor))
    proofs = {
        "password": PASSWORD, "code": owner.shows, "recovery code": owner.codes[0], "reset link": reset_link(app),
        "passkey": owner.device.get(challenge(Session(app), SIGN_IN)), "enrolment code": enrolment_code(council),
        "acknowledge link": link.partition("token=")[2], "calendar address": calendar_of(app), "token": token_of(council),
        "council sign-in": begun["state"], "code of the issuer": begun["code"],
    }  # fmt: skip
    steps = steps_of(app, visitor, begun, initials_at(app, link))
    for (kind, proof), (name, takes) in product(proofs.items(), steps.items()):
        if name not in OWN.get(kind, ()):
            tally.says(takes(proof), kind, "at", name)
    for kind, names in OWN.items():
        tally.says(steps[names[0]](proofs[kind]), kind, "at", names[0], right=True)
    tally.done()


# The first of them is tried here with the right proof, the others in test_proofs.
OWN: Mapping[str, tuple[str, ...]] = {
    "password": ("sign-in",), "code": ("sign-in code", "token by proof_code"), "recovery code": ("sign-in code", "token by proof_code"),
    "acknowledge link": ("acknowledge",), "calendar address": ("calendar",), "token": ("program",), "enrolment code": ("enrolment",),
    "council sign-in": ("council",), "reset link": ("new password",),
}  # fmt: skip


def steps_of(app: Flask, visitor: Session, begun: Given, initials: str) -> Mapping[str, Try]:
    """Each step that takes a proof: whether it took this one."""
    signed_in, enrolling, path = Session(app, "qa"), Session(app, GOVERNANCE), STEPS[Purpose.APP][0]
    return {
        "sign-in": lambda proof: Session(app).posts("/sign-in", email=QA, password=proof).status_code == 302,
        "sign-in code": lambda proof: halfway(app).posts("/sign-in/code", code=proof).status_code == 302,
        "sign-in passkey": lambda proof: passkey_visitor(app).posts("/sign-in/passkey", credential=proof).status_code == 302,
        "new password": lambda proof: Session(app).posts("/new-password", token=proof, new=NEW).status_code == 302,
        "acknowledge": lambda proof: Session(app).posts("/acknowledge", token=proof, initials=initials).status_code == 200,
        "calendar": lambda proof: app.test_client().get(f"/calendar/{proof}.ics").status_code == 200,
        "program": lambda proof: calls(app, proof),
        "enrolment": lambda proof: enrolling.posts(path, proof_enrolment_code=proof, proof_password=PASSWORD).status_code == 302,
        "council": lambda proof: comes_back(visitor, {**begun, "state": proof}),
        **{f"token by {field}": partial(token_by, signed_in, field) for field in FIELDS},
    }  # fmt: skip


def token_by(session: Session, field: str, proof: str) -> bool:
    return stores(session, Purpose.TOKEN, **{field: proof})


def test_a_code_signs_in_once_its_owner_after_their_password(app: Flask, owner: Owner, clock: Traveller, tally: Tally) -> None:
    other, early = equipped(app, "auditor"), owner.shows
    clock.shift(90)
    late = halfway(app)
    for kind in ("code", "recovery code"):
        right = owner.shows if kind == "code" else owner.codes[2]
        for wrong in (other.shows, other.codes[0], early, right[:-1], ""):
            tally.says(enters(halfway(app), wrong), kind, "wrong")
        tally.says(enters(Session(app), right), kind, "without a password")
        tally.says(enters(halfway(app, "auditor@demo.example"), right), kind, "after the password of somebody else")
        tally.says(enters(Session(app, "moderator"), right), kind, "in a session of somebody else")
        tally.says(enters(halfway(app), right), kind, right=True)
        tally.says(enters(halfway(app), right), kind, "again")
    clock.shift(timedelta(minutes=10, seconds=1))
    tally.says(enters(late, owner.shows), "ten minutes after the password")
    tally.done()


def enters(session: Session, code: str) -> bool:
    session.posts("/sign-in/code", code=code)
    return "Ana Quirke" in session.get("/account").get_data(as_text=True)
