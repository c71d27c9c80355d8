"""The error for a setting that is refused."""

PREFIX = "PRACTICE_AUDIT_"


class BadSetting(Exception):
    """A setting is missing or malformed. The sentence names the variable."""
