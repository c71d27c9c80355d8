"""What commands are given, and the steps that they share.

A command reads, decides, and commits once. Nothing it decided on can have changed by then: the commit is refused
(ConcurrentChange) where the audit or the directory has, and the command is decided again.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from workflow import content
from workflow.blindness import directory_about
from workflow.directory import Directory, Person
from workflow.errors import EditConflict, NotFound
from workflow.events import Event, Notice
from workflow.forms import Form
from workflow.history import Chain, HistoryEntry, Row, digest, facts_of, link
from workflow.models import Audit, Seal
from workflow.permissions import Permissions, relations
from workflow.ports import Change, ConcurrentChange, IdempotentRequest, NotificationPolicy, Store
from workflow.posts import notices_between
from workflow.workflow_config import Rules
from workflow.working_days import london_day

TRIES = 20
P = ParamSpec("P")
R = TypeVar("R")


class FormVersions(Protocol):
    @property
    def current(self) -> Form: ...

    def form(self, key: str, version: int) -> Form:
        """The form as it was at that version: an audit keeps the version it was started on."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    store: Store
    directory: Directory
    rules: Rules
    permissions: Permissions
    forms: FormVersions
    notification_policy: NotificationPolicy
    now: datetime
    idempotent_request: IdempotentRequest | None = None

    @property
    def today(self) -> date:
        return london_day(self.now)

    def form_of(self, audit: Audit) -> Form:
        return self.forms.form(*audit.form)


class UnitOfWork:
    """The changes of one command: the audit after it, its history rows, its notices and its seals."""

    def __init__(self, context: CommandContext, who: Person, before: Audit | None, audit: Audit) -> None:
        self.context, self.who, self.before, self.audit = context, who, before, audit
        self._chain: Chain = audit.chain
        self._rows: list[Row] = []
        self._remarks: dict[int, str] = {}
        self._notices: list[Notice] = []
        self._seals: list[Seal] = []

    def record_transition(self, audit: Audit, move: str, reason: str = "", facts: Mapping[str, object] | None = None) -> None:
        """Add one row of history. Its reason is stored beside it; the row holds digests, of the reason and of what is stored after it.

        The row’s hash is shown to people who may not know the grade. Without the salt they could guess grades until one gives that hash.
        """
        hashed = {"reason": digest(reason)} if reason else {}
        came_from = self.audit.state if self._chain.count else None
        entry = HistoryEntry(
            self.context.now,
            self.who.id,
            self.who.name,
            move,
            came_from,
            audit.state,
            audit.escalation_state,
            facts_of({**(facts or {}), **hashed, content.FACT: content.settled(audit), "salt": secrets.token_hex(16)}),
        )
        row, self._chain = link(self._chain, audit.reference, entry)
        self._rows.append(row)
        if reason:
            self._remarks[row.number] = reason
        self.audit = audit

    def notify(self, event: str, **more: object) -> None:
        """Notify the event's recipients; a move whose `tells` is "" notifies nobody."""
        if not event:
            return
        happened = Event(event, self.audit.reference, self._chain.count, **more)  # type: ignore[arg-type]
        self._notices += self.context.notification_policy.notices(happened, self.audit, self.context.directory)

    def seal(self, part: str, content: str) -> str:
        """Store word for word what readers are shown; return its digest."""
        sealed = Seal(self.audit.edition, part, self.context.now, self.who.id, content, digest(content))
        self._seals.append(sealed)
        return sealed.digest

    def commit(self) -> Audit:
        # Writing a section starts and stops no deadline; a row of history may.
        next_check_on = self.context.today if self._rows else self.audit.next_check_on
        version = (self.before.version if self.before else 0) + 1
        after = replace(self.audit, version=version, chain=self._chain, next_check_on=next_check_on)
        change = Change(
            self.before,
            after,
            tuple(self._rows),
            self._remarks,
            (*self._notices, *self._handed_over(after)),
            tuple(self._seals),
            self.context.directory.version,
            self.context.now,
            # Rendered here, because the write lock is held from `save` to the end of the commit.
            self.context.idempotent_request.claim(after) if self.context.idempotent_request else None,
        )
        self.context.store.save(change)
        return after

    def _handed_over(self, after: Audit) -> tuple[Notice, ...]:
        """While a moderator judges blind, their posts on the audit are with the next in line; those who hold them then are notified."""
        before, context = self.before, self.context
        if before is None or not before.escalation or not after.escalation or before.escalation.number != after.escalation.number:
            return ()
        was, now = directory_about(before, context.directory), directory_about(after, context.directory)
        return notices_between(after, was, now, context.now, context.notification_policy)


def get_visible_audit(context: CommandContext, who: Person, reference: str) -> tuple[Audit, frozenset[str]]:
    """The audit and this person’s relations to it; raises NotFound both where it does not exist and where they may not know about it."""
    audit = context.store.audit(reference)
    if audit is None:
        raise NotFound
    ties = relations(who, audit, context.directory)
    if not context.permissions.allow("know", audit, ties):
        raise NotFound
    return audit, ties


def retry_on_conflict(function: Callable[Concatenate[CommandContext, Person, P], R]) -> Callable[Concatenate[CommandContext, Person, P], R]:
    """Run the command again where something changed between reading and writing, with the audit, the directory and the person as they are then."""

    @wraps(function)
    def decided(context: CommandContext, who: Person, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES):
            try:
                return function(context, who, *args, **kwargs)
            except ConcurrentChange:
                context = replace(context, directory=context.store.directory(context.now))
                who = context.directory.people[who.id]
        raise EditConflict

    return decided
