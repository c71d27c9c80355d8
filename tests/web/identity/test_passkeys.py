"""Passkeys whose answers are malformed, or whose person has no handle yet: one sentence, and never an error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from time_machine import Traveller

from tests.support.coverage_sampling import chance
from tests.web.support.device import Device
from tests.web.support.owners import Session, equipped, person_id
from tests.web.support.proof_steps import ADD, SIGN_IN, challenge
from web.identity.account.proofs import WRONG, Purpose
from web.identity.credentials.passkeys import NOT_ADDED
from web.identity.sign_in.passkey_routes import REFUSED
from workflow.storage.engine import write_transaction
from workflow.storage.tables import accounts

# In place of each value of what a device sends, at any depth.
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, "", "x", "====", "é", "\0", "\ud800", "A" * 40_000, "AAAA", "_w", [], [[]], {}, {"x": None},
    "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0", "oA", "gYGBgYGB", "n58", "owFmcGFja2VkAgA",
)  # fmt: skip
NUMBERS = pytest.mark.parametrize("number", [40, pytest.param(10_000, marks=pytest.mark.long)])
WHOLE = ("", "x", "{", "null", "[1]", "{}", "[" * 20_000, '{"id":' * 10_000, '"\\ud800"', "\0", "NaN", "1" * 5_000)


def mutants(genuine: str) -> Iterator[str]:
    """Each value replaced by each odd one, or left out."""
    yield from WHOLE
    credential = json.loads(genuine)
    for holder in ([], ["response"]):
        for key in list(_in(credential, holder)):
            for odd in ODD:
                made = json.loads(genuine)
                _in(made, holder)[key] = odd
                yield json.dumps(made)
            made = json.loads(genuine)
            del _in(made, holder)[key]
            yield json.dumps(made)


def _in(credential: dict[str, Any], holder: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = credential[holder[0]] if holder else credential
    return found


def some(genuine: str, name: str, number: int) -> list[str]:
    """All that are not JSON of an object, and others each day."""
    every = list(mutants(genuine))
    rest = every[len(WHOLE) :]
    return [*every[: len(WHOLE)], *chance(name).sample(rest, min(number, len(rest)))]


def is_signed_in(visitor: Session) -> bool:
    return visitor.get("/account").status_code == 200


@NUMBERS
def test_no_malformed_answer_signs_anybody_in(app: Flask, clock: Traveller, number: int) -> None:
    owner, visitor = equipped(app, "qa"), Session(app)
    for malformed in some(owner.device.get(challenge(visitor, SIGN_IN)), "sign in", number):
        challenge(visitor, SIGN_IN)
        answer = visitor.posts("/sign-in/passkey", credential=malformed)
        assert (answer.status_code, REFUSED in answer.get_data(as_text=True)) == (422, True), malformed[:200]
        assert not is_signed_in(visitor)


@NUMBERS
def test_no_malformed_answer_confirms_anything(app: Flask, clock: Traveller, number: int) -> None:
    owner, session = equipped(app, "qa"), Session(app, "qa")
    for malformed in some(owner.device.get(challenge(session, Purpose.CALENDAR)), "confirm", number):
        challenge(session, Purpose.CALENDAR)
        answer = session.posts("/calendar", proof_credential=malformed or "-")
        sentence = WRONG["proof_credential"]
        assert (answer.status_code, sentence in answer.get_data(as_text=True)) == (422, True), malformed[:200]


@NUMBERS
def test_no_malformed_answer_adds_a_passkey(app: Flask, clock: Traveller, number: int) -> None:
    session, device = Session(app, "qa"), Device()
    session.posts("/account/passkeys/new", proof_password="correct horse")
    for malformed in some(device.create(challenge(session, ADD)), "add", number):
        challenge(session, ADD)
        answer = session.posts("/account/passkeys", credential=malformed)
        assert (answer.status_code, NOT_ADDED in answer.get_data(as_text=True)) == (422, True), malformed[:200]


def test_a_genuine_answer_with_another_unknown_key_is_no_fault(app: Flask, clock: Traveller) -> None:
    owner, visitor = equipped(app, "qa"), Session(app)
    more = json.loads(owner.device.get(challenge(visitor, SIGN_IN))) | {"clientExtensionResults": {}, "authenticatorAttachment": "platform"}
    visitor.posts("/sign-in/passkey", credential=json.dumps(more))
    assert is_signed_in(visitor)


@pytest.mark.parametrize("handle", [None, ""])
def test_a_passkey_of_somebody_without_a_handle_is_refused_with_a_sentence(app: Flask, clock: Traveller, handle: str | None) -> None:
    owner, visitor = equipped(app, "qa"), Session(app)
    with write_transaction(visitor.council.engine) as connection:
        connection.execute(update(accounts).where(accounts.c.person_id == person_id(app, "qa")).values(handle=handle))
    for own in ("", owner.device.handle):
        owner.device.handle = own
        answer = visitor.posts("/sign-in/passkey", credential=owner.device.get(challenge(visitor, SIGN_IN)))
        assert (answer.status_code, REFUSED in answer.get_data(as_text=True)) == (422, True)
