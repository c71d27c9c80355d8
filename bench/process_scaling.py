"""What a second and a third web process, and a second worker, add: moves over HTTP and emails, on one PostgreSQL, all on this machine.

Servers of one, two and three processes take turns with short blocks of the same moves, by the same clients; so do one worker and two, with
the same emails. On a machine with few cores the clients, the database and the processes share them, and that is what is measured.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path

from rich.progress import track

from bench.email_throughput import NOW
from bench.move_throughput import SAMPLE
from bench.postgres import create_database, postgres_server
from bench.processes import free_port, start_program, wait_until
from bench.result import Result, result
from config.settings import read_settings
from notifications.queries import enqueue
from web.cli.demo_audits import read_sample, write_audit
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from web.identity.credentials.access_tokens import create_token
from workflow.events import Notice

PROCESSES, RUNS, CLIENTS, BLOCK, EMAILS = (1, 2, 3), 7, 6, 96, 400
NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds, of all its processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        spent = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in children]
        return sum(int(ticks) for both in spent for ticks in both) / os.sysconf("SC_CLK_TCK")


def measure_processes() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        bench = stack.enter_context(_bench(Path(folder)))
        servers = [(n, bench.serving(n)) for n in PROCESSES]
        workers = [bench.working(), bench.working()]
        for _, server in servers:
            bench.moves(server)
        moves = [{n: bench.moves(server) for n, server in servers} for _ in track(range(RUNS), "Moving audits")]
        emails = [{n: bench.emails(workers, n) for n in (1, 2)} for _ in track(range(RUNS), "Sending emails")]
    cores = f"{os.cpu_count()} cores for all, clients too"
    return [
        *(
            _result(f"moves over HTTP, {n} web processes against 1, {cores}: rate", [run[n][0] / run[1][0] for run in moves])
            for n in PROCESSES[1:]
        ),
        *(
            _result(f"a move over HTTP, {n} web processes against 1: their CPU", [run[n][1] / run[1][1] for run in moves])
            for n in PROCESSES[1:]
        ),
        _result(f"emails by 2 workers against 1, {cores}: rate", [run[2] / run[1] for run in emails]),
    ]


def _result(what: str, ratios: list[float]) -> Result:
    return result(f"Several machines, {what}", "what each adds", ratios)


class Bench:
    def __init__(self, folder: Path, url: str, sink: int) -> None:
        self.folder = folder
        self.settings = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32, "MAIL_URL": f"smtp://127.0.0.1:{sink}?tls=none"}
        named = {f"PRACTICE_AUDIT_{name}": value for name, value in self.settings.items()}
        self.council: Council = open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder), **named}))
        prepare(self.council)
        load_people(self.council, "not signed in with")
        sample, config = read_sample(self.council.settings.config / "demo" / "audits" / f"{SAMPLE}.json"), NOW.date()
        self.audits = [write_audit(self.council, sample, "shared", config) for _ in track(range(CLIENTS), "Writing audits")]
        qa = self.council.store.directory().by_email("qa@demo.example")
        assert qa
        self.token = create_token(self.council, qa)
        self.running: list[subprocess.Popen[bytes]] = []
        self.turn = cycle(("moderator", "moderator2"))

    def serving(self, processes: int) -> Server:
        port = free_port()
        self.running.append(start_program(self.folder, self.settings, "serve", "--processes", str(processes), port=port))
        wait_until(lambda: _answers(port), 60)
        return Server(port, self.running[-1].pid)

    def working(self) -> subprocess.Popen[bytes]:
        self.running.append(start_program(self.folder, self.settings, "worker"))
        wait_until(lambda: self._count("SELECT count(*) FROM procrastinate_workers") == len(self.running) - len(PROCESSES), 60)
        return self.running[-1]

    def moves(self, server: Server) -> tuple[float, float]:
        """Moves a second, and their CPU time. Each names another moderator: a history row, a notice, an email and its job. Each client has its own audit."""
        moderator = next(self.turn)

        def client(reference: str) -> None:
            for n in range(BLOCK // CLIENTS):
                name = ("moderator", "moderator2")[(n + (moderator == "moderator")) % 2]
                _put(server.port, self.token, f"/api/v1/audits/{reference}/moderator", name)

        began, before = time.perf_counter(), server.cpu()
        threads = [threading.Thread(target=client, args=(reference,)) for reference in self.audits]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, spent = time.perf_counter() - began, server.cpu() - before
        self._all_sent()
        return BLOCK / took, spent

    def emails(self, workers: list[subprocess.Popen[bytes]], how_many: int) -> float:
        """A second. The others are stopped for as long, with nothing in their hands."""
        for worker in workers[how_many:]:
            worker.send_signal(signal.SIGSTOP)
        people = [person.id for person in self.council.store.directory().people.values()]
        told = zip(islice(cycle(people), EMAILS), NUMBERS, strict=False)
        began = time.perf_counter()
        for person, n in told:
            enqueue(self.council.engine, [Notice(f"bench/{n}", "audit_shared", person, f"{n:04x}-2q9d"[-9:])], NOW)
        self._all_sent()
        took = time.perf_counter() - began
        for worker in workers[how_many:]:
            worker.send_signal(signal.SIGCONT)
        return EMAILS / took

    def _all_sent(self) -> None:
        wait_until(lambda: self._count("SELECT count(*) FROM outbox WHERE state = 'waiting' AND send_from <= now()") == 0, 120)

    def _count(self, query: str) -> int:
        with self.council.engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait()
        self.council.engine.dispose()


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/api/v1/health")
        connection.getresponse().read()
        connection.close()
    except OSError:
        return False
    return True


def _put(port: int, token: str, path: str, moderator: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("PUT", path, json.dumps({"person": f"{moderator}@demo.example"}), headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 200, said[:200]


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    sink = [sys.executable, "-m", "bench.smtp_sink"]
    with postgres_server(folder / "postgres") as server, subprocess.Popen(sink, stdout=subprocess.PIPE, text=True) as sink_process:
        assert sink_process.stdout is not None
        bench = Bench(folder, create_database(server), int(sink_process.stdout.readline()))
        try:
            yield bench
        finally:
            bench.stop()
            sink_process.terminate()
