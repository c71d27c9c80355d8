"""Every refusal has a name and a sentence. `web/request/errors.py` gives each a status; nothing here knows of HTTP."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing or wrong, and where to correct it."""

    section: str
    field: str
    message: str


class Refusal(Exception):
    """This can’t be done."""

    # Names the refusal in problem details, logs and metrics. Once published it never changes.
    code: ClassVar[str] = "refusal"

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or (self.__doc__ or "").strip()
        super().__init__(self.sentence)


class NotSignedIn(Refusal):
    """Sign in first."""

    code = "not-signed-in"


class SecondFactorRequired(Refusal):
    """Set up two-step verification first: your role needs it."""

    code = "second-proof-needed"


class TooManyAttempts(Refusal):
    """Too many attempts. Try again later."""

    code = "too-soon"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        super().__init__(
            f"Try again in {f'{seconds} seconds' if seconds < 90 else f'{minutes} minutes'}.".replace(" 1 seconds", " 1 second")
        )


class NotFound(Refusal):
    """This page does not exist, or you do not have access to it."""

    code = "not-found"


class PermissionDenied(Refusal):
    """You do not have permission to do this."""

    code = "not-yours"


class InvalidTransition(Refusal):
    """This can’t be done in the audit’s present state."""

    code = "not-from-here"


class IfMatchRequired(Refusal):
    """Give the version that you last read in the header If-Match."""

    code = "seen-needed"


class ReadLogUnavailable(Refusal):
    """This can’t be shown now, because the service can’t record who reads it. Try again later."""

    code = "not-shown"


class DatabaseUnavailable(Refusal):
    """The service can’t reach its database at the moment, so it can’t show or save anything. Try again in a minute."""

    code = "database-away"


class DiskFull(Refusal):
    """The service has run out of disk space and can’t save anything. Contact your administrator, and try again later."""

    code = "disk-full"


class TooLarge(Refusal):
    """This is too large to accept at once."""

    code = "too-large"


class IdempotencyKeyReused(Refusal):
    """What you sent first is already saved, and this is different. Check what is saved before you send it again."""

    code = "used-for-another"


class ConfigurationError(Refusal):
    """A configuration file has a fault."""

    code = "broken"

    def __init__(self, *faults: str) -> None:
        """`faults` are sentences, each naming its file and place."""
        self.faults = faults
        super().__init__("\n".join(faults) or None)


@dataclass(eq=False)
class _WithPlaces(Refusal):
    missing: tuple[Missing, ...] = field(default=())

    def __post_init__(self) -> None:
        Refusal.__init__(self)


class PreconditionsNotMet(_WithPlaces):
    """Something is still missing."""

    code = "not-ready"


class BadInput(_WithPlaces):
    """Something that was sent can’t be accepted."""

    code = "bad-input"

    @classmethod
    def about(cls, name: str, message: str, section: str = "") -> "BadInput":
        return cls((Missing(section, name, message),))


class ErrorCollector(AbstractContextManager["ErrorCollector"]):
    """A context manager for each value that is read, so that one BadInput reports every fault."""

    def __init__(self) -> None:
        self.missing: tuple[Missing, ...] = ()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, BadInput):
            self.missing += error.missing
        return isinstance(error, BadInput)

    def refuse(self) -> None:
        if self.missing:
            raise BadInput(self.missing)


@dataclass(eq=False)
class EditConflict(Refusal):
    """Somebody has changed this since you opened it. Nothing was overwritten."""

    code = "stale"

    yours: dict[str, object] | None = None
    theirs: dict[str, object] | None = None
    version: int | None = None
    reference: str = ""
    edition: int = 0

    def __post_init__(self) -> None:
        Refusal.__init__(self)
