"""What production refuses to start with, and what it starts with but warns of (decision 60). Each sentence names its variable, and quotes nothing."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from config.errors import PREFIX, BadSetting
from config.guessable import is_default_password, is_guessable_secret

GUESSABLE = "is too easy to guess: make one with `openssl rand -base64 48`."
NOBODY_THERE = "is an address of an example: nobody receives what is sent there."
OF_THE_DEMO = re.compile(r"@([^@]+\.)?demo\.example$", re.IGNORECASE)
# RFC 2606 and 6761: nobody has an address there.
RESERVED = re.compile(r"[@.](example|invalid|test|localhost|example\.(com|net|org))$", re.IGNORECASE)


def check_production(given: Mapping[str, str]) -> None:
    """Raise BadSetting for the first setting that lets an attacker in. What is malformed was refused before."""
    for name, fault in _faults({name.removeprefix(PREFIX): value.strip() for name, value in given.items() if name.startswith(PREFIX)}):
        raise BadSetting(f"{PREFIX}{name} {fault}")


def _faults(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if is_guessable_secret(given["SECRET_KEY"]):
        yield "SECRET_KEY", GUESSABLE
    if not given.get("BASE_URL"):
        yield "BASE_URL", "is missing: it is required in production."
    if not given["BASE_URL"].startswith("https://"):
        yield "BASE_URL", "must begin with https:// in production, or passwords and case texts travel unencrypted."
    yield from _faults_of_email(given)
    yield from _faults_of_database(given.get("DATABASE_URL", ""))
    if (token := given.get("METRICS_TOKEN")) and is_guessable_secret(token):
        yield "METRICS_TOKEN", GUESSABLE


def _faults_of_email(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    url = given.get("MAIL_URL", "")
    if not url:
        yield "MAIL_URL", "is missing: it is required in production; folder:<path> writes emails to files and sends none."
    if (
        url.startswith("smtp:")
        and "none" in parse_qs(urlsplit(url).query).get("tls", ())
        and not is_own_machine(urlsplit(url).hostname or "")
    ):
        yield "MAIL_URL", "must not say tls=none for a mail server on another machine in production: use starttls or implicit."
    for name in ("MAIL_FROM", "QA_INBOX"):
        if OF_THE_DEMO.search(given.get(name, "")):
            yield name, "must not be an address of the demo council in production."


def _faults_of_database(url: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    password = unquote(parts.password or "") or asked.get("password", [""])[0]
    if is_default_password(password, unquote(parts.username or "") or asked.get("user", [""])[0]):
        yield "DATABASE_URL", "has a password that is too easy to guess: give the role of the database another one."
    if database_is_elsewhere(url) and asked.get("sslmode", [""])[0] in {"disable", "allow"}:
        yield "DATABASE_URL", "must not say sslmode=disable or allow for a database on another machine in production: use verify-full."


def database_is_elsewhere(url: str) -> bool:
    """Whether any of its hosts is another machine."""
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgresql"):
        return False
    asked = parse_qs(parts.query)
    named = [re.sub(r":\d+$", "", one) for one in parts.netloc.rpartition("@")[2].split(",")]
    hosts = [host for key in ("host", "hostaddr") for one in asked.get(key, ()) for host in one.split(",")]
    return any(host and not host.startswith("/") and not is_own_machine(host.strip("[]")) for host in [*named, *hosts])


def is_own_machine(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def production_warnings(given: Mapping[str, str]) -> tuple[str, ...]:
    """What may be meant: a trial sends no email, and an issuer may ask for a second factor itself."""
    names = ("BASE_URL", "DATABASE_URL", "MAIL_URL", "MAIL_FROM", "QA_INBOX", "MFA_ROLES", "COUNCIL_NAME")
    get = {name: given.get(PREFIX + name, "").strip() for name in names}
    database = get["DATABASE_URL"]
    judged = (
        ("MAIL_URL", get["MAIL_URL"].startswith("folder:"), "is a folder: emails are written there, and nobody receives one."),
        ("MAIL_FROM", RESERVED.search(get["MAIL_FROM"]), NOBODY_THERE),
        ("QA_INBOX", RESERVED.search(get["QA_INBOX"]), NOBODY_THERE),
        ("BASE_URL", RESERVED.search(urlsplit(get["BASE_URL"]).hostname or ""), "is an address of an example: links in emails lead nowhere."),
        ("COUNCIL_NAME", not get["COUNCIL_NAME"], "is missing: the pages say Demo Council."),
        ("MFA_ROLES", get["MFA_ROLES"].lower() == "none", "is none: a stolen password alone opens every account."),
        ("DATABASE_URL", database_is_elsewhere(database) and "sslmode=verify-full" not in database, "names another machine without sslmode=verify-full: somebody between could read along."),
    )  # fmt: skip
    return tuple(f"{PREFIX}{name} {fault}" for name, is_so, fault in judged if is_so)
