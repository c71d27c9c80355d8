"""practice-audit: the command line. A command that refuses prints one sentence."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from config.settings import BadSetting, read_env, read_settings
from notifications.scheduling.worker import run_forever, run_once, utc_now
from web.cli import checkpoints, export, transfer, verify_history
from web.cli import people as people_commands
from web.cli.demo import load_and_print
from web.cli.oidc_identities import identities
from web.cli.passwords import passwords
from web.cli.second_factor import reset_second_factor, second_factor
from web.cli.tokens import tokens
from web.council import Council, open_council, open_prepared_council, prepare
from web.request.logging_setup import configure_logging
from web.server.gunicorn_server import serve
from workflow.errors import Refusal
from workflow.form_loader import load_form
from workflow.state_diagram import draw_states
from workflow.storage.engine import DatabaseError


class OneLineErrors(click.Group):
    """A refusal is one sentence on stderr and exit 1, never a traceback."""

    def main(self, *args: Any, **more: Any) -> NoReturn:
        try:
            code = super().main(*args, **{**more, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as help_shown:
            click.echo(help_shown.format_message())
            code = 0
        except click.Abort:
            code = 1
        except click.ClickException as refusal:
            code = _print_refusal(refusal.format_message())
        except (BadSetting, Refusal) as refusal:
            code = _print_refusal(str(refusal))
        except OSError as error:
            code = _print_refusal(f"{error.filename or 'The system'}: {error.strerror}.")
        except DatabaseError as error:
            code = _print_refusal(_describe(error))
        sys.exit(code or 0)


def _print_refusal(sentence: str) -> int:
    click.echo(sentence, err=True)
    return 1


def _describe(error: DatabaseError) -> str:
    """The driver's text is not shown: it may quote what was being stored."""
    said = str(getattr(error, "orig", ""))
    if "does not exist" in said and "database" in said:
        return "PRACTICE_AUDIT_DATABASE_URL: the database does not exist: create it, then run `practice-audit init`."
    return f"PRACTICE_AUDIT_DATABASE_URL: the database can’t be used ({type(error).__name__})."


@click.group(cls=OneLineErrors)
@click.version_option(package_name="practice-audit", message="%(version)s")
def main() -> None:
    """Practice audits, from a blank form to closed actions."""
    # The database, the emails in a folder, the counts: what a command writes is for the account of the service alone.
    os.umask(0o077)


main.add_command(identities)


@main.command()
def init() -> None:
    """Make the database, or bring it up to date."""
    prepare(_open_council())
    click.echo("The database is ready.")


@main.command("serve")
@click.option(
    "--processes", type=click.IntRange(1, 64), help="How many web processes; more than one only with PostgreSQL, where the default is 2."
)
def serve_command(processes: int | None) -> None:
    """Serve the pages and the JSON on HOST and PORT."""
    serve(read_settings(), processes)


@main.command()
@click.option("--once", is_flag=True, help="Do everything that is due, then end.")
@click.option("--now", "at", help="Act as if it were this instant, like 2026-11-30T09:00:00Z; refused in production.")
def worker(once: bool, at: str | None) -> None:
    """Send waiting emails, and remind the people who are due a reminder."""
    now = _parse_instant(at)
    if now and not once:
        raise click.UsageError("--now goes with --once.")
    council = _open_prepared_council()
    configure_logging(is_production=council.settings.is_production)
    if once:
        run_once(council.worker_context, now or utc_now(), None if now else utc_now)
    else:
        run_forever(council.worker_context)


@main.command("migrate-to")
@click.argument("url", required=False)
@click.option("--take-back", is_flag=True, help="Let a council that was transferred run on its embedded database again.")
def migrate_to(url: str | None, take_back: bool) -> None:
    """Transfer this council from its embedded database to the empty PostgreSQL at URL, all of it or nothing."""
    if bool(url) == take_back:
        raise click.UsageError("Give an address like postgresql://user:password@host/database, or --take-back.")
    council = _open_council()
    if url:
        transfer.transfer_council(council, url)
    else:
        transfer.take_back_council(council)


