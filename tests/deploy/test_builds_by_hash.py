"""Builds take every tool by hash: what is downloaded is what was locked."""

import json
import re
import tomllib
from pathlib import Path

from tests.deploy.test_env_example import ROOT

LISTS = [ROOT / "requirements.txt", ROOT / "requirements-tools.txt", *sorted((ROOT / "bench" / "peers").glob("*.txt"))]
SCRIPTS = [
    ROOT / "bootstrap.py",
    ROOT / "deploy" / "Containerfile",
    ROOT / "docs" / "operating.md",
    ROOT / ".ci" / "run",
    ROOT / "bench" / "peers" / "__init__.py",
]
INSTALLS = re.compile(r"""pip\b.*\binstall\b|\*installer\(\)|\buv sync\b|\bnpm",? "(ci|install)\b|\bnpm (ci|i|install)\b""")
BY_HASH = ("--require-hashes", "--offline", "--no-build-isolation")


def steps_of(script: Path) -> list[str]:
    """Each command that installs, on one line; not what only says with which program (`return`)."""
    text = re.sub(r"\\\n|&&", " \n", script.read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("return")]
    return [line for line in lines if INSTALLS.search(line)]


def test_every_package_of_every_list_has_a_version_and_a_hash() -> None:
    for listed in LISTS:
        lines = re.sub(r"\\\n", " ", listed.read_text(encoding="utf-8")).splitlines()
        named = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        assert named, listed.name
        assert [line for line in named if not re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == [], listed.name


def test_every_step_that_installs_goes_by_the_hashes() -> None:
    seen = 0
    for script in SCRIPTS:
        for step in steps_of(script):
            seen += 1
            is_npm, is_sync = '"npm", "ci"' in step, "uv sync --frozen" in step
            assert is_npm or (is_sync and "--no-install-project" in step) or any(one in step for one in BY_HASH), (script.name, step)
    print(f"{seen} steps that install")
    assert seen >= 8


def test_the_tools_that_build_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = (ROOT / "requirements-tools.txt").read_text(encoding="utf-8")
    for tool in [*project["build-system"]["requires"], *project["dependency-groups"]["build"], *project["dependency-groups"]["node"]]:
        assert f"{tool} \\\n" in tools, tool


def test_what_npm_installs_has_a_digest_of_what_was_locked() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, one in packages.items() if name and not one.get("integrity", "").startswith("sha512-")] == []


def test_no_base_image_is_named_but_by_what_the_builder_may_replace_by_a_digest() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(bases) == {"${PYTHON_IMAGE}"}
