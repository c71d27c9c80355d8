"""The one way to change the directory: each person who comes to answer for an escalation by it is told in the same commit."""

from collections.abc import Iterator
from contextlib import contextmanager

from workflow.approvers import approvers
from workflow.commands.context import CommandContext
from workflow.directory import Directory
from workflow.events import Notice
from workflow.ports import DirectoryWriter
from workflow.posts import changes_hands, new_holder_notices


@contextmanager
def changing(context: CommandContext) -> Iterator[DirectoryWriter]:
    """One commit on leaving it; raises ConcurrentChange where the directory is no longer the one that was decided on."""
    with context.store.changing(context.directory.version, context.now) as writing:
        yield writing
        after = writing.directory()
        _tell_new_holders(context, writing, after)
        _tell_new_approvers(context, writing, after)


def _tell_new_holders(context: CommandContext, writing: DirectoryWriter, after: Directory) -> None:
    before = context.directory
    for one in writing.unresolved_escalations():
        if changes_hands(one.team, one.child_id, before, after) and (audit := context.store.audit(one.reference)):
            writing.notify(new_holder_notices(audit, before, after, context.now, context.notification_policy))


def _tell_new_approvers(context: CommandContext, writing: DirectoryWriter, after: Directory) -> None:
    """To agree to a withdrawal falls to somebody else too."""
    for one in writing.asked_withdrawals():
        was, now = (approvers(one.asked_by, one.team, view.for_child(one.child_id)) for view in (context.directory, after))
        new = {person.id for person in now} - {person.id for person in was}
        key = f"asked/{one.reference}/{context.now.isoformat()}"
        writing.notify([Notice(key, "withdrawal_requested", person_id, one.reference) for person_id in sorted(new)])
