"""The deployment files, as far as they can be checked without a container engine: complete, and naming what exists."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from flask import Flask

from tests.deploy.test_env_example import EXAMPLE, ROOT, entries
from web.cli.main import main

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
PROGRAM = Path(sys.executable).with_name("practice-audit")
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
    "CapabilityBoundingSet": "", "UMask": "0077", "User": "practice-audit", "Restart": "always",
}  # fmt: skip


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return read


def containerfile() -> list[str]:
    """The steps, each on one line."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def settings_of(unit: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in unit.read_text(encoding="utf-8").splitlines() if re.match(r"[A-Z]\w+=", line))
    return {name: value for name, _, value in lines}


def test_the_container_copies_existing_files_and_everything_that_is_served() -> None:
    copied = [line.split()[1:-1] for line in containerfile() if line.startswith("COPY") and "--from" not in line]
    named = {one for line in copied for one in line}
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert named >= {"config", "workflow", "notifications", "web", "uv.lock", "pyproject.toml", "bootstrap.py"}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == named


def test_the_last_stage_runs_without_privileges_and_builds_nothing() -> None:
    steps = containerfile()
    last = steps[max(at for at, line in enumerate(steps) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in last
    assert not re.search(r"\b(apt-get|gcc|npm|node|uv|pip install)\b", "\n".join(last))
    assert 'ENTRYPOINT ["practice-audit"]' in last
    assert 'CMD ["serve"]' in last


def test_the_health_check_asks_an_existing_route(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    asked = re.findall(r"(/health/\w+|/metrics)", (DEPLOY / "Containerfile").read_text() + (DEPLOY / "nginx.conf.example").read_text())
    assert asked
    assert set(asked) <= rules


def test_compose_starts_existing_commands_with_few_privileges() -> None:
    services = compose()["services"]
    assert services.keys() == {"init", "web", "worker", "postgres", "mail"}
    for name in ("init", "web", "worker"):
        one = services[name]
        assert one["command"] in main.commands
        assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
        build = one["build"]
        assert (DEPLOY / build["context"]).resolve() == ROOT
        assert (ROOT / build["dockerfile"]).is_file()
        assert one["env_file"] == EXAMPLE.name.removesuffix(".example")
    assert services["mail"]["profiles"] == ["trial"]
    published = [port for one in services.values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published), "the proxy is the one way in"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.name))
def test_a_unit_has_few_privileges_and_starts_an_existing_command(unit: Path) -> None:
    settings = settings_of(unit)
    assert {name: settings.get(name) for name in HARDENED} == HARDENED
    verb = settings["ExecStart"].split()[-1]
    assert verb in main.commands
    assert settings["WorkingDirectory"] == "/var/lib/practice-audit" == {n: v for _, _, n, v in entries()}["PRACTICE_AUDIT_DATA"]
    assert int(settings["TimeoutStopSec"]) > 10


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.name))
def test_systemd_verifies_a_unit_and_rates_its_exposure_low(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/opt/practice-audit/.venv/bin/practice-audit", str(PROGRAM)))
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert [line for line in verified.stderr.splitlines() if unit.name in line] == []
    command: list[str | Path] = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", here]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    print(re.sub(r"\x1b\[[\d;]*m", "", judged.stdout.strip().splitlines()[-1] if judged.stdout else judged.stderr))
    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


def proxy() -> str:
    return re.sub(r"#.*", "", (DEPLOY / "nginx.conf.example").read_text(encoding="utf-8"))


def test_the_proxy_sets_the_forwarded_headers_and_overwrites_those_of_clients() -> None:
    said = dict(re.findall(r"proxy_set_header (\S+) (\S+);", proxy()))
    assert said == {
        "Connection": '""', "Host": "$host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": "$host",
        "X-Forwarded-Port": '""', "X-Forwarded-Prefix": '""', "Forwarded": '""', "X-Request-ID": "$request_id",
    }  # fmt: skip
    assert {name: value for _, _, name, value in entries()}["PRACTICE_AUDIT_PROXIES"] == "1"
    assert "Strict-Transport-Security" not in proxy()
    assert len(re.findall(r"access_log off;", proxy())) == len(re.findall(r"^server \{", proxy(), re.M)), (
        "addresses of links stand in no log"
    )


@pytest.mark.skipif(not NGINX and "CI" not in os.environ, reason="this machine has no nginx")
def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    assert NGINX, "nginx is missing"
    named = {"/etc/ssl/practice-audit": str(tmp_path), "/var/log/nginx": str(tmp_path)}
    text = (DEPLOY / "nginx.conf.example").read_text(encoding="utf-8")
    for here, there in named.items():
        text = text.replace(here, there)
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=audits.council.example", "-days", "2"]
    subprocess.run([*make, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "fullchain.pem"], check=True, capture_output=True)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    tried = subprocess.run([NGINX, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
