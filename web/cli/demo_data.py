"""The demo council: invented people, and audits in different states."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from argon2 import PasswordHasher

from web.cli.demo_audits import DOMAIN, read_sample, write_audit
from web.cli.queries import fetch_references, set_passwords
from web.council import Council
from workflow.directory import Duty
from workflow.errors import Refusal
from workflow.storage.directory_seed import SeedPerson, add_people, add_teams
from workflow.storage.engine import write_transaction


class DatabaseHoldsOthers(Refusal):
    """This database holds other audits, so the demo council is not loaded into it."""


def load_demo(council: Council, password: str, today: date, report_progress: Callable[[], None] = lambda: None) -> None:
    """Raise HoldsOthers rather than mix invented audits with real ones.

    If the demo is loaded already, its people get this password, and nothing else changes.
    """
    _ensure_no_others(council)
    if is_loaded(council):
        set_passwords(council.engine, DOMAIN, PasswordHasher().hash(password))
        return
    report_progress()
    load_people(council, password)
    folder = council.settings.config / "demo"
    for row in _read_council_file(council)["audit"]:
        report_progress()
        write_audit(council, read_sample(folder / "audits" / f"{row['file']}.json"), row["at"], today)


def load_people(council: Council, password: str) -> None:
    """The demo’s teams and people, without any audit."""
    with write_transaction(council.engine) as connection:
        add_teams(connection, _read_council_file(council))
        add_people(connection, _seed_people(_read_council_file(council)["people"], PasswordHasher().hash(password)))


def _read_council_file(council: Council) -> Mapping[str, Any]:
    return tomllib.loads((council.settings.config / "demo" / "council.toml").read_text(encoding="utf-8"))


def is_loaded(council: Council) -> bool:
    return council.store.directory().by_email(f"admin{DOMAIN}") is not None


def is_empty(council: Council) -> bool:
    return not council.store.directory().people


def _ensure_no_others(council: Council) -> None:
    others = any(not person.email.endswith(DOMAIN) for person in council.store.directory().people.values())
    if others or (fetch_references(council.engine) and not is_loaded(council)):
        raise DatabaseHoldsOthers


def _seed_people(people: Mapping[str, Any], password_hash: str) -> Iterator[SeedPerson]:
    for email, person in people.items():
        duties = (role.partition(":") for role in person["roles"])
        held = tuple(Duty(role, scope) for role, _, scope in duties)
        yield SeedPerson(email, person["name"], held, password_hash, tuple(person.get("teams", ())))
