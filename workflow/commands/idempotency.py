"""A request repeated under one Idempotency-Key has one effect and one answer."""

from collections.abc import Callable
from dataclasses import replace

from workflow.commands.context import CommandContext
from workflow.errors import IdempotencyKeyReused, Refusal
from workflow.models import Audit
from workflow.ports import AlreadyDone, IdempotentRequest


def run_idempotent(context: CommandContext, request: IdempotentRequest, run: Callable[[CommandContext], object]) -> str:
    """Return what was answered, now or the first time. Raise IdempotencyKeyReused where the key belongs to another request.

    After a refusal the stored answer is looked for again: a twin of this request may have committed meanwhile.
    """
    rendered = RenderedOnce(request.render)
    request = replace(request, render=rendered)
    answered = _answered(context, request)
    if answered is not None:
        return answered
    try:
        return rendered.after(run(replace(context, idempotent_request=request)))
    except (Refusal, AlreadyDone):
        answered = _answered(context, request)
        if answered is None:
            raise
        return answered


class RenderedOnce:
    """Keeps the last text: an answer is rendered for the commit that stores it, and sent afterwards."""

    def __init__(self, render: Callable[[Audit], str]) -> None:
        self.render = render
        self.last: tuple[Audit | None, str] = (None, "")

    def __call__(self, audit: Audit) -> str:
        rendered, text = self.last
        if rendered is not audit:
            text = self.render(audit)
            self.last = (audit, text)
        return text

    def after(self, done: object) -> str:
        """A command that commits nothing returns the audit as it found it; another may return what it changed in the audit."""
        return self(done) if isinstance(done, Audit) else self.last[1]


def _answered(context: CommandContext, request: IdempotentRequest) -> str | None:
    """Raise IdempotencyKeyReused for another request, or where SECRET_KEY has changed since the first."""
    stored = context.store.answer_to(request.person_id, request.key)
    if stored is None:
        return None
    digest, answer = stored
    answered = request.decrypt(answer) if digest == request.digest else None
    if answered is None:
        raise IdempotencyKeyReused
    return answered
