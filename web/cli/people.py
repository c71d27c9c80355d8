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

Its first line names the columns: email, name and, if you want them, roles, active and teams. People are matched by email address: new
people are added, people who are here already are changed to match their line, and people who are not in the file stay unchanged.

Separate roles with “;”, like “auditor;moderator”, “head_of_service:assessment”, “director:safeguarding” or
“deputy:hos_ppqa”. With the roles column, a person’s roles become exactly those in the line; without it they stay as they are.
active is yes or no; no marks the person as having left. teams are codes of teams, and of services for a Service Manager,
separated with “;”: with that column a person belongs to exactly these.

Either every line is imported or, if one is refused, none. See docs/people-import.md.
"""


def import_file(council: Council, file: Path, *, is_dry: bool) -> None:
    """Print each change. Raise Refused with the lines that are refused; then nothing is changed."""
    lines, unreadable = read_lines(file)
    context = council.command_context()
    with click.progressbar(lines, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        plan = plan_import(bar, context.directory)
    if not (unreadable or plan.refusals or is_dry):
        plan = import_people(context, tuple(lines))
    _print_changes(plan.changes if is_dry or not (unreadable or plan.refusals) else ())
    _refuse([*unreadable, *plan.refusals])
    click.echo(_describe_result(plan, is_dry=is_dry))


def _print_changes(changes: Iterable[str]) -> None:
    if lines := "\n".join(changes):
        click.echo(lines)


def _refuse(refusals: list[str]) -> None:
    if refusals:
        for refusal in sorted(refusals, key=lambda line: int(line.removeprefix("Line ").partition(":")[0])):
            click.echo(refusal, err=True)
        raise Refusal(f"{len(refusals)} lines are refused, so nothing is changed." if len(refusals) > 1 else "Nothing is changed.")


def _describe_result(plan: Plan, *, is_dry: bool) -> str:
    number = f"{len(plan.changes):,} change{'' if len(plan.changes) == 1 else 's'}"
    return f"{number} would be made; nothing was changed." if is_dry else f"{number} made."
