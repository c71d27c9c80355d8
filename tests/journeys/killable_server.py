"""A real server that can be killed and started again at once: everything is imported once, each server is a fork of that.

Run as a program with a data folder and a port. Each line on its standard input starts a server; its process id is the answer.
"""

import os
import signal
import sys
from pathlib import Path

import waitress

from tests.factories import settings
from web.app import create_app


def main(folder: str, port: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            waitress.serve(create_app(settings(Path(folder))), host="127.0.0.1", port=port, threads=4, _quiet=True)
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
