"""After failed attempts the next one has to wait, longer each time. Nobody is locked out, so a stranger can’t lock anybody out either.

Three counts: attempts at one account from one address, at one account from anywhere, and from one address at any account. From a place
where the person has signed in before, only the first applies: a stranger elsewhere can’t make them wait.
"""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from config.settings import Settings


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


HERE, ANYWHERE, ADDRESS = Limit(free=4, first=5, longest=300), Limit(free=10, first=5, longest=30), Limit(free=40, first=5, longest=60)
CODE_ANYWHERE = Limit(free=10, first=5, longest=300)


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """An attempt from an address at the password or code of an account, which may not exist."""

    settings: Settings
    kind: str
    account: str
    address: str

    def limits(self, *, is_known: bool) -> Mapping[str, Limit]:
        if is_known:
            return {self.here: HERE}
        return {self.here: HERE, self.anywhere: CODE_ANYWHERE if self.kind == "code" else ANYWHERE, self.shared: ADDRESS}

    @property
    def here(self) -> str:
        return self._key("here", self.account, self.place)

    @property
    def anywhere(self) -> str:
        return self._key("anywhere", self.account)

    @property
    def shared(self) -> str:
        return self._key("address", self.place)

    @property
    def place(self) -> str:
        return digest(self.settings, "place", network_of(self.address))

    def _key(self, *parts: str) -> str:
        return digest(self.settings, self.kind, *parts)


def digest(settings: Settings, *parts: str) -> str:
    return hmac.new(settings.key_for("tries"), "\n".join(parts).encode(errors="surrogatepass"), "sha256").hexdigest()


def network_of(address: str) -> str:
    """Return the address itself, or the /64 network of an IPv6 address, which usually belongs to one customer."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped else str(parsed)
