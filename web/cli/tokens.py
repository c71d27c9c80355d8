"""practice-audit tokens: make, list and revoke access tokens at the command line."""

from datetime import UTC, datetime

import click

from config.settings import read_settings
from web.council import Council, open_prepared_council
from web.identity.credentials.access_tokens import (
    COMMAND_LINE,
    DAYS,
    MAX_DAYS,
    READ_AND_WRITE,
    SCOPES,
    NewToken,
    create_token,
    revoke_token,
    why_unusable,
)
from web.identity.credentials.queries import tokens_of
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, Refusal


@click.group()
def tokens() -> None:
    """Access tokens for programs."""


@tokens.command("create")
@click.argument("email")
@click.option("--name", default="Made at the command line", help="What it is for.")
@click.option("--scope", type=click.Choice(SCOPES), default=READ_AND_WRITE, show_default=True, help="What it may do.")
@click.option("--days", type=int, default=DAYS, show_default=True, help=f"How long it lasts, at most {MAX_DAYS}.")
def create(email: str, name: str, scope: str, days: int) -> None:
    """Make a token for EMAIL and print it, once."""
    council = open_prepared_council(read_settings())
    person = _find_person(council, email)
    if not person.is_active:
        raise Refusal("Nobody active here has that email address.")
    try:
        click.echo(create_token(council, person, NewToken(name, scope, days), COMMAND_LINE))
    except BadInput as refusal:
        raise Refusal(" ".join(one.message for one in refusal.missing)) from None


@tokens.command("list")
@click.argument("email")
def list_command(email: str) -> None:
    """Print the tokens of EMAIL, newest first: number, name, scope, when last used, when it ends. Never the token."""
    council, now = open_prepared_council(read_settings()), datetime.now(UTC)
    person = _find_person(council, email)
    for row in tokens_of(council.engine, person.id):
        used = f"used {_format_minute(row.used_at)}" if row.used_at else "never used"
        ends = why_unusable(row, now, needs_proof=council.needs_second_factor(person)) or f"ends {_format_minute(row.ends_at)}"
        click.echo("  ".join((str(row.id), row.name, row.scope, used, ends)))


@tokens.command("revoke")
@click.argument("token_id", metavar="ID", type=click.IntRange(min=1))
def revoke(token_id: int) -> None:
    """Revoke the token with the number ID, from the next call on."""
    try:
        revoke_token(open_prepared_council(read_settings()), token_id)
    except NotFound:
        raise Refusal("There is no token with that number.") from None
    click.echo(f"Token {token_id} is revoked.")


def _find_person(council: Council, email: str) -> Person:
    person = council.store.directory().by_email(email)
    if person is None:
        raise Refusal("Nobody active here has that email address.")
    return person


def _format_minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
