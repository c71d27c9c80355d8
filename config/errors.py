"""What a refused setting is, for every file that reads one."""

PREFIX = "PRACTICE_AUDIT_"


class BadSetting(Exception):
    """The sentence names the variable."""
