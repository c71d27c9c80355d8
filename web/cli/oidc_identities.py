"""Council accounts on the command line: list them, and unlink one of somebody who left or was linked by mistake."""

import click

from config.settings import read_settings
from web.council import open_prepared_council
from web.identity.oidc.queries import list_identities, unlink_identities
from workflow.errors import Refusal


@click.group()
def identities() -> None:
    """Council accounts that people sign in with."""


@identities.command("list")
def list_command() -> None:
    """Print the linked accounts, one a line."""
    for row in list_identities(open_prepared_council(read_settings()).engine):
        click.echo(f"{row.email}  {row.issuer}  {row.subject}  linked {row.linked_at:%Y-%m-%d}, last used {row.last_used_at:%Y-%m-%d}")


@identities.command()
@click.argument("email")
def unlink(email: str) -> None:
    """Unlink EMAIL’s account and end their sessions. An active person is linked again at the next sign-in with their address."""
    council = open_prepared_council(read_settings())
    person = council.store.directory().by_email(email)
    if person is None or not unlink_identities(council.engine, person.id, is_told=person.is_active):
        raise Refusal("Nobody here with that email address has a council account.")
    click.echo(f"{person.email} has no council account any more.")