@main.command()
@click.option("--password", help="The password of everybody in the demo; generated and stored if absent.")
@click.option("--if-empty", is_flag=True, help="Load it only into an empty database; print who can sign in either way.")
def demo(password: str | None, if_empty: bool) -> None:
    """Load the demo council: invented people, and audits in different states."""
    council = _open_council()
    prepare(council)
    load_and_print(council, password, only_if_empty=if_empty)


main.add_command(tokens)
main.add_command(second_factor)


@main.group()
def people() -> None:
    """The people of the council."""


@people.command("import", help=people_commands.HELP)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would change, line by line, and change nothing.")
def import_command(file: Path, dry_run: bool) -> None:
    people_commands.import_file(_open_prepared_council(), file, is_dry=dry_run)


@people.command("forget-second-proof")
@click.argument("email")
def forget_second_proof(email: str) -> None:
    """Remove the authenticator app, recovery codes and passkeys of EMAIL, who lost them. Check that the request is really theirs."""
    reset_second_factor(_open_prepared_council(), email)


main.add_command(passwords)


@main.group()
def forms() -> None:
    """Audit forms."""


@forms.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check whether FILE can be used as a form."""
    form = load_form(file)
    click.echo(f"{form.title}, version {form.version}: {len(form.sections)} sections, {len(form.areas)} of them graded.")


@main.group()
def audits() -> None:
    """Audits."""


@audits.command("export")
@click.argument("reference")
@click.option("--as", "kind", type=click.Choice(["json"]), default="json", help="The kind of file.")
def export_command(reference: str, kind: str) -> None:
    """Print the whole audit REFERENCE."""
    click.echo(export.export_as_json(_open_prepared_council(), reference))


@main.group()
def history() -> None:
    """The history, which shows tampering."""


@history.command("verify")
@click.option("--checkpoints", "kept", type=click.Path(path_type=Path), help="A file of checkpoints stored outside, or of saved emails.")
@click.option("--key", "keys", multiple=True, help="The public key of checkpoints from before SECRET_KEY was changed; may be repeated.")
def verify(kept: Path | None, keys: tuple[str, ...]) -> None:
    """Exit 0 if every history and log is intact, as the checkpoints say, and what readers are shown; 2 with every break named, one for each audit."""
    verification = verify_history.Verification(council := _open_prepared_council())
    with click.progressbar(verify_history.list_references(council), label="Verifying", file=sys.stderr) as references:
        breaks = [*verification.find_breaks(references), *checkpoints.find_breaks_of_logs(council, kept, keys)]
    if breaks:
        click.echo("\n".join(breaks), err=True)
        sys.exit(2)
    click.echo("Every history is intact.")
    if older := verification.saved_by_an_older_release:
        click.echo(f"Last saved by the release before, so compared only with their histories and seals: {', '.join(older)}.")


@history.command("checkpoint", help=checkpoints.HELP)
@click.option("--all", "names_all", is_flag=True, help="Name every audit.")
@click.option("--public-key", is_flag=True, help="Print only the key that checks the signatures: store it with the checkpoints.")
def checkpoint(*, names_all: bool, public_key: bool) -> None:
    council = _open_prepared_council()
    click.echo(checkpoints.checkpoint_key(council) if public_key else checkpoints.checkpoint_line(council, names_all=names_all))


@main.command()
def picture() -> None:
    """Print the state diagrams, generated from the rules."""
    click.echo(draw_states(_open_council().rules))


def _open_council() -> Council:
    return open_council(read_settings())


def _open_prepared_council() -> Council:
    return open_prepared_council(read_settings())


def _parse_instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    if read_env(os.environ) == "production":
        raise Refusal("--now is refused in production.")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("--now must be an instant like 2026-11-30T09:00:00Z.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
