"""The links in escalation emails, found in the text and used without a session."""

import re
from datetime import datetime
from email import message_from_bytes, policy

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from notifications.delivery.acknowledgement_links import read_token
from notifications.scheduling.worker import run_once
from tests.factories import NOW
from tests.web.access_matrix.runner import table_digests
from tests.web.support.browser import token_in
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox

LINK = re.compile(r"Acknowledge: http://localhost(/acknowledge\?token=([\w-]+))")


def works(app: Flask, at: datetime = NOW) -> None:
    run_once(app.extensions["council"].worker_context, at)


def emails_to(app: Flask, name: str, event: str) -> list[str]:
    """The text of each email that was sent, in order."""
    council: Council = app.extensions["council"]
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person
    query = select(outbox.c.body).where(outbox.c.recipient == person.id, outbox.c.event == event).order_by(outbox.c.id)
    with read_transaction(council.engine) as connection:
        bodies = connection.execute(query).scalars().all()
    found = [message_from_bytes(body, policy=policy.default).get_body() for body in bodies]
    return [part.get_content() for part in found if part]


def link_to(app: Flask, name: str, event: str = "escalation_opened") -> str:
    """The path of the newest link that this person was sent."""
    found = LINK.search(emails_to(app, name, event)[-1])
    assert found, "the mail holds a link of its own"
    return found[1]


def initials_at(app: Flask, path: str) -> str:
    """Those of the person that the link is for, as they would say them."""
    council: Council = app.extensions["council"]
    asked = read_token(path.partition("token=")[2], council.settings)
    person = council.store.directory().person(asked.person_id) if asked else None
    return "".join(word[0] for word in person.name.split()) if person else "XX"


def presses(client: FlaskClient, path: str, initials: str | None = None) -> TestResponse:
    """Opens the link, chooses the person’s initials and presses its button, as a browser without a session does."""
    page = client.get(path).get_data(as_text=True)
    token = token_in(page if "csrf_token" in page else client.get("/sign-in").get_data(as_text=True))
    chosen = initials_at(client.application, path) if initials is None else initials
    return client.post("/acknowledge", data={"csrf_token": token, "token": path.partition("token=")[2], "initials": chosen})


def is_ended(app: Flask, path: str) -> bool:
    """Refused when opened and when pressed, byte for byte as a forged one is; and nothing is changed by it."""
    before = table_digests(app.extensions["council"].engine)
    forged = app.test_client().get("/acknowledge?token=forged")
    answers = [app.test_client().get(path), presses(app.test_client(), path)]
    assert table_digests(app.extensions["council"].engine) == before
    assert {answer.status_code for answer in answers} in ({410}, {200, 410}, {200})
    return all(answer.status_code == 410 and answer.data == forged.data for answer in answers)
