"""What a mail server’s refusal is about: the address, so that trying again is no use, or anything else, which may be temporary (decision 31)."""

import re
from dataclasses import dataclass

CLOSING, TAKEN = 421, (250, 251, 252)
# For a reply without an enhanced status, after RCPT only.
ADDRESS_CODES = frozenset({501, 550, 551, 553, 556})
# Some servers refuse the sender or the client only after they are given the recipient.
NOT_ABOUT_THE_ADDRESS = re.compile(r"relay|sender|authenti|helo|ehlo|client|spam|block|policy", re.IGNORECASE)
ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
UNDEFINED = "5.0.0"


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    text: bytes = b""

    @property
    def status(self) -> str:
        """The enhanced status of RFC 3463, or "": a server may leave it out."""
        found = ENHANCED.match(self._text)
        return found[1] if found else ""

    def is_about_the_address(self, *, at_recipient: bool) -> bool:
        if not 500 <= self.code < 600:
            return False
        if self.status and self.status != UNDEFINED:
            return is_address_status(self.status)
        return at_recipient and self.code in ADDRESS_CODES and not NOT_ABOUT_THE_ADDRESS.search(self._text)

    def __str__(self) -> str:
        """The codes only: the text of the server may contain an address."""
        return f"{self.code} {self.status}".strip()

    @property
    def _text(self) -> str:
        return self.text.decode("ascii", "replace")


def is_address_status(status: str) -> bool:
    """No such mailbox or domain, or a mailbox that is closed; 5.1.7 and 5.1.8 are about the sender, 5.4.1 is Exchange’s for “nobody here”."""
    return status in {"5.2.1", "5.4.1"} or (status.startswith("5.1.") and status not in {"5.1.7", "5.1.8"})
