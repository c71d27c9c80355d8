"""The limit of a move over HTTP: a plain WSGI callable that says to the database what the service said, through the bare driver, and checks nothing.

`python -m bench.bare_wsgi FILE` serves on PORT, with the settings of its council in the environment. FILE holds, by the path of each POST,
the statements that were written down while another copy of the same council answered it.
"""

import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.databases import Home
from bench.move_programs import Move, make_repeat
from bench.peers.served import Application, serve


def make_application(home: Home, said: Mapping[str, Move]) -> Application:
    own = threading.local()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            start("200 OK", [("Content-Type", "text/html"), ("Content-Length", "0")])
            return [b""]
        environ["wsgi.input"].read()
        if not hasattr(own, "repeat"):
            own.repeat = make_repeat(home)
        own.repeat(said[environ["PATH_INFO"]])
        start("303 See Other", [("Location", "/"), ("Content-Length", "0")])
        return [b""]

    return answer


if __name__ == "__main__":
    here = Home(Path(os.environ["PRACTICE_AUDIT_DATA"]), os.environ.get("PRACTICE_AUDIT_DATABASE_URL", ""))
    written = pickle.loads(Path(sys.argv[1]).read_bytes())
    serve(lambda: make_application(here, written))
