"""The example environment file names every setting, each with its sentence, and no others."""

import contextlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.errors import BadSetting
from config.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "practice-audit.env.example"
LINE = re.compile(r"(#?)([A-Z][A-Z0-9_]*)=(.*)")
# Read by a library: where several processes keep their counts, told in the guide.
NOT_OURS = {"PROMETHEUS_MULTIPROC_DIR"}


class Environment(dict[str, str]):
    """Remembers what it was asked for."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def asked_for(tmp_path: Path) -> set[str]:
    """Every variable that is looked at, whichever way the start goes."""
    asked: set[str] = set()
    for more in ({}, {"PRACTICE_AUDIT_MAIL_URL": "notify:"}):
        environment = Environment({"PRACTICE_AUDIT_DATA": str(tmp_path), **more})
        with contextlib.suppress(BadSetting):
            read_settings(environment)
        asked |= environment.asked
    return asked


def entries() -> Iterator[tuple[str, str, str, str]]:
    """For each setting: the comment above it, whether it is commented out, its name and its value."""
    above = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if found := LINE.fullmatch(line):
            yield above, *found.groups()  # type: ignore[misc]
        above = line


def test_the_example_has_every_setting_with_one_sentence_and_no_other(tmp_path: Path) -> None:
    named = [name for _, _, name, _ in entries()]
    print(f"{len(named)} settings")
    assert sorted(set(asked_for(tmp_path)) - set(named)) == [], "settings that deploy/practice-audit.env.example does not name"
    assert sorted(set(named) - asked_for(tmp_path)) == [], "settings that there are not"
    assert len(set(named)) == len(named)
    for above, _, name, _ in entries():
        assert re.fullmatch(r"# \S.*\.", above), f"{name} has no sentence above it"


def test_the_example_is_complete_and_its_commented_settings_are_well_formed(tmp_path: Path) -> None:
    here = {"PRACTICE_AUDIT_DATA": str(tmp_path)}
    given = {name: value.replace("change-me", secrets.token_hex(8)) for _, hidden, name, value in entries() if not hidden}
    given["PRACTICE_AUDIT_SECRET_KEY"] = secrets.token_urlsafe(48)
    assert read_settings({**given, **here}).is_production
    for _, hidden, name, value in entries():
        if hidden and value and "OIDC" not in name:
            read_settings({**given, name: value, **here})


@pytest.mark.parametrize("name", ["ENV", "DATABASE_URL", "SECRET_KEY", "BASE_URL", "MAIL_URL", "MAIL_FROM", "QA_INBOX"])
def test_settings_that_production_needs_are_not_commented_out(name: str) -> None:
    assert f"PRACTICE_AUDIT_{name}" in {one for _, hidden, one, _ in entries() if not hidden}


def test_other_files_name_only_existing_settings(tmp_path: Path) -> None:
    known = asked_for(tmp_path) | NOT_OURS
    for path in [*sorted((ROOT / "deploy").rglob("*")), ROOT / "docs" / "operating.md"]:
        if path.is_file():
            said = set(re.findall(r"\b(?:PRACTICE_AUDIT_[A-Z_]+[A-Z]|PROMETHEUS_[A-Z_]+[A-Z])\b", path.read_text(encoding="utf-8")))
            assert said <= known, (path.name, said - known)
