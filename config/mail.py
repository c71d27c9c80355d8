"""How emails are sent: to a folder, a mail server or GOV.UK Notify, as `PRACTICE_AUDIT_MAIL_URL` says."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from config.errors import PREFIX, BadSetting

NOTIFY = "notify:"
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TEMPLATE = f"{PREFIX}MAIL_URL must name a template of GOV.UK Notify: notify:<template id>, the template being ((subject)) and ((body))."


def read_email_url(given: Mapping[str, str], data: Path, *, is_production: bool) -> tuple[str, str]:
    """Return MAIL_URL, and the key of GOV.UK Notify if it is used. Raise BadSetting, which quotes nothing that may hold a password."""
    url = given.get(PREFIX + "MAIL_URL", "").strip() or f"folder:{data / 'mail'}"
    if url.startswith(NOTIFY):
        key = _notify_key(given)
        _check_notify(url, is_production=is_production)
        return url, key
    if not re.fullmatch(r"folder:.+", url) and not _is_smtp(url):
        raise BadSetting(
            f"{PREFIX}MAIL_URL must be folder:<path>, smtp://user:password@host:port?tls=starttls (or implicit, or none)"
            " or notify:<template id>."
        )
    return url, ""


def _notify_key(given: Mapping[str, str]) -> str:
    key = given.get(PREFIX + "NOTIFY_API_KEY", "").strip()
    if not key:
        raise BadSetting(f"{PREFIX}NOTIFY_API_KEY is missing: MAIL_URL=notify: needs it.")
    if not re.fullmatch(rf"[!-~ ]+-{UUID}-{UUID}", key, re.IGNORECASE):
        raise BadSetting(f"{PREFIX}NOTIFY_API_KEY must be a key as GOV.UK Notify shows it once: name-service-secret.")
    return key


def _check_notify(url: str, *, is_production: bool) -> None:
    parts = urlsplit(url)
    if not re.fullmatch(UUID, parts.path, re.IGNORECASE) or parts.netloc or parts.fragment:
        raise BadSetting(TEMPLATE)
    asked = parse_qs(parts.query, keep_blank_values=True)
    if asked.keys() - {"api"} or not all(_is_api(api, is_production=is_production) for api in asked.get("api", ())):
        raise BadSetting(
            f"{PREFIX}MAIL_URL: the api of GOV.UK Notify must be an https address, like https://api.notifications.service.gov.uk."
        )


def _is_api(address: str, *, is_production: bool) -> bool:
    """An https address; plain http only on this machine, in a demo."""
    try:
        parts = urlsplit(address)
        is_complete = bool(parts.hostname) and parts.port != 0 and not parts.username and parts.path in {"", "/"} and not parts.query
    except ValueError:
        return False
    return is_complete and (parts.scheme == "https" or (not is_production and parts.scheme == "http" and parts.hostname in OWN_MACHINE))


def _is_smtp(url: str) -> bool:
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
        is_complete = parts.scheme == "smtp" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_complete and asked.keys() <= {"tls"} and asked.get("tls", ["starttls"])[0] in {"starttls", "implicit", "none"}
