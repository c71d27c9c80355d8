"""A council account is identified by issuer and subject: an email links it to a person once, and is not used afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from config.oidc import CouncilSignIn
from tests.notifications.support.outbox_assertions import sent_notices
from tests.web.identity.oidc.conftest import Opened, with_issuer
from tests.web.identity.oidc.fake_provider import Issuer
from tests.web.identity.oidc.visitor import Visitor
from web.cli.main import main
from web.identity.oidc.account_linking import is_of_own_directory, person_for_claims
from web.identity.oidc.errors import SignInRefused
from web.identity.oidc.routes import SENTENCES
from workflow.directory import Directory, Person
from workflow.storage import tables
from workflow.storage.access_removal import end_access, forget_credentials
from workflow.storage.engine import read_transaction, write_transaction


def name_on_the_page(visitor: Visitor) -> str:
    page = visitor.client.get("/").get_data(as_text=True)
    return page.split("<span>")[1].split("</span>")[0]


def linked(app: Flask) -> list[tuple[Any, ...]]:
    joined = select(tables.people.c.email, tables.identities.c.subject).join_from(tables.identities, tables.people)
    with read_transaction(app.extensions["council"].engine) as connection:
        return [tuple(row) for row in connection.execute(joined.order_by(tables.people.c.email))]


def account(subject: str, name: str, **more: Any) -> dict[str, Any]:
    return {"sub": subject, "email": f"{name}@demo.example", "email_verified": True, **more}


def test_a_changed_email_keeps_the_account_linked_to_its_person(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.account = account("a-1", "auditor")
    visitor.signs_in()
    auditor = name_on_the_page(visitor)
    for more in ({"email": "hos.ppqa@demo.example"}, {"email": "qa@demo.example", "email_verified": False}, {"email": ""}, {"email": 7}):
        issuer.account |= more
        visitor.signs_in()
        assert name_on_the_page(visitor) == auditor
    assert linked(app) == [("auditor@demo.example", "a-1")]


def test_a_reused_email_address_is_refused(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.account = account("a-1", "auditor")
    visitor.signs_in()
    issuer.account = account("a-2", "auditor")
    thief = Visitor(app)
    assert thief.signs_in().headers["Location"].startswith("/sign-in?council=refused")
    assert not thief.is_signed_in
    assert linked(app) == [("auditor@demo.example", "a-1")]


def test_every_refusal_shows_the_same_sentence(app: Flask, issuer: Issuer) -> None:
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(update(tables.people).where(tables.people.c.email == "qa@demo.example").values(is_active=False))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    heard = set()
    for who in (
        account("b-1", "nobody"), account("b-2", "qa"), account("b-3", "auditor", email_verified=False),
        account("b-4", "auditor", email_verified="true"), account("b-5", "auditor", email=["auditor@demo.example"]),
        {"sub": "b-6"}, {"sub": "b-7", "preferred_username": "auditor@demo.example"}, account("b-8", "%"), account("b-9", "auditor\n"),
    ):  # fmt: skip
        issuer.account = who
        visitor = Visitor(app)
        answer = visitor.signs_in()
        assert not visitor.is_signed_in, who
        page = visitor.reads(answer)
        assert SENTENCES["refused"] in page
        heard.add((answer.headers["Location"], len(page)))
    assert len(heard) == 1
    assert linked(app) == []


def test_an_email_that_only_matches_by_case_folding_is_refused(app: Flask) -> None:
    council = app.extensions["council"]
    kim = Person(1, "kim@demo.example", "Kim", is_active=True, duties=frozenset())
    claims = {"sub": "c-1", "email": "\u212aim@demo.example", "email_verified": True}
    assert Directory(1, {1: kim}, {}).by_email(claims["email"]) is kim  # type: ignore[arg-type]
    with pytest.raises(SignInRefused):
        person_for_claims(council.engine, Directory(1, {1: kim}, {}), council.settings.council_sign_in, claims)


def test_somebody_who_has_left_can_not_sign_in_with_their_account(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.account = account("a-1", "auditor")
    visitor.signs_in()
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(update(tables.people).where(tables.people.c.email == "auditor@demo.example").values(is_active=False))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    assert not visitor.is_signed_in
    assert visitor.signs_in().headers["Location"].startswith("/sign-in?council=refused")


def test_a_user_name_links_only_if_the_setting_allows_it(opened: Opened, issuer: Issuer) -> None:
    app = opened(**with_issuer(issuer.url), OIDC_LINK_BY="preferred_username")
    name = {"preferred_username": "Auditor@demo.example"}
    for guest in ({"sub": "d-1", **name, "acct": 1}, {"sub": "d-2", **name, "idp": "https://elsewhere.example"}, account("d-3", "auditor")):
        issuer.account = guest
        visitor = Visitor(app)
        visitor.signs_in()
        assert not visitor.is_signed_in, guest
    issuer.account = {"sub": "d-4", **name, "acct": 0}
    visitor = Visitor(app)
    visitor.signs_in()
    assert visitor.is_signed_in
    assert linked(app) == [("auditor@demo.example", "d-4")]


def test_entra_says_in_its_own_way_that_an_address_is_verified(app: Flask, issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    """An address that a guest, or the holder of the account, typed is not proof (“nOAuth”)."""
    address = {"email": "auditor@demo.example"}
    doubtful: tuple[dict[str, Any], ...] = (
        {"xms_edov": False}, {"xms_edov": "0"}, {"xms_edov": []}, {"xms_edov": True, "acct": 1}, {"xms_edov": True, "idp": "https://elsewhere.example"},
        {"xms_edov": True, "idp": ["x"]}, {"xms_edov": True, "email_verified": False}, {"email_verified": None},
    )  # fmt: skip
    for more in doubtful:
        issuer.account = {"sub": "e-1", **address, **more}
        assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused"), more
    issuer.account = {"sub": "e-2", **address}
    assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused")
    assert "PRACTICE_AUDIT_OIDC_LINK_BY=preferred_username" in caplog.messages[-1], "what to set is named, where the issuer says neither"
    issuer.account = {"sub": "e-3", **address, "xms_edov": True, "acct": 0, "idp": issuer.url}
    visitor = Visitor(app)
    visitor.signs_in()
    assert visitor.is_signed_in
    assert linked(app) == [("auditor@demo.example", "e-3")]


def test_an_entra_account_of_the_tenant_has_either_of_its_names() -> None:
    tenant = "0f2b6d1c-6c1e-4b7e-9a50-0d4c5f6a7b8c"
    council = CouncilSignIn(f"https://login.microsoftonline.com/{tenant}/v2.0", "audit", "s3cret")
    assert is_of_own_directory(council, {"idp": f"https://sts.windows.net/{tenant}/"})
    assert not is_of_own_directory(council, {"idp": "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/"})


def test_the_command_line_lists_and_unlinks_accounts(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.account = account("a-1", "auditor")
    visitor.signs_in()
    run = _command_line(app.extensions["council"].settings.data)
    assert run("list").startswith(f"auditor@demo.example  {issuer.url}  a-1  linked 2")
    assert run("unlink", "auditor@demo.example") == "auditor@demo.example has no council account any more.\n"
    assert not visitor.is_signed_in
    assert run("list") == ""
    for who in ("auditor@demo.example", "nobody@demo.example"):
        assert run("unlink", who) == "Nobody here with that email address has a council account.\n"
    issuer.account = account("a-2", "auditor")
    visitor.signs_in()
    assert linked(app) == [("auditor@demo.example", "a-2")]


def _command_line(data: Path, **more: str) -> Callable[..., str]:
    environment = {f"PRACTICE_AUDIT_{name}": value for name, value in {"DATA": str(data), **more}.items()}
    return lambda *words: CliRunner().invoke(main, ["identities", *words], env=environment).output


NAMED = "J.Smith@council.onmicrosoft.com"


@pytest.fixture
def run(app: Flask, issuer: Issuer) -> Callable[..., str]:
    return _command_line(app.extensions["council"].settings.data, **with_issuer(issuer.url))


def test_a_sign_in_name_that_is_no_address_is_linked_by_the_operator(
    app: Flask, issuer: Issuer, visitor: Visitor, run: Callable[..., str]
) -> None:
    council = app.extensions["council"]
    assert run("link", "auditor@demo.example", "--sign-in-name", NAMED).startswith("Until 2")
    assert f"auditor@demo.example  {issuer.url}  expected as {NAMED.lower()} until 2" in run("list")
    assert [(one.event, one.who) for one in sent_notices(council)] == [("council_account_expected", "auditor")]
    with read_transaction(council.engine) as connection:
        recorded = connection.execute(select(tables.directory_history).order_by(tables.directory_history.c.id.desc())).first()
    assert recorded
    assert (recorded.verb, recorded.by_name, recorded.facts) == ("account_expected", "command line", {"name": NAMED.lower()})
    for other in (
        {"preferred_username": NAMED, "acct": 1},
        {"preferred_username": NAMED, "idp": "https://x.example"},
        {"name": NAMED},
        {"email": NAMED},
    ):
        issuer.account = {"sub": "f-1", **other}
        assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused"), other
    issuer.account = {"sub": "f-2", "preferred_username": NAMED.upper()}
    visitor.signs_in()
    assert visitor.is_signed_in
    assert linked(app) == [("auditor@demo.example", "f-2")]
    issuer.account = {"sub": "f-3", "preferred_username": NAMED}
    assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused"), "once"
    assert "expected" not in run("list")


def test_ac35_an_expected_account_ends_after_its_days_with_a_new_address_and_with_the_person(
    app: Flask, issuer: Issuer, run: Callable[..., str]
) -> None:
    issuer.account, council = {"sub": "g-1", "preferred_username": "jsmith"}, app.extensions["council"]
    auditor = council.store.directory().by_email("auditor@demo.example")
    run("link", "auditor@demo.example", "--sign-in-name", "jsmith", "--days", "2")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2, minutes=1)):
        assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused")
    for end in (end_access, forget_credentials):
        run("link", "auditor@demo.example", "--sign-in-name", "jsmith")
        with write_transaction(council.engine) as connection:
            end(connection, auditor.id, datetime.now(UTC))
        assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused")
    run("link", "auditor@demo.example", "--sign-in-name", "jsmith")
    assert run("unlink", "auditor@demo.example").endswith("has no council account any more.\n")
    assert Visitor(app).signs_in().headers["Location"].startswith("/sign-in?council=refused")
    assert linked(app) == []


def test_the_operator_is_refused_in_one_sentence(app: Flask, issuer: Issuer, run: Callable[..., str]) -> None:
    assert run("link", "auditor@demo.example", "--sign-in-name", "jsmith").startswith("Until")
    assert run("link", "auditor@demo.example", "--sign-in-name", "asmith").startswith("Until"), "the newer name counts"
    assert run("link", "qa@demo.example", "--sign-in-name", "jsmith").startswith("Until"), "the older one is free"
    for email, name, sentence in (
        ("nobody@demo.example", "x", "There is no active person"), ("moderator@demo.example", "jsmith", "That person has a council account already, or"),
        ("moderator@demo.example", "jsmíth", "--sign-in-name must be"), ("moderator@demo.example", " ", "--sign-in-name must be"),
    ):  # fmt: skip
        said = run("link", email, "--sign-in-name", name)
        assert said.startswith(sentence)
        assert len(said.splitlines()) == 1
    assert _command_line(app.extensions["council"].settings.data)("link", "qa@demo.example", "--sign-in-name", "x").startswith(
        "Council accounts are not"
    )
