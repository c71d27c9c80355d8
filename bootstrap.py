#!/usr/bin/env python3
"""Sets Practice Audit up and runs it, with nothing but Python 3.11 or newer; `make` calls the same verbs."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV, BIN = ROOT / ".venv", ROOT / ".venv" / "bin"
REQUIREMENTS, TOOLS = ROOT / "requirements.txt", ROOT / "requirements-tools.txt"
ASSETS, STATIC = ROOT / "web" / "assets", ROOT / "web" / "static"
NODE_MODULES, NPM_LOCK = ROOT / "node_modules", ROOT / "package-lock.json"
GOVUK_FRONTEND = NODE_MODULES / "govuk-frontend" / "dist"

OLDEST_NODE = (20, 19)
REQUIREMENTS_HEADER = "# uv.lock in the form pip reads. Made by `python3 bootstrap.py lock`.\n"
EXPORTED = {REQUIREMENTS: ("--all-groups", "--no-group", "node"), TOOLS: ("--only-group", "build", "--only-group", "node")}


class CannotContinueError(Exception):
    """Its message is the one sentence the person is shown."""


def print_message(message: str) -> None:
    print(f"practice-audit: {message}", file=sys.stderr, flush=True)


def run_command(command: Sequence[str | Path]) -> int:
    """Runs it with .venv's programs first, whatever environment the person has activated."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV), "UV_PROJECT_ENVIRONMENT": str(VENV)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def run_or_stop(command: Sequence[str | Path], refusal: str) -> None:
    if run_command(command) != 0:
        raise CannotContinueError(f"{refusal}; the reason is above.")


