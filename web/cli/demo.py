"""Loading the demo from the command line, and printing who can sign in."""

import secrets
import sys
from datetime import UTC, datetime

import click

from web.cli.demo_data import is_empty, is_loaded, load_demo
from web.council import Council
from workflow.errors import Refusal
from workflow.working_days import london_day

WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fern",
    "grove",
    "hazel",
    "iris",
    "juniper",
    "kestrel",
    "larch",
    "maple",
    "north",
    "otter",
    "pebble",
    "quill",
    "river",
    "slate",
    "tern",
]


def load_and_print(council: Council, password: str | None, *, only_if_empty: bool = False) -> None:
    """Raise Refusal in production, or if the database holds other audits."""
    if council.settings.is_production:
        if only_if_empty:
            return
        raise Refusal("The demo council is not loaded in production.")
    if password or not only_if_empty or is_empty(council):
        _load(council, password or _stored_password(council))
    if is_loaded(council):
        _print_who_can_sign_in(council, password)


def _load(council: Council, password: str) -> None:
    today = london_day(datetime.now(UTC))
    if password:
        (council.settings.data / "demo-password").write_text(password, encoding="utf-8")
    with click.progressbar(length=7, label="Loading the demo council", file=sys.stderr) as bar:
        load_demo(council, password, today, lambda: bar.update(1))


def _stored_password(council: Council) -> str:
    path = council.settings.data / "demo-password"
    return path.read_text(encoding="utf-8").strip() if path.is_file() else "-".join(secrets.choice(WORDS) for _ in range(5))


def _print_who_can_sign_in(council: Council, password: str | None) -> None:
    settings = council.settings
    click.echo(f"\nThe demo council, at {settings.base_url} — everybody’s password: {password or _stored_password(council)}\n")
    for person in sorted(council.store.directory().people.values(), key=lambda person: person.id):
        roles = ", ".join(sorted(role.replace("_", " ") for role in person.roles))
        click.echo(f"  {person.email:40} {person.name:18} {roles}")
    click.echo()
