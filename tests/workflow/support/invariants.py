"""The invariants of the rules, checked in the store after every step."""

from typing import Any

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tests.factories import RULES, World
from tests.workflow.support.model import Model
from workflow.commands.audit_view import see
from workflow.errors import EditConflict, InvalidTransition, NotFound, PermissionDenied, PreconditionsNotMet, Refusal
from workflow.history import first_break
from workflow.replay import replay

OF_THE_CASE = ("practitioner", "team.manager", "service.manager", "qaro")
KINDS: dict[type[Refusal], str] = {
    NotFound: "unknown",
    PermissionDenied: "not theirs",
    InvalidTransition: "not from here",
    PreconditionsNotMet: "missing",
}


class Invariants(RuleBasedStateMachine):
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.models: list[Model] = []
        self.sealed: dict[tuple[str, int, str], str] = {}

    @invariant()
    def the_promises_hold(self) -> None:
        for reference, model in zip(self.references, self.models, strict=True):
            audit = self.world.audit(reference)
            assert (audit.state, audit.escalation_state) == (model.state, model.escalation)
            assert {action.number: action.state for action in audit.actions} == model.actions
            rows = self.world.store.history(audit)
            assert first_break(reference, rows, audit.chain) is None
            assert replay(rows, [RULES]) == (model.state, model.escalation)
            self._what_was_sealed_stays(reference, audit)
            if not model.was_shared:
                self._nobody_of_the_case_knows(reference)
        self._each_is_told_once()

    def _what_was_sealed_stays(self, reference: str, audit: Any) -> None:
        for seal in self.world.store.seals(audit):
            assert self.sealed.setdefault((reference, seal.edition, seal.part), seal.content) == seal.content

    def _nobody_of_the_case_knows(self, reference: str) -> None:
        for name in OF_THE_CASE:
            with pytest.raises(NotFound):
                see(self.world.command_context(), self.world.person(name), reference)

    def _each_is_told_once(self) -> None:
        sent = getattr(self.world.store, "sent", [])
        assert len(sent) == len({(notice.key, notice.recipient) for notice in sent})

    def tried(self, reference: str, run: Any) -> str:
        before = self._everything(reference)
        try:
            run()
        except EditConflict:
            refused = "stale"
        except Refusal as refusal:
            refused = KINDS[type(refusal)]
        else:
            return "yes"
        assert self._everything(reference) == before, "a refusal changed something"
        return refused

    def _everything(self, reference: str) -> tuple[Any, ...]:
        audit = self.world.audit(reference)
        return audit, len(self.world.store.history(audit)), len(getattr(self.world.store, "sent", ()))
