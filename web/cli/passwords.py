"""`practice-audit passwords`: whether one person may sign in with a password, beside the setting for everybody."""

import click

from config.settings import read_settings
from web.cli.queries import fetch_password_access
from web.council import Council, open_prepared_council
from workflow.commands.directory.passwords import turn_passwords
from workflow.directory import Person
from workflow.errors import Refusal

NO_COUNCIL_ACCOUNTS = "Without council accounts they could not sign in at all: set PRACTICE_AUDIT_OIDC_ISSUER first."
LINKED = "They sign in with a council account, so passwords stay off: unlink it first, with `practice-audit identities unlink EMAIL`."


@click.group()
def passwords() -> None:
    """Whether one person may sign in with a password. It is off for everybody who has a council account."""


@passwords.command()
@click.argument("email")
def off(email: str) -> None:
    """Remove EMAIL’s password and passkeys, and let them choose no other: they sign in with their council account only."""
    council = open_prepared_council(read_settings())
    if council.settings.council_sign_in is None:
        raise Refusal(NO_COUNCIL_ACCOUNTS)
    person, is_off, _ = _find(council, email)
    if is_off:
        raise Refusal("Passwords are off for them already.")
    turn_passwords(council.command_context(), person, is_on=False)
    click.echo(f"{person.email} can’t sign in with a password any more, is signed out everywhere, and gets an email about it.")


@passwords.command()
@click.argument("email")
def on(email: str) -> None:
    """Let EMAIL choose a password again, by “I have forgotten my password” on the sign-in page."""
    council = open_prepared_council(read_settings())
    person, is_off, is_linked = _find(council, email)
    if is_linked:
        raise Refusal(LINKED)
    if not is_off:
        raise Refusal("Passwords are on for them already.")
    turn_passwords(council.command_context(), person, is_on=True)
    click.echo(f"{person.email} can choose a password, and gets an email about it.")


def _find(council: Council, email: str) -> tuple[Person, bool, bool]:
    """Return the person, whether passwords were turned off for them, and whether they have a council account."""
    person = council.store.directory().by_email(email)
    if person is None or not person.is_active:
        raise Refusal("Nobody here has that email address.")
    return person, *fetch_password_access(council.engine, person.id)
