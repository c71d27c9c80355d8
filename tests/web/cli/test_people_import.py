"""`practice-audit people import`: a dry run says what the real run does; all of it happens or nothing; a refusal is a sentence."""

import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from tests.factories import World, a_council, a_world, an_audit, settings
from web.cli.main import main
from web.council import open_council, prepare
from workflow.directory import Duty
from workflow.storage import tables
from workflow.storage.engine import read_transaction

GOOD = """email,name,roles,active
new.admin@council.example,Nia Admin,admin,yes
new.hos@council.example,Noor Hos,hos_ppqa; qa,
both@council.example,Bo Th,head_of_service:care;deputy:director:parenting,
AUDITOR@demo.example,Amara Okafor,auditor;moderator,yes
practitioner@demo.example,Priya Nair-Jones,practitioner,
auditor2@demo.example,Ben Whitlock,,no

gone@council.example,Gone Long Ago,,no
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    council = a_council(tmp_path / "var")
    made = a_world(council)
    council.engine.dispose()
    return made


def run(tmp_path: Path, text: str | bytes, *more: str) -> Result:
    file = tmp_path / "people.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CliRunner().invoke(main, ["people", "import", str(file), *more], env={"PRACTICE_AUDIT_DATA": str(tmp_path / "var")})


def stored(world: World) -> list[object]:
    held = (tables.people, tables.duties, tables.memberships, tables.directory, tables.directory_history, tables.notices)
    with read_transaction(world.store.engine) as connection:
        return [connection.execute(select(table)).all() for table in held]


def test_a_dry_run_prints_what_the_real_run_does_and_changes_nothing(world: World, tmp_path: Path) -> None:
    draft, before = an_audit(world, "draft", auditor="auditor2"), stored(world)
    dry = run(tmp_path, GOOD, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert stored(world) == before
    real = run(tmp_path, GOOD)
    assert real.stdout.splitlines()[:-1] == dry.stdout.splitlines()[:-1]
    assert real.stdout.splitlines()[-1] == "12 changes made."
    assert dry.stdout.splitlines()[-1] == "12 changes would be made; nothing was changed."
    directory = world.store.directory()
    duties = {email: person.duties for email in ("new.hos@council.example", "both@council.example", "auditor@demo.example")
              if (person := directory.by_email(email))}  # fmt: skip
    assert duties == {
        "new.hos@council.example": {Duty("hos_ppqa"), Duty("qa")},
        "both@council.example": {Duty("head_of_service", "care"), Duty("director", "parenting", is_deputy=True)},
        "auditor@demo.example": {Duty("auditor"), Duty("moderator")},
    }
    assert world.person("practitioner").name == "Priya Nair-Jones"
    assert (world.person("auditor2").is_active, world.person("auditor2").duties) == (False, frozenset())
    with read_transaction(world.store.engine) as connection:
        history = connection.execute(select(tables.directory_history)).all()
        told = connection.execute(select(tables.notices.c.event, tables.notices.c.reference)).all()
    assert {(row.by_id, row.by_name) for row in history} == {(None, "command line")}
    assert told == [("duty_must_pass_on", draft)]
    again = run(tmp_path, GOOD)
    assert again.stdout == "0 changes made.\n"


HEADER = "email,name,roles,active\n"
FILES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "no column “email”"),
    "no name": ("email,roles\na@b.c,qa\n", "no column “name”"),
    "another column": ("email,name,grade\n", "no column “grade”"),
    "a column twice": ("email,name,name\n", "twice"),
    "semicolons": ("email;name\na@b.c;A\n", "separated by commas"),
    "cp1252": ("email,name\na@b.c,Zoë\n".encode("cp1252"), "not UTF-8"),
    "utf-16": ("email,name\na@b.c,Zoe\n".encode("utf-16"), "not UTF-8"),
    "a quote left open": ('email,name\na@b.c,"Zoe\n', "not CSV"),
    "NUL": ("email,name\na@b.c,Z\x00e\n", "can’t be stored"),
}  # fmt: skip
LINES = {
    "a@b.c,A": "4 cells", "a@b.c,A,,,x": "4 cells", "nobody,A,,": "email address", ",A,,": "email address", "a@b.c,,,": "name",
    "a@b.c,A,emperor,": "no role “emperor”", "a@b.c,A,head_of_service,": "needs a service", "a@b.c,A,director:nowhere,": "no branch",
    "a@b.c,A,qa:care,": "needs a service", "a@b.c,A,deputy:qa,": "have deputies", "a@b.c,A,admin;auditor,": "can’t also hold a role",
    "a@b.c,A,,perhaps": "yes or no", "a@b.c,A,qa,no": "can’t have roles", "=cmd(),A,,": "formula", 'a@b.c,"=HYPERLINK(""x"")",,': "formula",
    "a@b.c,+A,,": "formula", "a@b.c,@A,,": "formula", "a@b.c,A\u202e,,": "can’t be stored", "first@b.c,Again,,": "already in line 2",
    "a@b.c,A,head_of_service:care:more,": "no role", "a@b.c," + "x" * 300 + ",,": "characters long",
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_a_list_is_refused_with_a_sentence(world: World, tmp_path: Path, kind: str) -> None:
    before = stored(world)
    result = run(tmp_path, FILES[kind][0])
    assert (result.exit_code, result.stdout) == (1, "")
    assert FILES[kind][1] in result.stderr
    assert stored(world) == before


@pytest.mark.parametrize("line", LINES)
def test_if_one_line_is_refused_nothing_is_imported(world: World, tmp_path: Path, line: str) -> None:
    before = stored(world)
    for more in ((), ("--dry-run",)):
        result = run(tmp_path, f"{HEADER}first@b.c,First,,\n{line}\nlast@b.c,Last,,\n", *more)
        assert result.exit_code == 1
        assert result.stderr.startswith("Line 3: ")
        assert LINES[line] in result.stderr
        assert result.stderr.splitlines()[1:] == ["Nothing is changed."]
        assert result.stdout.count("adds") == (2 if more else 0)
    assert stored(world) == before


def test_a_missing_file_is_a_sentence(world: World, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["people", "import", "/nowhere.csv"], env={"PRACTICE_AUDIT_DATA": str(tmp_path / "var")})
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_a_byte_order_mark_is_ignored(world: World, tmp_path: Path) -> None:
    result = run(tmp_path, "email,name\r\nzoe@b.c,Zoë Ångström\r\n".encode("utf-8-sig"))
    assert result.stdout == "Line 2: adds Zoë Ångström <zoe@b.c>.\n1 change made.\n"


CASES = Path(__file__).parent / "support" / "people"


@pytest.mark.parametrize("case", ["leading_apostrophe", "trailing_empty_columns"])
def test_what_a_spreadsheet_adds_is_ignored(world: World, tmp_path: Path, case: str) -> None:
    result = run(tmp_path, (CASES / f"{case}.csv").read_bytes())
    assert result.exit_code == 0, result.stderr
    added = world.store.directory().by_email("ann@council.example")
    assert added
    assert (added.name, added.roles) == ("Ann Bright", {"auditor"})


@pytest.mark.parametrize(
    ("text", "refused"),
    [((CASES / "short_row.csv").read_text(), "Line 2: 4 cells are needed, and there are 3."),
     (f"{HEADER}a@b.c,Ann,,yes,more\n", "Line 2: 4 cells are needed, and there are 5."),
     (f"{HEADER}a@b.c,'=HYPERLINK(1),,\n", "Line 2: the cell “name” begins like a formula."),
     ((CASES / "idn_same_person.csv").read_text(), "Line 3: ann@xn--bcher-kva.example is already in line 2."),
     (f"{HEADER}auditor@DEMO.example,A,,\nzoe@b.c,Zoë,,\n zoe@B.C ,Zoë,,\n", "Line 4: zoe@b.c is already in line 3.")],
)  # fmt: skip
def test_a_short_row_and_a_second_line_of_one_mailbox_are_refused(world: World, tmp_path: Path, text: str, refused: str) -> None:
    before = stored(world)
    result = run(tmp_path, text)
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, refused)
    assert stored(world) == before


def test_a_name_that_begins_with_an_apostrophe_keeps_it(world: World, tmp_path: Path) -> None:
    assert "adds 't Hooft <h@b.c>" in run(tmp_path, f"{HEADER}h@b.c,'t Hooft,,\n").stdout


def test_another_writing_of_somebody_elses_mailbox_is_refused(world: World, tmp_path: Path) -> None:
    assert run(tmp_path, f"{HEADER}ann@bücher.example,Ann Bright,auditor,yes\n").exit_code == 0
    result = run(tmp_path, f"{HEADER}ann@xn--bcher-kva.example,Ann Two,auditor,yes\n")
    assert result.stderr.startswith("Line 2: ann@xn--bcher-kva.example is the mailbox of Ann Bright, who is here as ann@bücher.example")


def test_the_first_people_of_a_new_database_are_imported_at_once(tmp_path: Path) -> None:
    council = open_council(settings(tmp_path / "var"))
    prepare(council)
    lines = "".join(f"person{n}@council.example,Person {n},{'auditor' if n % 2 else 'practitioner;qaro'},\n" for n in range(9_998))
    began = time.monotonic()
    result = run(tmp_path, f"{HEADER}admin@council.example,Ada,admin,\nhos@council.example,Hal,hos_ppqa,\n{lines}")
    took = time.monotonic() - began
    assert result.exit_code == 0, result.stderr
    assert len(council.store.directory().people) == 10_000
    print(f"10,000 lines in {took:.1f} s")
    council.engine.dispose()


TEAMS = """email,name,roles,active,teams
practitioner@demo.example,Priya Nair,practitioner,yes,care-west;assessment-east
service.manager@demo.example,Sian Pritchard,service_manager,yes,care
team.manager@demo.example,Tess Marlow,team_manager,yes,assessment-east
auditor2@demo.example,Ben Whitlock,,no,
new.manager@council.example,Nia New,service_manager;team_manager,,assessment;care-west
qaro@demo.example,Quentin Rowe,qaro,,
"""


def test_the_column_of_teams_says_where_people_belong(world: World, tmp_path: Path) -> None:
    dry = run(tmp_path, TEAMS, "--dry-run")
    real = run(tmp_path, TEAMS)
    assert real.stdout.splitlines()[:-1] == dry.stdout.splitlines()[:-1]
    assert [line for line in real.stdout.splitlines() if "belong" in line] == [
        "Line 2: makes practitioner@demo.example belong to assessment-east;care-west.",
        "Line 3: makes service.manager@demo.example belong to care.",
        "Line 6: makes new.manager@council.example belong to assessment;care-west.",
        "Line 7: makes qaro@demo.example belong to no team.",
    ]
    names = ("practitioner", "service.manager", "team.manager", "auditor2", "qaro")
    assert [len(world.person(name).units) for name in names] == [2, 1, 1, 0, 0]
    again = run(tmp_path, TEAMS)
    assert again.stdout.splitlines()[-1] == "0 changes made."
    assert run(tmp_path, "email,name\nqaro@demo.example,Quentin Rowe\npractitioner@demo.example,Priya Nair\n").exit_code == 0
    assert len(world.person("practitioner").units) == 2


@pytest.mark.parametrize(
    ("teams", "words"),
    [
        ("care-north", "There is no team with the code “care-north”."),
        ("care", "“care” is a service: only a Service Manager belongs to one."),
    ],
)
def test_a_line_with_a_wrong_team_refuses_the_list(world: World, tmp_path: Path, teams: str, words: str) -> None:
    before = stored(world)
    refused = run(tmp_path, f"email,name,roles,teams\nqaro@demo.example,Quentin Rowe,qaro,{teams}\n")
    assert (refused.exit_code, f"Line 2: {words}" in refused.stderr) == (1, True)
    assert stored(world) == before
