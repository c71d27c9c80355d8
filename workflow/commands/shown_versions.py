"""Saving by the version that a person was shown.

The version of an audit grows with its escalation too. To a moderator who judges blind it is a number made from what they are shown.
"""

from collections.abc import Callable, Mapping
from functools import partial

from workflow.blindness import is_blind
from workflow.commands.audit_view import view_without_logging
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.drafting import save_section
from workflow.directory import Person
from workflow.errors import EditConflict
from workflow.forms import Section
from workflow.models import Audit

OUTDATED = -1
Given = Mapping[str, object] | Callable[[Section], Mapping[str, object]]


def save_as_shown(
    context: CommandContext, who: Person, reference: str, section: str, given: Given, seen: int, *, of_whole_audit: bool = False
) -> Audit:
    """As `save_section`, where `seen` is the version of the section or of the whole audit that this person was shown."""
    save = partial(save_section, context, who, reference, section, given)
    # Only a moderator judges blind: for anybody else the audit is read once.
    if "moderator" not in who.roles:
        return save(seen, of_whole_audit=of_whole_audit)
    audit, ties = get_visible_audit(context, who, reference)
    if not is_blind(who, audit):
        return save(seen, of_whole_audit=of_whole_audit)
    shown = view_without_logging(context, who, audit, ties)
    now = shown.version_shown if of_whole_audit else shown.section_version(section)
    try:
        return save(audit.version if seen == now else OUTDATED)
    except EditConflict as conflict:
        raise EditConflict(conflict.yours, conflict.theirs, now, conflict.reference, conflict.edition) from None
