"""How the service is watched and brought up to date: who may read its numbers, and whether it starts on a database newer than itself."""

from collections.abc import Mapping

from config.errors import PREFIX, BadSetting

SHORTEST_TOKEN = 24


def read_metrics_token(given: Mapping[str, str]) -> str:
    """Nothing, and there are no metrics; raises BadSetting for what could be guessed."""
    token = given.get(PREFIX + "METRICS_TOKEN", "").strip()
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or " " in token):
        raise BadSetting(f"{PREFIX}METRICS_TOKEN must be at least {SHORTEST_TOKEN} letters and digits, without spaces.")
    return token


def read_newer_database(given: Mapping[str, str]) -> bool:
    """Whether to start although a newer version has brought the database up to date: to go back to this one."""
    value = given.get(PREFIX + "NEWER_DATABASE", "").strip() or "refuse"
    if value not in {"refuse", "allow"}:
        raise BadSetting(f"{PREFIX}NEWER_DATABASE must be one of refuse, allow.")
    return value == "allow"