def fingerprint(files: Sequence[Path], *facts: object) -> str:
    digest = hashlib.sha256(repr(facts).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def make_once(stamp: Path, wanted: str, make: Callable[[], None]) -> None:
    """Makes it unless the stamp says that exactly this was made before."""
    if not (stamp.is_file() and stamp.read_text() == wanted):
        make()
        stamp.write_text(wanted)


def setup(_arguments: Sequence[str] = ()) -> int:
    make_once(VENV / "made-here", fingerprint([], ROOT, sys.version_info[:2]), make_environment)
    make_once(VENV / "installed", fingerprint([REQUIREMENTS], read_project()), install_packages)
    assets = sorted(ASSETS.iterdir())
    try:
        make_once(STATIC / "built", fingerprint([NPM_LOCK, *assets], assets), build_static_files)
    except CannotContinueError as reason:
        if "CI" in os.environ:
            raise
        print_message(f"{reason} The pages work without their stylesheet; it is tried again next time.")
    return 0


def read_project() -> object:
    import tomllib  # absent before Python 3.11, and main() has to get as far as saying so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return project["project"], project["build-system"]


def make_environment() -> None:
    """Always a new one: a copied .venv would run the code of the folder it was copied from."""
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv is None and importlib.util.find_spec("ensurepip") is None:
        raise CannotContinueError("This Python makes no environments: first `apt-get install python3-venv`, or install uv.")
    maker = [uv, "venv", "--quiet", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    run_or_stop([*maker, VENV], "Python could not make the environment .venv")


def install_packages() -> None:
    print_message("installing the Python packages (a minute or two the first time)")
    refusal = "the Python packages could not be installed"
    run_or_stop([*installer(), "--require-hashes", "--requirement", REQUIREMENTS], refusal)
    # With what was just installed by hash: an environment of its own for building would be filled without.
    run_or_stop([*installer(), "--no-build-isolation", "--no-deps", "--editable", ROOT], refusal)


def installer() -> list[str | Path]:
    uv = shutil.which("uv")
    return [uv, "pip", "install", "--quiet"] if uv else [BIN / "python", "-m", "pip", "install", "-qq"]


def has_node() -> bool:
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    version = answer.strip().removeprefix("v").split(".")[:2]
    return all(part.isdigit() for part in version) and tuple(map(int, version)) >= OLDEST_NODE


def install_node_modules() -> None:
    npm = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"]
    run_or_stop(npm, "npm could not install GOV.UK Frontend and sass")


def build_static_files() -> None:
    print_message("building the stylesheet")
    if not has_node():
        print_message("installing node from PyPI, because this machine has none that is new enough")
        run_or_stop([*installer(), "--require-hashes", "--requirement", TOOLS], "node could not be installed")
    make_once(NODE_MODULES / "installed", fingerprint([NPM_LOCK]), install_node_modules)
    STATIC.mkdir(exist_ok=True)
    sheet = f"{ASSETS}/practice-audit.scss:{STATIC}/practice-audit.css"
    options = ["--quiet-deps", "--style=compressed", "--no-source-map", f"--load-path={GOVUK_FRONTEND}"]
    run_or_stop(["node", NODE_MODULES / "sass" / "sass.js", *options, sheet], "sass could not build the stylesheet")
    others = [asset for asset in ASSETS.iterdir() if asset.suffix != ".scss"]
    for file in [GOVUK_FRONTEND / "govuk" / "govuk-frontend.min.js", *others]:
        shutil.copy(file, STATIC)


def run(_arguments: Sequence[str]) -> int:
    setup()
    return run_command(["practice-audit", "demo", "--if-empty"]) or run_together("serve", "worker")


def run_together(*verbs: str) -> int:
    """Runs them until one ends or we are told to stop; then stops the rest."""
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: signals.append(received))
    # Sessions of their own: Ctrl-C in a terminal then reaches them once, from here.
    children = {
        verb: subprocess.Popen([BIN / "practice-audit", verb], cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True) for verb in verbs
    }
    while not signals and all(child.poll() is None for child in children.values()):
        time.sleep(0.1)
    ended = [f"{verb} ended (exit {child.returncode})" for verb, child in children.items() if child.returncode is not None]
    stop(children.values())
    if signals and not ended:
        return 0
    print_message(f"{' and '.join(ended)}, so everything was stopped.")
    return 1


def stop(children: Collection[subprocess.Popen[bytes]]) -> None:
    """Stop all of them in order, within ten seconds together: the web server takes other signals for something else."""
    deadline = time.monotonic() + 10
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def check(_arguments: Sequence[str]) -> int:
    """Goes on after a failure, so that one run tells everything."""
    setup()
    commands = {
        "format": ["ruff", "format", "--check", "--quiet", "."],
        "lint": ["ruff", "check", "--quiet", "."],
        "types": ["mypy"],
        "import contracts": ["lint-imports", "--no-logo"],
        "state picture": ["python", "-m", "workflow.state_diagram", "--check"],
        "prose": ["python", "-m", "tests.architecture.prose"],
        "uv.lock": ["uv", "lock", "--check", "--quiet"],
    }
    failed = [name for name, command in commands.items() if run_command(command) != 0]
    failed += [f"{file.name} (`python3 bootstrap.py lock` makes it again)" for file in EXPORTED if file.read_text() != exported_to(file)]
    if failed:
        print_message(f"not right yet: {', '.join(failed)}")
    return 1 if failed else 0


def exported_to(file: Path) -> str:
    export = [str(BIN / "uv"), "export", "--frozen", "--no-emit-project", *EXPORTED[file], "--no-annotate", "--no-header"]
    return REQUIREMENTS_HEADER + subprocess.run(export, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def lock(_arguments: Sequence[str]) -> int:
    run_or_stop(["uv", "lock"], "uv could not find versions that agree")
    for file in EXPORTED:
        file.write_text(exported_to(file))
    return 0


def after_setup(*command: str) -> Callable[[Sequence[str]], int]:
    def setup_and_call(arguments: Sequence[str]) -> int:
        setup()
        return run_command([*command, *arguments])

    return setup_and_call


def timed(verb: Callable[[Sequence[str]], int]) -> Callable[[Sequence[str]], int]:
    """Says at the end how long it took, and the processor time of all the processes that it started."""

    def call(arguments: Sequence[str]) -> int:
        began, status = time.monotonic(), verb(arguments)
        took, spent = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        print_message(f"{took:,.0f} seconds ({took / 60:.1f} minutes), {spent.ru_utime + spent.ru_stime:,.0f} seconds of processor time")
        return status

    return call


def show_help(_arguments: Sequence[str]) -> int:
    print("make VERB, or without make: python3 bootstrap.py VERB\n")
    for verb, (_, meaning) in VERBS.items():
        print(f"  {verb:<12} {meaning}")
    return 0


VERBS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "run": (run, "set up, fill an empty database with the demo council, serve on http://127.0.0.1:8000 (HOST, PORT)"),
    "test": (timed(after_setup("pytest")), "set up and run the tests; what this machine cannot run is named at the end"),
    "test-long": (
        timed(after_setup("pytest", "-m", "long or not long")),
        "the same, with the long form of each exhaustive test, and a table of what was reached",
    ),
    "check": (check, "format, lint, types, import contracts, prose, generated files"),
    "bench": (after_setup("python", "-m", "bench"), "the benchmarks, with what they are compared with"),
    "screenshots": (after_setup("python", "-m", "tests.e2e.screenshots"), "every page at both widths, as pictures in screenshots/"),
    "setup": (setup, "only what the others do first: packages and stylesheet"),
    "lock": (lock, "after a change of dependencies: make uv.lock and the requirements files again"),
    "help": (show_help, "this list"),
}


def main(arguments: Sequence[str]) -> int:
    if sys.version_info < (3, 11):
        print_message(f"this needs Python 3.11 or newer, not {sys.version.split()[0]}; `make PYTHON=python3.12 …` names another.")
        return 1
    verb, *rest = arguments or ["help"]
    if verb not in VERBS:
        print_message(f"there is no '{verb}'; `python3 bootstrap.py help` lists the verbs.")
        return 2
    try:
        return VERBS[verb][0](rest)
    except CannotContinueError as reason:
        print_message(str(reason))
    except KeyboardInterrupt:
        print_message("stopped.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
