"""The peers: the same work, written as each of these frameworks would have it. None of them is a dependency of the service.

Each lives in an environment of its own, `.venv/peers/<name>`, made here of the exact versions in `<name>.txt`, by hash.
"""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS, UV = Path(sys.prefix) / "peers", Path(sys.executable).parent / "uv"


def python_of(name: str) -> Path:
    """Of the environment that `<name>.txt` lists, which is made where it is not there yet, or is of another list."""
    pins, folder = HERE / f"{name}.txt", ENVIRONMENTS / name
    made_of = folder / "made-of.txt"
    if not made_of.is_file() or made_of.read_text() != pins.read_text():
        print(f"making the environment of {name} (a minute the first time)", file=sys.stderr)
        python = folder / "bin" / "python"
        subprocess.run([UV, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([UV, "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--python", python, "-r", pins], check=True)
        shutil.copy(pins, made_of)
    return folder / "bin" / "python"
