"""In production the start is refused, in one sentence that names the variable, for a setting that lets an attacker in (decision 60)."""

import base64
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from config.guessable import is_guessable_secret
from config.settings import BadSetting, Settings, read_settings
from tests.deploy.test_env_example import ROOT, entries

PROGRAM = Path(sys.executable).with_name("practice-audit")
GOOD = {
    "ENV": "production", "SECRET_KEY": "I7Yk0hQmX2vNw4sZ8tLbR1cUeGfJpDaO", "BASE_URL": "https://audits.council.gov.uk",
    "MAIL_URL": "smtp://audit:s3cret@mail.council.gov.uk:587", "MAIL_FROM": "audit@council.gov.uk", "QA_INBOX": "qa@council.gov.uk",
    "COUNCIL_NAME": "Council",
}  # fmt: skip
GUESSABLE = (
    "change-me-to-something-long-and-random", "changeme", "secret", "k" * 32, "ab" * 20, "abc123" * 10, "secret-2" * 6, "0123456789abcdef" * 4,
    "abcdefghijklmnopqrstuvwxyz0123456789", "qwertyuiopasdfghjklzxcvbnm1234567890", "123456789101112131415161718192021222324",
    "a" * 16 + "b" * 16, "deadbeef" * 8, "passwordpasswordpassword12345678", "this-is-an-example-key-of-the-manual", "0" * 64,
    "11112222333344445555666677778888", "Your-Secret-Key-Goes-Here-0192837465", "0110100110010110" * 3, "x7Qp2mL9", "ThisKeyIsVerySecret!" * 2,
)  # fmt: skip
REFUSED = [
    *(("SECRET_KEY", key) for key in GUESSABLE),
    ("BASE_URL", ""), ("BASE_URL", "http://audits.council.gov.uk"), ("BASE_URL", "http://localhost:8000"), ("BASE_URL", "HTTPS://audits.council.gov.uk"),
    ("MAIL_URL", ""), ("MAIL_URL", "smtp://mail.council.gov.uk?tls=none"), ("MAIL_URL", "smtp://me:pass@10.0.0.4:25?tls=none"),
    ("MAIL_URL", "smtp://localhost.council.gov.uk?tls=none"), ("MAIL_URL", "smtp://mail:1025?tls=none"), ("MAIL_URL", "smtp://[fe80::1]:25?tls=none"),
    ("MAIL_URL", "smtp://127.0.0.1@mail.council.gov.uk?tls=none"),
    ("MAIL_FROM", "practice.audit@demo.example"), ("QA_INBOX", "qa.inbox@Demo.Example"),
    ("METRICS_TOKEN", "m" * 30), ("METRICS_TOKEN", "abcdefghijklmnopqrstuvwxyz"),
    ("DATABASE_URL", "postgresql://practice_audit:change-me@localhost:5432/practice_audit"), ("DATABASE_URL", "postgresql://postgres:postgres@db/x"),
    ("DATABASE_URL", "postgresql://audit:Password@localhost/x"), ("DATABASE_URL", "postgresql://localhost/x?user=council&password=council"),
    ("DATABASE_URL", "postgresql://a:9dK2xQ@db.council.gov.uk/x?sslmode=disable"), ("DATABASE_URL", "postgresql:///x?host=10.0.0.4&sslmode=allow"),
    ("DATABASE_URL", "postgresql://a:9dK2xQ@localhost:5432,db2:5432/x?sslmode=disable"),
    ("OIDC_ISSUER", "http://localhost:9000"), ("TRUSTED_HOSTS", "*"),
]  # fmt: skip
ACCEPTED = [
    ("MAIL_URL", "smtp://localhost?tls=none"), ("MAIL_URL", "smtp://127.0.0.1:1025?tls=none"), ("MAIL_URL", "smtp://[::1]:25?tls=none"),
    ("MAIL_URL", "smtp://mail.council.gov.uk:465?tls=implicit"), ("MAIL_URL", "folder:/var/lib/practice-audit/not-sent"),
    ("DATABASE_URL", "postgresql://practice_audit:Xk2-9vQz@db.council.gov.uk/practice_audit?sslmode=verify-full"),
    ("DATABASE_URL", "postgresql:///practice_audit?host=/var/run/postgresql&sslmode=disable"), ("METRICS_TOKEN", "Xk29vQzB7mN4pR8sT1wY6cF3"),
    ("DATABASE_URL", "postgresql://practice_audit:practice_audit_9dK2xQ@localhost/practice_audit"),
]  # fmt: skip
WARNED = [
    ("MAIL_URL", "folder:/srv/mail"), ("MAIL_FROM", "audit@council.example"), ("QA_INBOX", "qa@mail.example.org"), ("COUNCIL_NAME", ""),
    ("MFA_ROLES", "none"), ("DATABASE_URL", "postgresql://a:9dK2xQ@db.council.gov.uk/x"), ("BASE_URL", "https://audits.example"),
]  # fmt: skip
GENERATED = {
    "openssl rand -hex 16": lambda: secrets.token_hex(16), "openssl rand -hex 32": lambda: secrets.token_hex(32),
    "token_urlsafe": lambda: secrets.token_urlsafe(32), "openssl rand -base64 48": lambda: base64.b64encode(secrets.token_bytes(48)).decode(),
    "openssl rand -base64 32": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
}  # fmt: skip


