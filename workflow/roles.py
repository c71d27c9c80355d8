"""The roles that people hold, and how each is held. What they are called is in config/permissions.toml.

A role is more than a row of a table: `practitioner_id` is a column of an audit, a Head of Service is held for a service.
The posts that escalations go to are in config/workflow.toml.
"""

CASE_ROLES = ("practitioner", "team_manager", "service_manager", "qaro")
"""Named in the header of an audit."""
NAMED_ROLES = (*CASE_ROLES, "auditor", "moderator")
"""Held of one audit: a column each."""
NAMED_DUTIES = (*NAMED_ROLES, "owner")
"""What an audit names one person for."""
SCOPED = {"head_of_service": "service", "director": "branch"}
"""Held for one service or one branch."""
COUNCIL_WIDE = ("qa", "hos_ppqa", "admin", "governance")
"""The role alone is the relation to every audit."""
CONTENT_FREE = frozenset({"admin", "governance"})
ROLES = (
    "auditor", "practitioner", "team_manager", "service_manager", "qaro", "moderator", "qa",
    "head_of_service", "hos_ppqa", "director", "governance", "admin",
)  # fmt: skip
"""In the order that pages show them."""
RELATIONS = (*ROLES, "owner", "recipient", "former_recipient", "qa_stand_in", "approver", "emergency", "last_resort")
"""What somebody can be to an audit; besides these, each post of an escalation has a `_stand_in`."""
