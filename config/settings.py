"""The environment as one frozen `Settings`. Anything missing or malformed stops the start with a sentence that names it."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config.errors import PREFIX, BadSetting
from config.mail import read_email_url
from config.oidc import CouncilSignIn, read_council_sign_in, read_passwords
from config.operations import read_metrics_token, read_newer_database
from config.production import check_production, production_warnings

__all__ = ["FOLDER", "PREFIX", "BadSetting", "Settings", "read_env", "read_settings"]
FOLDER = Path(__file__).parent
ENVIRONMENTS = ("demo", "production")
LOCAL = ("localhost", "127.0.0.1")
IN_PRODUCTION = "hos_ppqa, admin, qa, director, governance"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the service; `config` is the folder of the tables."""

    database_url: str = field(repr=False)
    data: Path
    secret_key: str = field(repr=False)
    base_url: str
    mail_url: str = field(repr=False)
    mail_from: str
    qa_inbox: str
    form: Path
    env: str
    host: str
    port: int
    council_name: str
    council_colour: str
    trusted_hosts: tuple[str, ...]
    proxies: int
    notify_api_key: str = field(default="", repr=False)
    safeguarding_url: str = ""
    """The council’s own procedure for a child in immediate danger."""
    council_sign_in: CouncilSignIn | None = None
    has_passwords: bool = True
    mfa_roles: frozenset[str] = frozenset()
    """People with one of these roles need a second factor to sign in."""
    metrics_token: str = field(default="", repr=False)
    takes_newer_database: bool = False
    config: Path = FOLDER
    warnings: tuple[str, ...] = ()
    """What production starts with and should not, a sentence each."""

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    def key_for(self, purpose: str) -> bytes:
        """Derive 32 bytes for a purpose. Neither another key nor SECRET_KEY can be derived from them."""
        return hmac.digest(self.secret_key.encode(), purpose.encode(), hashlib.sha256)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Raise BadSetting for the first variable that is missing or malformed. Makes the data folder, and its key, where needed."""
    given = os.environ if environment is None else environment
    env = read_env(given)
    data = Path(_get(given, "DATA", "var")).absolute()
    port = _port(given)
    host = given.get("HOST", "127.0.0.1")
    council_sign_in = read_council_sign_in(given, is_production=env == "production")
    database_url = _get(given, "DATABASE_URL", f"sqlite:///{data / 'practice-audit.db'}")
    base_url = _url(given, f"http://{host}:{port}")
    mail_url, notify_api_key = read_email_url(given, data, is_production=env == "production")
    chosen = Settings(
        database_url=_database(database_url), data=_folder(data), secret_key=_secret_key(given, data, database_url, env), env=env,
        base_url=base_url, mail_url=mail_url, notify_api_key=notify_api_key,
        mail_from=_address(given, "MAIL_FROM", "practice.audit@demo.example", env), qa_inbox=_address(given, "QA_INBOX", "qa.inbox@demo.example", env),
        form=_form(given), host=host, port=port, council_name=_get(given, "COUNCIL_NAME", "Demo Council"),
        council_colour=_colour(given), trusted_hosts=_hosts(given, base_url, env), proxies=_proxies(given), safeguarding_url=_safeguarding_url(given),
        council_sign_in=council_sign_in, has_passwords=read_passwords(given, council_sign_in), mfa_roles=_mfa_roles(given, env),
        metrics_token=read_metrics_token(given), takes_newer_database=read_newer_database(given),
        warnings=production_warnings(given) if env == "production" else (),
    )  # fmt: skip
    if env == "production":
        check_production(given)
    return chosen


def read_env(given: Mapping[str, str]) -> str:
    """Return `demo` or `production`, for what must be refused before anything else is read; raises BadSetting."""
    return _one_of(given, "ENV", ENVIRONMENTS, "demo")


def _get(given: Mapping[str, str], name: str, default: str = "") -> str:
    return given.get(PREFIX + name, "").strip() or default


def _one_of(given: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = _get(given, name, default)
    if value not in allowed:
        raise BadSetting(f"{PREFIX}{name} must be one of {', '.join(allowed)}.")
    return value


def _port(given: Mapping[str, str]) -> int:
    value = given.get("PORT", "8000")
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise BadSetting("PORT must be a number from 1 to 65535.")
    return int(value)


def _folder(data: Path) -> Path:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"{PREFIX}DATA names a folder that can’t be made: {error.strerror}.") from error
    return data


def _database(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")) or not _can_be_split(url):
        raise BadSetting(f"{PREFIX}DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _secret_key(given: Mapping[str, str], data: Path, database_url: str, env: str) -> str:
    """Generated and stored beside the embedded database in a demo; required otherwise."""
    if key := _get(given, "SECRET_KEY"):
        return key
    if env == "production" or not database_url.startswith("sqlite"):
        raise BadSetting(f"{PREFIX}SECRET_KEY is missing: it is required with a database of your own and in production.")
    return _stored_key(_folder(data) / "secret-key")


def _stored_key(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _url(given: Mapping[str, str], default: str) -> str:
    url = _get(given, "BASE_URL", default).rstrip("/")
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?", url) or not _can_be_split(url):
        raise BadSetting(f"{PREFIX}BASE_URL must be an address like https://audits.example.gov.uk.")
    return url


def _can_be_split(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _safeguarding_url(given: Mapping[str, str]) -> str:
    url = _get(given, "SAFEGUARDING_URL")
    if url and not re.fullmatch(r"https://[a-z0-9][a-z0-9.-]*(:\d+)?(/[!-~]*)?", url, re.IGNORECASE):
        raise BadSetting(f"{PREFIX}SAFEGUARDING_URL must be an address like https://www.example.gov.uk/safeguarding.")
    return url


def _hosts(given: Mapping[str, str], base_url: str, env: str) -> tuple[str, ...]:
    """The host names of this service, its own first."""
    own = (urlsplit(base_url).hostname or "", *(LOCAL if env == "demo" else ()))
    hosts = tuple(host.strip().lower() for host in _get(given, "TRUSTED_HOSTS").split(",") if host.strip()) or own
    if not all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host) for host in hosts):
        raise BadSetting(f"{PREFIX}TRUSTED_HOSTS must be names like audits.example.gov.uk, with commas between them.")
    return hosts


def _proxies(given: Mapping[str, str]) -> int:
    value = _get(given, "PROXIES", "0")
    if not re.fullmatch(r"[0-9]", value):
        raise BadSetting(f"{PREFIX}PROXIES must be the number of proxies in front of this service, from 0 to 9.")
    return int(value)


def _address(given: Mapping[str, str], name: str, default: str, env: str) -> str:
    value = _get(given, name, "" if env == "production" else default)
    if not value:
        raise BadSetting(f"{PREFIX}{name} is missing: it is required in production.")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
        raise BadSetting(f"{PREFIX}{name} must be an email address.")
    return value


def _mfa_roles(given: Mapping[str, str], env: str) -> frozenset[str]:
    names = _get(given, "MFA_ROLES", IN_PRODUCTION if env == "production" else "none")
    if not re.fullmatch(r"[a-z_]+(\s*,\s*[a-z_]+)*", names):
        raise BadSetting(f"{PREFIX}MFA_ROLES must be roles with commas between them, or none.")
    return frozenset(re.findall(r"[a-z_]+", names)) - {"none"}


def _colour(given: Mapping[str, str]) -> str:
    """The colour of the page header, with a contrast of at least 4.5 to 1 to white letters (WCAG 2.2, 1.4.3)."""
    colour = _get(given, "COUNCIL_COLOUR", "#0b0c0c").lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", colour) or _contrast_with_white(colour) < 4.5:
        raise BadSetting(f"{PREFIX}COUNCIL_COLOUR must be a colour like #1d3a5f, dark enough for white letters.")
    return colour


def _contrast_with_white(colour: str) -> float:
    shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _form(given: Mapping[str, str]) -> Path:
    name = _get(given, "FORM", "practice_evaluation")
    path = FOLDER / "forms" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9_]+", name) or not path.is_file():
        raise BadSetting(f"{PREFIX}FORM names no form: there is no config/forms/{name[:40]}.toml.")
    return path
