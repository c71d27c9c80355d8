"""After failed attempts the next one has to wait, longer each time. Nobody is locked out, so a stranger can’t lock anybody out either.

Three counts: attempts at one account from one network, at one account from anywhere, and from one network at any account. From a place
where the person has signed in whole before, only the first applies: a stranger elsewhere can’t make them wait.

Attempts at addresses that nobody has look and cost the same, and make no row each: what a visitor types is counted in one row for each
network, and one for all networks together. Accounts share the slots of such a row, so that nothing shows which of them exist.
"""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from config.settings import Settings

SLOTS_OF_A_NETWORK, SLOTS_OF_ALL = 256, 1024
FORGOTTEN_AFTER = timedelta(days=1)
# Tried by visitors, at any address that they type; everything else is tried at the account of a person.
BY_ANYBODY = {"password", "link"}
# How many failures, and the second of the last one.
Slots = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Limit:
    """The first `free` failures cost nothing; then each one doubles the wait, in seconds, up to `longest`."""

    free: int
    first: int
    longest: int

    def wait(self, count: int, last_at: datetime, now: datetime) -> int:
        """Return the whole seconds left to wait after `count` failures, the last one at `last_at`."""
        if count < self.free:
            return 0
        # The clock may have been set back meanwhile: never wait longer than the longest.
        passed = max(0.0, (now - last_at).total_seconds())
        wait: int = min(self.first << min(count - self.free, 20), self.longest)
        return max(0, math.ceil(wait - passed))


HERE, ANYWHERE, NETWORK = Limit(free=4, first=5, longest=300), Limit(free=10, first=5, longest=30), Limit(free=40, first=5, longest=60)
# Six digits are guessed sooner than a password, and only somebody who knows the password, or holds a session, can make the owner wait.
PROOF_ANYWHERE = Limit(free=10, first=5, longest=300)


@dataclass(frozen=True, slots=True)
class Count:
    """A row of `failures`, or a slot of it, and how often it may grow."""

    key: str
    slot: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """An attempt from an address at a proof of an account, which may not exist. `kind` names the proof: password, code, link …"""

    settings: Settings
    kind: str
    account: str
    address: str

    def counts(self, *, is_known: bool) -> tuple[Count, ...]:
        if is_known:
            return (Count(self.here, "", HERE),)
        return self.anywhere, Count(self.network, "", NETWORK), Count(self.network, self._slot(SLOTS_OF_A_NETWORK), HERE)

    @property
    def here(self) -> str:
        """Only of a person and a place of theirs."""
        return self._key("here", self.account, self.place)

    @property
    def anywhere(self) -> Count:
        if self.kind in BY_ANYBODY:
            return Count(self._key("anywhere"), self._slot(SLOTS_OF_ALL), ANYWHERE)
        return Count(self._key("anywhere", self.account), "", PROOF_ANYWHERE)

    @property
    def network(self) -> str:
        return self._key("network", self.place)

    @property
    def place(self) -> str:
        return digest(self.settings, "place", network_of(self.address))

    def _slot(self, of: int) -> str:
        return str(int(digest(self.settings, "account", self.account), 16) % of)

    def _key(self, *parts: str) -> str:
        return digest(self.settings, self.kind, *parts)


def digest(settings: Settings, *parts: str) -> str:
    return hmac.new(settings.key_for("tries"), "\n".join(parts).encode(errors="surrogatepass"), "sha256").hexdigest()


def network_of(address: str) -> str:
    """Return the address itself, or the /56 network of an IPv6 address: the smallest that one customer usually gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or int(parsed) >> 72)


def tries_in(slots: Slots | None, slot: str) -> tuple[int, datetime]:
    tries, second = (slots or {}).get(slot, (0, 0))
    return tries, datetime.fromtimestamp(second, UTC)


def with_one_more(slots: Slots | None, slot: str, now: datetime) -> Slots:
    """What is older than a day is forgotten."""
    seconds, since = int(now.timestamp()), int((now - FORGOTTEN_AFTER).timestamp())
    recent = {name: found for name, found in (slots or {}).items() if found[1] >= since}
    return recent | {slot: (recent.get(slot, (0, 0))[0] + 1, seconds)} if slot else recent


def without(slots: Slots | None, slot: str) -> Slots:
    return {name: found for name, found in (slots or {}).items() if name != slot}
