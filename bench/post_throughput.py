"""A move as a browser makes it, all rules on: session, token of the form, rights, history, messages; against its limit and against the peers.

The limit is what the service says to its database while it answers the POST, said by a plain WSGI callable through the bare driver. The
peers do the unit of work of `bench/peers/the_work.py` behind their own middleware: sessions and messages in the database, tokens of forms,
a permission. The answer shows no case text, so no read is logged. All are served in the same way, threads in one process, and
their blocks take turns, each over one kept connection.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.progress import track

from bench.databases import open_databases, write_graded_audits
from bench.move_programs import LIMIT, OURS
from bench.move_throughput import POSTGRESQL, SHARED, SQLITE
from bench.post_servers import ours_and_the_limit, peer
from bench.result import Result, rate, work

BLOCKS, BLOCK = 21, 10
MOVES = (BLOCKS + 1) * BLOCK
# By the name of its program: what it is, its environment, the goal.
PEERS = {
    "web_django": ("Django, its middleware, django-fsm-2", "django", "≥ 2"),
    "web_viewflow_flow": ("Django, its middleware, viewflow Flow", "django", "a peer"),
    "web_flask_sqlalchemy": ("Flask-SQLAlchemy, Flask-Session, Flask-WTF, transitions", "flask_sqlalchemy", "a peer"),
}
GOALS = {SQLITE: "≥ 0.30", POSTGRESQL: "≥ 0.45"}
SERVE = {SQLITE: ("serve",), POSTGRESQL: ("serve", "--processes", "1")}


def measure_posts() -> list[Result]:
    return [result for database in (SQLITE, POSTGRESQL) for result in _on(database)]


def _on(database: str) -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
        open_databases(Path(folder), database) as (home, url),
        ExitStack() as stack,
    ):
        posters = ours_and_the_limit(home, write_graded_audits(home, SHARED, MOVES), BLOCK, SERVE[database])
        posters |= {name: peer(name, environment, url(name), MOVES, BLOCK) for name, (_, environment, _) in PEERS.items()}
        for name, poster in posters.items():
            stack.enter_context(poster.serving(Path(folder) / f"{name}.log"))
            poster.post()
        turns = track(range(BLOCKS), f"Posting moves on {database}")
        runs = [{name: poster.post() for name, poster in posters.items()} for _ in turns]
    what = f"P4 a move as a POST on {database}"
    yield rate(f"{what}: share of bare WSGI and the bare driver", GOALS[database], runs, OURS, LIMIT)
    yield work(f"{what}: processor time of bare WSGI and the bare driver against ours", runs, LIMIT, OURS)
    for name, (title, _, goal) in PEERS.items():
        yield rate(f"{what}: rate against {title}", goal, runs, OURS, name)
        yield work(f"{what}: processor time of {title} against ours", runs, name, OURS)
        yield rate(f"{what}, {title}: share of bare WSGI saying what ours says", "a peer", runs, name, LIMIT)
