"""Two-step verification at the command line: an enrolment code, and removing what somebody has lost."""

from datetime import UTC, datetime

import click

from config.settings import read_settings
from web.council import Council, open_prepared_council
from web.identity.credentials.enrolment_codes import digest_of, new_code, why_not_needed
from web.identity.credentials.queries import remove_second_factor
from workflow.commands.directory.enrolment import store_code_of_operator
from workflow.errors import Refusal


@click.group("second-factor")
def second_factor() -> None:
    """Two-step verification."""


@second_factor.command()
@click.argument("email")
def enrol(email: str) -> None:
    """Make an enrolment code for EMAIL and print it, once: with it they set up two-step verification for the first time."""
    council = open_prepared_council(read_settings())
    person = council.store.directory().by_email(email)
    if person is None or not person.is_active:
        raise Refusal("Nobody active here has that email address.")
    if sentence := why_not_needed(council, person):
        raise Refusal(sentence)
    code = new_code()
    store_code_of_operator(council.command_context(), person.id, digest_of(council, person.id, code))
    click.echo(code)


def reset_second_factor(council: Council, email: str) -> None:
    """The password alone signs them in again; if their role needs a second factor, they must then set up another, with an enrolment code."""
    person = council.store.directory().by_email(email)
    if person is None or not remove_second_factor(council.engine, person.id, datetime.now(UTC)):
        raise Refusal("Nobody here with that email address has two-step verification.")
    click.echo(f"{person.email} no longer has two-step verification, is signed out everywhere, and gets an email about it.")
