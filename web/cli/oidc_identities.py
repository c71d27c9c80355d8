"""Council accounts on the command line: list them, name the one that a person will use, and unlink one that was linked by mistake."""

from datetime import UTC, datetime, timedelta

import click

from config.settings import read_settings
from web.council import Council, open_prepared_council
from web.identity.credentials.queries import KEEP_CALENDAR, KEEP_TOKENS
from web.identity.oidc.queries import expect_account, list_expected, list_identities, unlink_identities
from workflow.directory import Person
from workflow.errors import Refusal

DAYS, MOST_DAYS = 7, 31
LONGEST_NAME = 254


@click.group()
def identities() -> None:
    """Council accounts that people sign in with."""


@identities.command("list")
def list_command() -> None:
    """Print the linked accounts and those that are expected, one a line."""
    council = open_prepared_council(read_settings())
    for row in list_identities(council.engine):
        click.echo(f"{row.email}  {row.issuer}  {row.subject}  linked {row.linked_at:%Y-%m-%d}, last used {row.last_used_at:%Y-%m-%d}")
    for row in list_expected(council.engine, datetime.now(UTC)):
        click.echo(f"{row.email}  {row.issuer}  expected as {row.sign_in_name} until {row.ends_at:%Y-%m-%d}")


@identities.command()
@click.argument("email")
@click.option(
    "--sign-in-name",
    required=True,
    help="The account’s name at the issuer (preferred_username), like jsmith or j.smith@council.onmicrosoft.com.",
)
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, help="For how many days it is expected.")
def link(email: str, sign_in_name: str, days: int) -> None:
    """Link the account with this name to EMAIL’s person, once, when it next signs in. The person is told by email."""
    council, name = open_prepared_council(read_settings()), sign_in_name.strip().lower()
    settings = council.settings.council_sign_in
    if settings is None:
        raise Refusal("Council accounts are not set up: set PRACTICE_AUDIT_OIDC_ISSUER first.")
    if not (name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME):
        raise Refusal(f"--sign-in-name must be at most {LONGEST_NAME} letters, digits and signs, without accents.")
    person, version = _active_person(council, email)
    ends_at = datetime.now(UTC) + timedelta(days=days)
    if not expect_account(council.engine, settings.issuer, name, person.id, ends_at, directory_version=version):
        raise Refusal("That person has a council account already, or that name is expected for somebody else.")
    click.echo(f"Until {ends_at:%Y-%m-%d}, the first sign-in as {name} is linked to {person.email}, who gets an email about it.")


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


def _active_person(council: Council, email: str) -> tuple[Person, int]:
    directory = council.store.directory()
    person = directory.by_email(email)
    if person is None or not person.is_active:
        raise Refusal("There is no active person with that email address.")
    return person, directory.version
