"""One machine of `transitions` for all audits, whose conditions are the guards; an audit is its model for as long as it moves."""

from transitions import Machine

SHARING = {
    "trigger": "share", "source": "graded", "dest": "shared", "conditions": ["may_share", "is_consulted", "is_graded", "is_complete"],
}  # fmt: skip
MACHINE = Machine(model=None, states=["graded", "shared", "moderated"], transitions=[SHARING], initial=None, auto_transitions=False)
