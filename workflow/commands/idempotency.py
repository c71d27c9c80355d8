"""The same request twice, under one Idempotency-Key: one effect and one answer."""

from collections.abc import Callable

from workflow.commands.context import CommandContext
from workflow.errors import IdempotencyKeyReused, Refusal
from workflow.models import Audit
from workflow.ports import AlreadyDone, IdempotentRequest


def run_idempotent(context: CommandContext, once: IdempotentRequest, run: Callable[[CommandContext], Audit]) -> str:
    """What was answered, now or the first time. Raises IdempotencyKeyReused where the key belongs to another request.

    A refusal is looked at again: the first of two twins may have committed while the second was being decided.
    """
    answered = _answered(context, once)
    if answered is not None:
        return answered
    try:
        return once.answer(run(context))
    except (Refusal, AlreadyDone):
        answered = _answered(context, once)
        if answered is None:
            raise
        return answered


def _answered(context: CommandContext, once: IdempotentRequest) -> str | None:
    kept = context.store.answer_to(once.person_id, once.key)
    if kept is not None and kept[0] != once.digest:
        raise IdempotencyKeyReused
    return kept[1] if kept else None
