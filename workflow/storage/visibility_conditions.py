"""What a person’s rights depend on, as SQL conditions on an audit, or on a row of `tallies`, which counts many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true

from workflow.storage.sql_conditions import Condition, all_of
from workflow.storage.tables import IS_ESCALATED, actions, audits, tallies

Relations = Mapping[str, Condition]


@dataclass(frozen=True)
class Columns:
    """The columns that posts and stages depend on: of an audit, or of a row of `tallies`, which counts many audits."""

    team: ColumnElement[str]
    is_shared: Condition
    is_escalated: Condition
    is_moderated: Condition
    child: ColumnElement[str] | None = None

    def stages(self) -> Relations:
        return {
            "always": true(),
            "once_shared": self.is_shared,
            "once_moderated": self.is_moderated,
            "once_escalated": self.is_escalated,
            "moderated_and_escalated": all_of(self.is_escalated, self.is_moderated),
        }


# An expression, not the column: with its index, all audits of the teams would be read and sorted to show the newest fifty.
OF_AUDIT = Columns(
    func.coalesce(audits.c.team, ""), audits.c.shared_at.is_not(None), IS_ESCALATED, audits.c.moderated_at.is_not(None),
    func.coalesce(audits.c.child_key, ""),
)  # fmt: skip
OF_ANY_CHILD = replace(OF_AUDIT, child=None)
OF_TALLY = Columns(tallies.c.team, tallies.c.is_shared, tallies.c.is_escalated, false())
STAGES = OF_AUDIT.stages()


def judged_blind_by(people: list[int]) -> Condition:
    """As `blindness.judges_blind`."""
    judge = func.coalesce(audits.c.moderator_id, 0)
    return and_(judge.in_(people), func.coalesce(audits.c.judged_by, 0) != judge, audits.c.moderated_at.is_(None))


def is_involved(person_id: int) -> Condition:
    return exists(select(actions.c.number).where(actions.c.audit_id == audits.c.id, involves(person_id)).correlate(audits))


def involves(person_id: int) -> Condition:
    return or_(actions.c.owner_id == person_id, actions.c.reported_by == person_id)


def of_teams(of: Columns, codes: list[str]) -> Condition:
    return of.team.in_(codes) if codes else false()