def started(folder: Path, **changed: str) -> Settings:
    given = {**GOOD, "DATA": str(folder), "OIDC_CLIENT_ID": "", **changed}
    if changed.get("OIDC_ISSUER"):
        given |= {"OIDC_CLIENT_ID": "audit", "OIDC_CLIENT_SECRET": "9dK2xQ"}
    return read_settings({f"PRACTICE_AUDIT_{name}": value for name, value in given.items()})


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_weak_setting_is_refused_in_one_sentence_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"^PRACTICE_AUDIT_{name} ") as refused:
        started(tmp_path, **{name: value})
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert len(sentence.splitlines()) == 1
    assert not value or value not in sentence


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_what_is_right_starts(tmp_path: Path, name: str, value: str) -> None:
    assert started(tmp_path).warnings == ()
    assert started(tmp_path, **{name: value}).is_production


@pytest.mark.parametrize(("name", "value"), WARNED)
def test_what_may_be_meant_starts_with_a_warning_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    (warning,) = started(tmp_path, **{name: value}).warnings
    assert warning.startswith(f"PRACTICE_AUDIT_{name} ")
    assert not value or value == "none" or value not in warning


@pytest.mark.parametrize("made_by", GENERATED)
def test_a_key_that_a_machine_made_passes(made_by: str) -> None:
    assert not [key for key in (GENERATED[made_by]() for _ in range(20)) if is_guessable_secret(key)]


def test_no_key_that_our_pages_or_files_show_is_accepted() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(path for path in (ROOT / "deploy").rglob("*") if path.is_file())]
    shown = {key for page in pages for key in re.findall(r"SECRET_KEY=(\S+)", page.read_text(encoding="utf-8"))}
    assert shown
    assert [key for key in shown if not is_guessable_secret(key)] == []


def test_the_example_file_as_it_is_does_not_start(tmp_path: Path) -> None:
    given = {name: value for _, hidden, name, value in entries() if not hidden} | {"PRACTICE_AUDIT_DATA": str(tmp_path)}
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_SECRET_KEY is too easy to guess"):
        read_settings(given)
    with pytest.raises(BadSetting, match=r"^PRACTICE_AUDIT_DATABASE_URL has a password that is too easy to guess"):
        read_settings({**given, "PRACTICE_AUDIT_SECRET_KEY": GOOD["SECRET_KEY"]})


def run(folder: Path, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    named = {f"PRACTICE_AUDIT_{name}": value for name, value in {"DATA": str(folder), **changed}.items()}
    given = {**{name: value for name, value in os.environ.items() if not name.startswith("PRACTICE_AUDIT_")}, **named}
    return subprocess.run([PROGRAM, *arguments], env=given, cwd=folder.parent, capture_output=True, text=True, check=False, umask=0o022)


def test_serve_ends_with_1_and_one_sentence(tmp_path: Path) -> None:
    refused = run(tmp_path / "var", "serve", **{**GOOD, "MAIL_URL": "smtp://mail.council.gov.uk?tls=none"})
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "PRACTICE_AUDIT_MAIL_URL must not say tls=none for a mail server on another machine in production: use starttls or implicit.\n"
    )


def test_only_the_account_of_the_service_reads_what_a_command_writes(tmp_path: Path) -> None:
    data = tmp_path / "var"
    assert run(data, "init").returncode == 0
    assert run(data, "demo").returncode == 0
    assert run(data, "worker", "--once").returncode == 0
    written = [data, *data.rglob("*")]
    assert {"practice-audit.db", "secret-key", "demo-password", "mail"} <= {path.name for path in written}
    assert any(path.suffix == ".eml" for path in written)
    assert [f"{path} {path.stat().st_mode:o}" for path in written if path.stat().st_mode & 0o077] == []
