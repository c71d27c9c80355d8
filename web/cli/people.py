"""`practice-audit people`: import people from a list, reported line by line."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from web.cli.people_csv import read_lines
from web.council import Council
from workflow.commands.directory.bulk_import import Plan, import_people, plan_import
from workflow.errors import Refusal

HELP = """Import people from FILE, a CSV file in UTF-8.

Its first line names the columns: email and name, and as wanted roles and active. Somebody is found by their email address:
who is not there yet is added, who is there is brought to what the line says. Who is not in the file stays as they are.

roles are parted by “;”, like “auditor;moderator”, “head_of_service:assessment”, “director:safeguarding” or
“deputy:hos_ppqa”. With the column, somebody’s roles become exactly those of the line; without it they stay. active is yes or no;
no marks them as left.

All of it is done, or nothing where a line is refused. See docs/people-import.md.
"""


def bring_in(council: Council, file: Path, *, is_dry: bool) -> None:
    """Print each change. Raise Refused with the lines that are refused; then nothing is changed."""
    lines, unreadable = read_lines(file)
    context = council.command_context()
    with click.progressbar(lines, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        plan = plan_import(bar, context.directory)
    if not (unreadable or plan.refusals or is_dry):
        plan = import_people(context, tuple(lines))
    _say(plan.changes if is_dry or not (unreadable or plan.refusals) else ())
    _refuse([*unreadable, *plan.refusals])
    click.echo(_summary(plan, is_dry=is_dry))


def _say(changes: Iterable[str]) -> None:
    if said := "\n".join(changes):
        click.echo(said)


def _refuse(refusals: list[str]) -> None:
    if refusals:
        for refusal in sorted(refusals, key=lambda words: int(words.removeprefix("Line ").partition(":")[0])):
            click.echo(refusal, err=True)
        raise Refusal(f"{len(refusals)} lines are refused, so nothing is changed." if len(refusals) > 1 else "Nothing is changed.")


def _summary(plan: Plan, *, is_dry: bool) -> str:
    number = f"{len(plan.changes):,} change{'' if len(plan.changes) == 1 else 's'}"
    return f"{number} would be made; nothing was changed." if is_dry else f"{number} made."
