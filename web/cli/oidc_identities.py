"""Council accounts on the command line: list them, and unlink one of somebody who left or was linked by mistake."""

import click

from config.settings import read_settings
from web.council import open_prepared_council
from web.identity.credentials.queries import KEEP_CALENDAR, KEEP_TOKENS
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
@click.option("--keep-tokens", is_flag=True, help="Let their access tokens work on.")
@click.option("--keep-calendar", is_flag=True, help="Let their calendar address work on.")
def unlink(email: str, *, keep_tokens: bool, keep_calendar: bool) -> None:
    """Unlink EMAIL’s account and end their sessions, access tokens and calendar address.

    An active person is linked again at the next sign-in with their address.
    """
    keeps = [name for name, is_kept in ((KEEP_TOKENS, keep_tokens), (KEEP_CALENDAR, keep_calendar)) if is_kept]
    council = open_prepared_council(read_settings())
    person = council.store.directory().by_email(email)
    if person is None or not unlink_identities(council.engine, person.id, is_told=person.is_active, keeps=keeps):
        raise Refusal("Nobody here with that email address has a council account.")
    click.echo(f"{person.email} has no council account any more.")
