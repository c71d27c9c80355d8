"""What somebody with access to the server does for a person who lost both their app and their recovery codes."""

from datetime import UTC, datetime

import click

from web.council import Council
from web.identity.credentials.queries import remove_second_factor
from workflow.errors import Refusal


def forget(council: Council, email: str) -> None:
    """Their password alone signs them in again, or leads them to set up another proof where their role needs one."""
    person = council.store.directory().by_email(email)
    if person is None or not remove_second_factor(council.engine, person.id, datetime.now(UTC)):
        raise Refusal("Nobody here with that email address has a second proof.")
    click.echo(f"{person.email} has no second proof any more, is signed out everywhere, and is told so by mail.")
