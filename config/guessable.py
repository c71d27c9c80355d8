"""Whether somebody could guess a secret that a machine should have made: one copied from an example, repeated, or typed."""

import math
import re
from collections import Counter

from zxcvbn import zxcvbn

# zxcvbn takes no more characters than this.
LIMIT = 72
FEWEST_GUESSES = 20
"""As a power of ten. Of 16 random bytes in hexadecimal or base64, zxcvbn says 21 or more."""
FEWEST_BITS = 72
FEWEST_CHARACTERS = 9
PLACEHOLDER = re.compile(
    "changeme|changeit|changethis|replaceme|placeholder|example|insecure|secretkey|yoursecret|yourkey|yourpassword|practiceaudit|demopassword"
)
DEFAULTS = frozenset({"password", "postgres", "postgresql", "secret", "admin", "root", "audit", "test", "demo", "letmein"})


def is_placeholder(text: str) -> bool:
    """Whether it says that it should have been replaced."""
    return bool(PLACEHOLDER.search(re.sub(r"[\W_]", "", text.lower())))


def is_default_password(password: str, user: str) -> bool:
    plain = password.lower()
    return is_placeholder(plain.replace(user.lower(), "") if user else plain) or plain in DEFAULTS or (bool(user) and plain == user.lower())


def is_guessable_secret(secret: str) -> bool:
    """Judge a secret that a machine should have made. `openssl rand -hex 16` and everything longer passes."""
    if is_placeholder(secret) or secret.isdigit() or len(set(secret)) < FEWEST_CHARACTERS or _bits(secret) < FEWEST_BITS:
        return True
    return bool(zxcvbn(secret[:LIMIT])["guesses_log10"] < FEWEST_GUESSES)


def _bits(secret: str) -> float:
    """Its length times the entropy of its characters (Shannon)."""
    return -sum(count * math.log2(count / len(secret)) for count in Counter(secret).values())
