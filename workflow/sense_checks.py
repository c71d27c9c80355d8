"""Questions about an audit’s text, from config/sense_checks.toml: they never suggest a grade and never block."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow.child_ids import is_no_id
from workflow.config_faults import key_faults
from workflow.directory import Directory, Person, Team
from workflow.errors import ConfigurationError, Missing
from workflow.forms import Field, Form, Section
from workflow.models import INADEQUATE, Answers
from workflow.roles import CASE_ROLES

KEYS = ("visits", "fillers", "changes", "repeated_from")
FIRST_DAY = "2000-01-01"
"""An earlier day is asked about: a slip of the finger may have made 1026 of 2026."""
NO_ID = (
    "What is given as the child’s ID is not an ID number. Is there one in the case management system? "
    "Without it, nobody can tell that another audit is of the same child, and no declared connection to the child is found."
)
Sections = Mapping[str, Answers]
ONLY_VISITS = "Evidence lists visits, but not yet what they showed. What did you read or hear that supports your judgement?"
NO_CHANGE = "Impact names no change yet. What is different for the child or young person because of this?"


@dataclass(frozen=True, slots=True)
class SenseChecks:
    visits: tuple[str, ...]
    fillers: tuple[str, ...]
    changes: re.Pattern[str]
    repeated_from: int

    def questions(self, form: Form, sections: Sections, directory: Directory) -> tuple[Missing, ...]:
        """Return every question, by the section and field it is about. Reads only `sections`, which the person may see."""
        graded = [section for section in form.areas if section.key in sections]
        of_words = (question for section in graded for question in self._of_words(section, sections[section.key]))
        return (
            *_of_child(sections),
            *questions_of_people(form.section("details"), sections.get("details", {}), directory),
            *_of_dates(form, sections),
            *_of_grades(form, sections),
            *of_words,
            *self._of_repetition(graded, sections),
        )

    def _of_words(self, section: Section, answers: Answers) -> Iterator[Missing]:
        evidence, impact = _text(answers, "evidence"), _text(answers, "impact")
        if evidence and self._only_lists_visits(evidence):
            yield Missing(section.key, "evidence", ONLY_VISITS)
        if impact and not self.changes.search(impact):
            yield Missing(section.key, "impact", NO_CHANGE)

    def _only_lists_visits(self, evidence: str) -> bool:
        words, known = re.findall(r"[^\W\d_]{4,}", evidence), self.visits + self.fillers
        # Most texts fail the first test at their first words, which matters: every area on every page is tested.
        return all(word.startswith(known) for word in words) and any(word.startswith(self.visits) for word in words)

    def _of_repetition(self, graded: list[Section], sections: Sections) -> Iterator[Missing]:
        places: dict[str, list[tuple[Section, str]]] = defaultdict(list)
        for section in graded:
            for name in ("evidence", "impact"):
                for passage in {" ".join(line.split()) for line in _text(sections[section.key], name).split("\n")}:
                    if len(passage) >= self.repeated_from:
                        places[passage].append((section, name))
        for found in places.values():
            for section, name in found if len({section.key for section, _ in found}) > 1 else ():
                others = ", ".join(dict.fromkeys(f"area {other.number}" for other, _ in found if other is not section))
                yield Missing(section.key, name, f"The same passage is in {others}. What does it say about this area?")


def load_sense_checks(path: Path) -> SenseChecks:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if faults := tuple(key_faults(path.name, table, KEYS)):
            raise ConfigurationError(*faults)
        visits, fillers, changes = (tuple(map(str, table[name])) for name in ("visits", "fillers", "changes"))
        named = re.compile(rf"\b(?:{'|'.join(map(re.escape, changes))})")
        return SenseChecks(visits, fillers, named, int(table["repeated_from"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path.name} can’t be read: {error}.") from error


def _of_child(sections: Sections) -> Iterator[Missing]:
    if is_no_id(sections.get("details", {}).get("child_id")):
        yield Missing("details", "child_id", NO_ID)


def _of_dates(form: Form, sections: Sections) -> Iterator[Missing]:
    for section in form.sections:
        for field in section.fields if section.key in sections else ():
            answer = sections[section.key].get(field.key)
            if field.kind == "date" and isinstance(answer, str) and answer < FIRST_DAY:
                yield Missing(section.key, field.key, f"{field.label.rstrip('?.')}: the year is {answer[:4]}. Is it right?")


def questions_of_people(part: Section, details: Answers, directory: Directory) -> tuple[Missing, ...]:
    """About people who do not hold the role that they are named in, or who belong to another team than the chosen one."""
    people = ((field, details.get(field.key)) for field in part.fields if field.kind == "person")
    named = [(field, directory.person(answer)) for field, answer in people if isinstance(answer, int)]
    team = directory.teams.get(str(details.get("team")))
    asked = ((field, _question_of_person(field, person, team)) for field, person in named if person)
    return tuple(Missing("details", field.key, question) for field, question in asked if question)


def _question_of_person(field: Field, person: Person, team: Team | None) -> str:
    if field.key in CASE_ROLES and not (person.can_be_reached and field.key in person.roles):
        return f"{field.label}: {person.name} does not hold that role now, so the audit can’t be shared. Who does?"
    if team and person.units and not person.belongs_to(team):
        return f"{field.label}: {person.name} belongs to another team than {team.name}. Is this the right person?"
    return ""


def _of_grades(form: Form, sections: Sections) -> Iterator[Missing]:
    """An Inadequate area under a better overall grade is a question, not an escalation (domain, Traps in the form)."""
    overall = sections.get(form.overall.key, {}).get("grade")
    below = [area for area in form.areas if not area.overall and sections.get(area.key, {}).get("grade") == INADEQUATE]
    if not below or overall is None or overall == INADEQUATE:
        return
    for area in below:
        yield Missing(
            area.key,
            "grade",
            "This area is Inadequate while the final judgement is better. That may be right: the final judgement says why.",
        )
    named = ", ".join(f"area {area.number}" for area in below)
    yield Missing(form.overall.key, "evidence", f"The final judgement is better than Inadequate, and {named} is not. Say here why.")


def _text(answers: Answers, name: str) -> str:
    answer = answers.get(name)
    return answer.lower() if isinstance(answer, str) else ""
