"""The named conditions of workflow.toml. Each yields a sentence for each thing that is missing; a guard that yields nothing is met."""

from collections.abc import Iterable

from workflow.errors import Missing, PreconditionsNotMet
from workflow.guards import actions, audits, escalations, moderation
from workflow.guards.context import Guard, GuardContext

GUARDS: dict[str, Guard] = {guard.__name__: guard for guard in (*audits.GUARDS, *actions.GUARDS, *moderation.GUARDS, *escalations.GUARDS)}


def what_is_missing(needs: Iterable[str], situation: GuardContext) -> tuple[Missing, ...]:
    """Everything that is missing, each thing once."""
    return tuple(dict.fromkeys(missing for need in needs for missing in GUARDS[need](situation)))


def ensure_nothing_is_missing(needs: Iterable[str], situation: GuardContext) -> None:
    if missing := what_is_missing(needs, situation):
        raise PreconditionsNotMet(missing)


def is_met(need: str, situation: GuardContext) -> bool:
    return not any(True for _ in GUARDS[need](situation))


__all__ = ["GUARDS", "Guard", "GuardContext", "ensure_nothing_is_missing", "holds", "what_is_missing"]
