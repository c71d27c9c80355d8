"""What a scrape shows is the sum of all the processes behind one port, whichever answers it, and no count is lost with one that dies."""

from itertools import pairwise
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.multi_process.processes import METRICS_TOKEN, Machines, Web, ask, at_once, wait_until
from web.operations.metrics import GAUGES, PREFIX

PROCESSES, ASKED, SCRAPED = 3, 50, 10
pytestmark = pytest.mark.postgres
Scrape = dict[tuple[str, ...], float]


def scraped(web: Web) -> Scrape:
    """By name and labels; each only once."""
    asking = Request(f"http://127.0.0.1:{web.port}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    with urlopen(asking, timeout=20) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    said = [((one.name.removeprefix(PREFIX), *one.labels.values()), one.value) for family in families for one in family.samples]
    assert len(said) == len(dict(said)), "told once a process"
    return dict(said)


def asked(found: Scrape) -> float:
    return found.get(("request_seconds_count", "api_audits.every", "2xx"), 0)


def test_a_scrape_is_the_sum_of_all_processes(machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "counts"))
    web, token = machines.web(PROCESSES), machines.token("auditor")
    wait_until(web.answers)

    def asks() -> None:
        for _ in range(ASKED // 5):
            assert ask(web.port, "GET", "/api/v1/audits", Authorization=f"Bearer {token}")[0] == 200

    at_once([asks] * 5)
    counted_by = {path.stem.rpartition("_")[2] for path in (tmp_path / "counts").rglob("histogram_*.db")}
    scrapes = [scraped(web) for _ in range(SCRAPED)]
    assert {asked(one) for one in scrapes} == {ASKED}
    before = web.children()
    web.kill_one()
    wait_until(lambda: len(web.children()) == PROCESSES and web.children() != before)
    at_once([asks] * 5)
    scrapes += [scraped(web) for _ in range(SCRAPED)]
    assert {asked(one) for one in scrapes[SCRAPED:]} == {2 * ASKED}
    _no_count_ever_falls(scrapes)
    web.process.terminate()
    assert web.process.wait(15) == 0
    assert list((tmp_path / "counts").iterdir()) == [], "left behind"
    print(f"{ASKED} calls counted by {len(counted_by)} processes, {SCRAPED} scrapes of {ASKED}; one killed, {ASKED} more: {2 * ASKED}")
    assert len(counted_by) > 1


def _no_count_ever_falls(scrapes: list[Scrape]) -> None:
    for earlier, later in pairwise(scrapes):
        fell = [name for name, value in earlier.items() if name[0] not in GAUGES and value > later.get(name, 0)]
        assert fell == []
