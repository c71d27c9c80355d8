"""Removing the second factor of a person who lost app and recovery codes, by somebody with access to the server."""

from datetime import UTC, datetime

import click

from web.council import Council
from web.identity.credentials.queries import remove_second_factor
from workflow.errors import Refusal


def reset_second_factor(council: Council, email: str) -> None:
    """The password alone signs them in again; if their role needs a second factor, they must then set up another."""
    person = council.store.directory().by_email(email)
    if person is None or not remove_second_factor(council.engine, person.id, datetime.now(UTC)):
        raise Refusal("Nobody here with that email address has two-step verification.")
    click.echo(f"{person.email} no longer has two-step verification, is signed out everywhere, and gets an email about it.")
