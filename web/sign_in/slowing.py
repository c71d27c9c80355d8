"""Guessing gets slower: each failure makes the next try wait longer. Nobody is locked out, and never by a stranger.

Three counts of failures, by digest: of an address of the network for one email, of an email from anywhere, and of an address of the
network for whatever email. From where somebody has signed in before, only the first of them counts.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from web.council import Council
from web.sign_in.queries import Count, begin_try, forget_try, is_known_place, keep_place
from workflow.people import Person

FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many failures cost nothing; then two seconds, four, eight, up to the longest."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        doublings = failures - self.free + 1
        return min(timedelta(seconds=2 ** min(doublings, 20)), self.longest) if doublings > 0 else timedelta(0)


HERE = Pace(free=3, longest=timedelta(minutes=15))
OF_EMAIL = Pace(free=30, longest=timedelta(minutes=1))
OF_PLACE = Pace(free=50, longest=timedelta(seconds=30))


@dataclass(frozen=True)
class Try:
    """One attempt to be somebody. Counted as a failure before anything is judged, so that many at once gain nothing."""

    council: Council
    email: str
    place: str
    person: Person | None

    def begin(self, now: datetime) -> timedelta:
        """How long there is still to wait, where it is too early to try; otherwise nothing, and the try is counted."""
        paces = self._paces

        def waits(counts: list[Count]) -> timedelta:
            recent = [one for one in counts if now - one.last_at < FORGOTTEN_AFTER]
            return max((one.last_at + paces[one.key].wait(one.failures) - now for one in recent), default=timedelta(0))

        return begin_try(self.council.engine, tuple(paces), now, now - FORGOTTEN_AFTER, waits)

    def succeeded(self, now: datetime) -> None:
        """It was no failure: what was counted for it is taken back, and the place is known from now on."""
        forget_try(self.council.engine, self._here, tuple(key for key in self._paces if key != self._here))
        if self.person is not None:
            keep_place(self.council.engine, self.person.id, self._digest("known", self.place), now)

    @cached_property
    def _paces(self) -> Mapping[str, Pace]:
        is_known = self.person is not None and is_known_place(self.council.engine, self.person.id, self._digest("known", self.place))
        return {self._here: HERE} if is_known else {self._here: HERE, self._of_email: OF_EMAIL, self._of_place: OF_PLACE}

    @property
    def _here(self) -> str:
        return self._digest("here", f"{self.place} {self.email}")

    @property
    def _of_email(self) -> str:
        return self._digest("email", self.email)

    @property
    def _of_place(self) -> str:
        return self._digest("place", self.place)

    def _digest(self, kind: str, what: str) -> str:
        # Under the service's own key: an address of the network is easily found again from a plain digest.
        return hmac.digest(self.council.settings.secret_key.encode(), f"{kind} {what}".encode("utf-8", "replace"), "sha256").hex()
