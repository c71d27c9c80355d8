"""nginx with the example, before a real server."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.test_env_example import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
HOST = "audits.council.example"
NEEDS_NGINX = pytest.mark.skipif(not NGINX and "CI" not in os.environ, reason="this machine has no nginx")


@contextmanager
def proxy_before(tmp_path: Path, *behind: int, rate: str = "100r/s") -> Iterator[int]:
    """nginx with the example, but for TLS."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free: int = probe.getsockname()[1]
    assert NGINX, "nginx is missing"
    text = (ROOT / "deploy" / "nginx.conf.example").read_text(encoding="utf-8")
    text = re.sub(r"server \{\s+listen 80;.*?\n\}\n", "", text, flags=re.DOTALL)
    text = re.sub(r"\n\s+ssl_[^;]*;", "", text).replace("/var/log/nginx", str(tmp_path))
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{free};").replace("rate=100r/s", f"rate={rate}")
    text = re.sub(
        r"( +server )127\.0\.0\.1:8000( [^;]*)?;",
        lambda line: "\n".join(f"{line[1]}127.0.0.1:{port}{line[2] or ''};" for port in behind),
        text,
    )
    folders = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = f"user root; daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log crit; events {{ worker_connections 1000; }}"
    (tmp_path / "nginx.conf").write_text(f"{main}\nhttp {{\n{folders}\n{text}\n}}\n")
    process = subprocess.Popen([NGINX, "-p", tmp_path, "-e", tmp_path / "log", "-c", tmp_path / "nginx.conf"])
    _until_it_listens(free, process)
    try:
        yield free
    finally:
        process.terminate()
        process.wait(10)


def _until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    while True:
        assert process.poll() is None, "nginx ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            continue
        return
