"""A mistyped name in any table stops the start, with every fault at once and each with its file and place."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import FOLDER
from notifications.configuration_checks import CLOCKS, SENT_BY_NAME
from tests.factories import settings
from web.council import open_council
from workflow.errors import ConfigurationError
from workflow.permissions import RIGHTS

ROOT = FOLDER.parent
TYPOS = {
    # What is mistyped: the file, what it says, what it says instead, and the sentence.
    "state": ("workflow", 'to = "shared"', 'to = "sharde"', "workflow.toml, audit move share, to: there is no state “sharde”. Did you mean “shared”?"),
    "initial state": ("workflow", 'initial = "draft"', 'initial = "drafted"', "workflow.toml, audit, initial: there is no state “drafted”."),
    "source": ("workflow", 'from = ["graded"]', 'from = ["grated"]', "workflow.toml, audit move revise, from: there is no state “grated”."),
    "owner": ("workflow", 'owner = ["qa", "moderator"]', 'owner = ["qa", "moderater"]', "workflow.toml, audit state shared, owner: there is no relation “moderater”."),
    "maker": ("workflow", 'by = ["moderator"]', 'by = ["moderater"]', "workflow.toml, audit move moderate, by: there is no relation “moderater”."),
    "maker when escalated": ("workflow", 'by_when_escalated = ["hos_ppqa"]', 'by_when_escalated = ["hos_pqpa"]', "workflow.toml, audit move close_actions, by_when_escalated: there is no relation “hos_pqpa”."),
    "next maker": ("workflow", 'falls_to = ["qa", "hos_ppqa", "director"]', 'falls_to = ["qa", "hos_ppqa", "directer"]', "workflow.toml, audit move close_actions, falls_to: there is no relation “directer”."),
    "asker": ("workflow", 'asked_by = ["auditor", "qa"]', 'asked_by = ["auditer", "qa"]', "workflow.toml, audit move withdraw, asked_by: there is no relation “auditer”."),
    "guard": ("workflow", '"header_is_complete"', '"header_is_full"', "workflow.toml, audit move record_consultation, needs: there is no guard “header_is_full”."),
    "guard when asked": ("workflow", '"withdrawal_is_not_asked_yet"', '"is_not_asked"', "workflow.toml, audit move withdraw, needs_when_asked: there is no guard “is_not_asked”."),
    "guard waited for": ("workflow", '"every_recipient_has_acknowledged"', '"all_know"', "workflow.toml, escalation move acknowledge, waits_for: there is no guard “all_know”."),
    "event told": ("workflow", 'tells = "audit_shared"', 'tells = "audit_sharde"', "workflow.toml, audit move share, tells: there is no event “audit_sharde”."),
    "event told when asked": ("workflow", 'tells_when_asked = "withdrawal_requested"', 'tells_when_asked = "asked"', "workflow.toml, audit move withdraw, tells_when_asked: there is no event “asked”."),
    "recipient's post": ("workflow", 'recipients = ["head_of_service", ', 'recipients = ["head_of_servise", ', "workflow.toml, escalation, recipients: there is no post “head_of_servise”."),
    "post above": ("workflow", 'director = ["hos_ppqa"]', 'director = ["hos_pqpa"]', "workflow.toml, escalation, next_up.director: there is no post “hos_pqpa”."),
    "vacant post": ("workflow", 'director = ["hos_ppqa"]', 'directer = ["hos_ppqa"]', "workflow.toml, escalation, next_up: there is no recipient “directer”."),
    "no list": ("workflow", 'by = ["moderator"]', 'by = "moderator"', "workflow.toml, audit move moderate, by: this must be a list of names."),
    "right": ("permissions", "[write_audit]", "[wirte_audit]", "permissions.toml: there is no right “wirte_audit”. Did you mean “write_audit”?"),
    "missing right": ("permissions", "[write_audit]", "[wirte_audit]", "permissions.toml: the right “write_audit” is missing."),
    "relation": ("permissions", 'owner = "until_closed"', 'onwer = "until_closed"', "permissions.toml, record_progress: there is no relation “onwer”."),
    "stage": ("permissions", 'owner = "until_closed"', 'owner = "untill_closed"', "permissions.toml, record_progress.owner: there is no stage “untill_closed”."),
    "stage’s state": ("permissions", 'moderator = "while_shared"', 'moderator = "while_sharde"', "permissions.toml, write_moderation.moderator: there is no state “sharde”."),
    "title": ("permissions", 'qaro = "QARO"', 'qarro = "QARO"', "permissions.toml, titles: there is no relation “qarro”."),
    "event": ("notifications", "[event.action_due_soon]", "[event.action_due_son]", "notifications.toml: there is no event “action_due_son”."),
    "missing event": ("notifications", "[event.action_due_soon]", "[event.action_due_son]", "notifications.toml: the event “action_due_soon” is missing."),
    "recipient": ("notifications", 'told = ["moderator"]', 'told = ["moderater"]', "notifications.toml, event moderator_assigned, told: there is no recipient “moderater”."),
    "later recipient": ("notifications", 'told_where_escalated = ["hos_ppqa"]', 'told_where_escalated = ["hos"]', "notifications.toml, event completion_reported, told_where_escalated: there is no recipient “hos”."),
    "key of an event": ("notifications", "gathered = true", "gatherd = true", "notifications.toml, event action_due_soon: there is no key “gatherd”. Did you mean “gathered”?"),
    "clock": ("notifications", "emergency_minutes = 15", "emergency_minuets = 15", "notifications.toml, clocks: there is no clock “emergency_minuets”."),
    "missing clock": ("notifications", "emergency_minutes = 15", "", "notifications.toml, clocks: the clock “emergency_minutes” is missing."),
    "clock's value": ("notifications", "emergency_minutes = 15", "emergency_minutes = 0", "notifications.toml, clocks, emergency_minutes: this must be a whole number of at least 1."),
    "hour": ("notifications", "reminders_gathered_at_hour = 8", "reminders_gathered_at_hour = 24", "notifications.toml, clocks, reminders_gathered_at_hour: this must be an hour of the day."),
    "share of audits": ("notifications", "random_share_percent = 0", "random_share_percent = 101", "notifications.toml, moderation_selection, random_share_percent: this must be a whole number from 0 to 100."),
    "first audits": ("notifications", "auditors_first = 0", "auditors_first = -1", "notifications.toml, moderation_selection, auditors_first: this must be a whole number."),
    "sense check": ("sense_checks", "fillers =", "filers =", "sense_checks.toml: there is no key “filers”. Did you mean “fillers”?"),
}  # fmt: skip


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_stops_the_start_and_is_named_with_its_place(tmp_path: Path, typo: str) -> None:
    file, old, new, sentence = TYPOS[typo]
    assert sentence in _fault_sentences(tmp_path, (file, old, new))


def test_every_typo_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    several = [
        TYPOS[name] for name in ("maker", "guard", "event told", "right", "relation", "stage’s state", "recipient", "clock", "sense check")
    ]
    found = _fault_sentences(tmp_path, *((file, old, new) for file, old, new, _ in several))
    for _, _, _, sentence in several:
        assert sentence in found


def test_a_file_that_cannot_be_read_hides_no_fault_of_another(tmp_path: Path) -> None:
    found = _fault_sentences(tmp_path, ("permissions", "[know]", "[know"), ("workflow", 'by = ["moderator"]', 'by = ["moderater"]'))
    assert "permissions.toml can’t be read" in found
    assert "there is no relation “moderater”" in found


@pytest.mark.parametrize(("kind", "names"), [("right", RIGHTS), ("event", SENT_BY_NAME), ("clock", CLOCKS)])
def test_every_name_that_a_table_must_have_is_read_somewhere(kind: str, names: tuple[str, ...]) -> None:
    lists = {"workflow/permissions.py", "notifications/configuration_checks.py"}
    files = [
        path for folder in ("workflow", "notifications", "web") for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".html"}
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files if str(path.relative_to(ROOT)) not in lists)
    spoken = code.replace('f"escalation_{name}_working_days"', '"escalation_acknowledged_working_days" "escalation_passed_up_working_days"')
    assert [name for name in names if not re.search(f"[\"']{name}[\"']", spoken)] == [], kind


def test_every_right_that_the_code_asks_for_is_known() -> None:
    files = [path for folder in ("workflow", "notifications", "web") for path in (ROOT / folder).rglob("*.py")]
    asked = {name for path in files for name in re.findall(r'\.allow(?:_role)?\("(\w+)"', path.read_text(encoding="utf-8"))}
    assert asked <= set(RIGHTS)


def _fault_sentences(folder: Path, *changes: tuple[str, str, str]) -> str:
    copied = folder / "config"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for file, old, new in changes:
        path = copied / f"{file}.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        open_council(replace(settings(folder), config=copied))
    return refused.value.sentence
