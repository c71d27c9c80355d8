"""The pages of one audit, and case text."""

from tests.factories import FORM

CASE_TEXT = ("Seen on the file.", "Alex is safer.", "A family of three.", "C-1001", "Book the visit.")
SECTIONS = [section.key for section in FORM.sections]
MOVES = ("record_consultation", "grade", "revise", "share", "moderate", "waive_moderation", "close_actions", "reopen", "withdraw")


def pages_of(reference: str) -> list[str]:
    here = f"/audits/{reference}"
    return [
        here, f"{here}/read", f"{here}/history", f"{here}/escalation", f"{here}/moderator", f"{here}/people/team_manager", f"{here}/actions/1/owner", f"{here}/actions/new", f"{here}/actions/1",
        *(f"{here}/sections/{key}" for key in SECTIONS), *(f"{here}/moves/{move}" for move in MOVES),
    ]  # fmt: skip
