"""How the web server stops: no new connection is taken, what is under way is answered, and then it ends."""

import logging
import select
import signal
import threading
import time
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

LOG = logging.getLogger("practice_audit")
# Together less than the ten seconds that supervisors give at least.
PATIENCE, QUIET_FOR = 8.0, 0.3
Sockets = dict[int, Any]


def run_until_stopped(sockets: Sockets) -> None:
    """Until SIGTERM or SIGINT, and then for as long as somebody waits for an answer, for eight seconds at most."""
    stopping = threading.Event()
    listening = [one for one in sockets.values() if isinstance(one, BaseWSGIServer)]

    def stop(_signal: int, _frame: Any) -> None:
        stopping.set()
        # It wakes up at once, whatever it waits for.
        listening[0].pull_trigger()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while not stopping.is_set():
        wasyncore.loop(timeout=1, map=sockets, use_poll=True, count=1)
    for one in listening:
        _stop_listening(one)
    _drain(sockets)


def _stop_listening(server: Any) -> None:
    """Who is connected already is heard: closed in front of them, their requests would be lost."""
    while select.select([server.socket], [], [], 0)[0]:
        server.handle_accept()
    wasyncore.dispatcher.close(server)


def _drain(sockets: Sockets) -> None:
    until, quiet_since = time.monotonic() + PATIENCE, time.monotonic()
    while (now := time.monotonic()) < until and now - quiet_since < QUIET_FOR:
        wasyncore.loop(timeout=0.1, map=sockets, use_poll=True, count=1)
        if _under_way(sockets):
            quiet_since = time.monotonic()
    if left := _under_way(sockets):
        LOG.warning("%s requests were not answered when the service stopped", left)


def _under_way(sockets: Sockets) -> int:
    """Requests that come in, are worked on, or whose answers go out; a connection kept open for the next is none."""
    channels = [one for one in list(sockets.values()) if isinstance(one, HTTPChannel)]
    return sum(bool(one.requests or one.request or one.total_outbufs_len) for one in channels)
