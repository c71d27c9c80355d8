"""Of several requests at once, only one account is linked to a person, on each database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from web.council import Council
from web.identity.oidc.queries import link_identity, unlink_identities, use_identity

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ISSUER = "https://login.example/tenant/v2.0"
AT_ONCE = 8


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
