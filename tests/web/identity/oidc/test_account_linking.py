"""A council account is identified by issuer and subject: an email links it to a person once, and is not used afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from config.oidc import CouncilSignIn
from tests.web.identity.oidc.conftest import Opened, with_issuer
from tests.web.identity.oidc.fake_provider import Issuer
from tests.web.identity.oidc.visitor import Visitor
from web.cli.main import main
from web.identity.oidc.account_linking import is_of_own_directory, person_for_claims
from web.identity.oidc.errors import SignInRefused
from web.identity.oidc.routes import SENTENCES
from workflow.directory import Directory, Person
from workflow.storage import tables
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


def _command_line(data: Path) -> Callable[..., str]:
    return lambda *words: CliRunner().invoke(main, ["identities", *words], env={"PRACTICE_AUDIT_DATA": str(data)}).output
