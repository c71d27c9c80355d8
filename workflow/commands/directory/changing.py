"""The one way to change the directory: each person who comes to answer for an escalation by it is told in the same commit."""

from collections.abc import Iterator
from contextlib import contextmanager

from workflow.commands.context import CommandContext
from workflow.ports import DirectoryWriter
from workflow.posts import changes_hands, handover_notices


@contextmanager
def changing(context: CommandContext) -> Iterator[DirectoryWriter]:
    """One commit on leaving it; raises ConcurrentChange where the directory is no longer the one that was decided on."""
    with context.store.changing(context.directory.version, context.now) as writing:
        yield writing
        _tell_new_holders(context, writing)


def _tell_new_holders(context: CommandContext, writing: DirectoryWriter) -> None:
    before, after = context.directory, writing.directory()
    for one in writing.unresolved_escalations():
        if changes_hands(one.team, one.child_id, before, after) and (audit := context.store.audit(one.reference)):
            writing.notify(handover_notices(audit, before, after, context.now, context.notification_policy))
