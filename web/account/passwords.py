"""What a new password must be: long, not like one’s own name, and not among those that are guessed first (NIST SP 800-63B)."""

from workflow.errors import BadInput
from workflow.people import Person

SHORTEST, LONGEST = 12, 200
# The best of zxcvbn’s five: guessed only after ten thousand million tries.
STRENGTH = 4
TOO_EASY = "This password is among those that are guessed first. Three words that have nothing to do with each other are better."


def ensure_is_hard_to_guess(password: str, person: Person) -> None:
    """Raises BadInput."""
    if len(password) < SHORTEST:
        raise BadInput.about("new", f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise BadInput.about("new", f"A password has at most {LONGEST} characters.")
    # Half a second to load, and seldom needed.
    from zxcvbn import zxcvbn

    if zxcvbn(password[:72], user_inputs=[person.name, *person.name.split(), person.email, "practice audit"])["score"] < STRENGTH:
        raise BadInput.about("new", TOO_EASY)
