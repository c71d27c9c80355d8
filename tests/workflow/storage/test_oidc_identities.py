"""Of several requests at once, only one finishes a started sign-in, and only one account is linked to a person, on each database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from web.council import Council
from web.identity.oidc import pending_logins
from web.identity.oidc.queries import insert_attempt, link_identity, unlink_identities, use_identity
from workflow.storage import tables
from workflow.storage.engine import read_transaction

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ISSUER = "https://login.example/tenant/v2.0"
AT_ONCE = 8


def test_a_started_sign_in_can_be_finished_once(council: Council) -> None:
    session: dict[str, str] = {}
    begun = pending_logins.store_pending_login(council.engine, session, "/audits")
    with ThreadPoolExecutor(AT_ONCE) as people:
        taken = list(people.map(lambda _: pending_logins.take_pending_login(council.engine, session, begun.state), range(AT_ONCE)))
    assert sorted(taken, key=str) == sorted([begun, *[None] * (AT_ONCE - 1)], key=str)
    print(f"taken by {sum(one is not None for one in taken)} of {AT_ONCE}")


def test_sign_ins_that_were_not_finished_are_deleted(council: Council) -> None:
    values = {"digest": "old", "nonce": "", "verifier": "", "after": ""}
    insert_attempt(council.engine, {**values, "begun_at": NOW}, NOW)
    insert_attempt(council.engine, {**values, "digest": "new", "begun_at": NOW + timedelta(minutes=11)}, NOW + timedelta(minutes=1))
    with read_transaction(council.engine) as connection:
        assert list(connection.execute(select(tables.sign_in_attempts.c.digest)).scalars()) == ["new"]


def test_only_one_of_several_accounts_is_linked_to_a_person(council: Council) -> None:
    person = council.store.directory().by_email("auditor@demo.example")
    other = council.store.directory().by_email("qa@demo.example")
    assert person
    assert other
    with ThreadPoolExecutor(AT_ONCE) as people:
        linked = list(people.map(lambda at: link_identity(council.engine, ISSUER, f"s-{at}", person.id, NOW), range(AT_ONCE)))
    assert linked.count(True) == 1
    subject = f"s-{linked.index(True)}"
    assert not link_identity(council.engine, ISSUER, subject, other.id, NOW)
    assert use_identity(council.engine, ISSUER, subject, NOW) == person.id
    assert use_identity(council.engine, ISSUER, subject.upper(), NOW) is None
    assert use_identity(council.engine, "https://other.example", subject, NOW) is None
    assert (unlink_identities(council.engine, person.id), unlink_identities(council.engine, person.id)) == (1, 0)
    assert use_identity(council.engine, ISSUER, subject, NOW) is None
