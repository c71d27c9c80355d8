"""Settings for operating the service: the token for its metrics, and whether it starts on a newer database."""

from collections.abc import Mapping

from config.errors import PREFIX, BadSetting

SHORTEST_TOKEN = 24


def read_metrics_token(given: Mapping[str, str]) -> str:
    """Without a token there are no metrics; raises BadSetting for one that could be guessed."""
    token = given.get(PREFIX + "METRICS_TOKEN", "").strip()
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii() or " " in token):
        raise BadSetting(f"{PREFIX}METRICS_TOKEN must be at least {SHORTEST_TOKEN} letters and digits, without spaces.")
    return token


def read_newer_database(given: Mapping[str, str]) -> bool:
    """Whether to start on a database that a newer version has migrated, so as to go back to this version."""
    value = given.get(PREFIX + "NEWER_DATABASE", "").strip() or "refuse"
    if value not in {"refuse", "allow"}:
        raise BadSetting(f"{PREFIX}NEWER_DATABASE must be one of refuse, allow.")
    return value == "allow"
