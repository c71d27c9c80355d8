"""Counting attempts, the whole sign-in and passwords off by person, on each database, many requests at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from web.council import Council
from web.identity.credentials.queries import account_of, enqueue_reset_email
from web.identity.throttling.limits import HERE, LoginAttempt
from web.identity.throttling.queries import SignIn, complete_sign_in, count_attempt, forget_attempts, is_known_place
from workflow.commands.directory.passwords import turn_passwords
from workflow.storage.engine import read_transaction
from workflow.storage.tables import failures, outbox

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
AUDITOR = "auditor@demo.example"


def attempt(council: Council, account: str, address: str = "192.0.2.1", kind: str = "password") -> LoginAttempt:
    return LoginAttempt(council.settings, kind, account, address)


def waits(council: Council, tried: LoginAttempt, at: datetime = NOW, *, is_known: bool = False) -> int:
    return count_attempt(council.engine, tried.counts(is_known=is_known), at)


def test_attempts_at_once_are_counted_in_one_row_and_forgotten(council: Council) -> None:
    tried = attempt(council, AUDITOR)
    with ThreadPoolExecutor(4) as visitors:
        waited = list(visitors.map(lambda _: waits(council, tried), range(8)))
    assert waited.count(0) == HERE.free
    other = next(
        one
        for n in range(9)
        if (one := attempt(council, f"nobody{n}@demo.example")).counts(is_known=False)[2] != tried.counts(is_known=False)[2]
    )
    assert waits(council, other) == 0
    forget_attempts(council.engine, [tried], is_known=False)
    assert waits(council, tried) == 0
    assert waits(council, attempt(council, AUDITOR, "192.0.2.2"), NOW + timedelta(days=2)) == 0
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(failures)).all()
    assert sorted(row.tries for row in rows) == [1, 1]
    assert sorted(len(row.slots) for row in rows) == [1, 1]


def test_a_place_is_known_after_the_whole_sign_in(council: Council) -> None:
    person = council.store.directory().by_email(AUDITOR)
    assert person
    given = [attempt(council, AUDITOR, kind=kind) for kind in ("password", "code")]
    place = given[0].place
    for tried in given:
        assert waits(council, tried) == 0
    complete_sign_in(council.engine, SignIn(person.id, place, "Firefox", is_whole=False), given, NOW)
    assert not is_known_place(council.engine, person.id, place)
    complete_sign_in(council.engine, SignIn(person.id, place, "Firefox", is_whole=True), given, NOW)
    assert is_known_place(council.engine, person.id, place)
    for address in ("192.0.2.2", "192.0.2.2", "192.0.2.3"):
        new = attempt(council, AUDITOR, address).place
        complete_sign_in(council.engine, SignIn(person.id, new, "Firefox", is_whole=True), given, NOW)
    with read_transaction(council.engine) as connection:
        told = connection.execute(select(outbox.c.event, outbox.c.detail)).all()
    assert [tuple(row) for row in told] == [("signed_in_from_new_place", "Firefox")] * 2


def test_passwords_are_off_for_one_person_and_nobody_is_sent_a_link(council: Council) -> None:
    person = council.store.directory().by_email(AUDITOR)
    assert person
    may = []
    for is_on in (False, True):
        turn_passwords(council.command_context(), person, is_on=is_on)
        may.append(account_of(council.engine, person.id).may_have_password)
    assert may == [False, True]
    enqueue_reset_email(council.engine, "key", -1, NOW, b"link")
    with read_transaction(council.engine) as connection:
        assert connection.execute(select(outbox.c.event).order_by(outbox.c.id)).scalars().all() == [
            "passwords_turned_off",
            "passwords_turned_on",
        ]
