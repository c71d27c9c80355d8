"""May this person learn about this event now: the one question before each notice that is shown and each email that is sent."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, Table, not_, or_, select

from notifications.context import WorkerContext
from notifications.recipients import KNOW, NotificationRules
from workflow.commands.emergency_access import may_answer_any
from workflow.directory import Directory
from workflow.events import QA_INBOX, Notice
from workflow.models import Audit
from workflow.permissions import relations
from workflow.storage.engine import read_transaction
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import audits, notices, outbox
from workflow.storage.visibility import VisibilityFilter

ASKED, ANSWERED = "emergency_asked", "emergency_answered"
"""About a request, which may name anything: the person who asked has typed the reference themselves."""


def told_now(engine: Engine, reader: VisibilityFilter, rules: NotificationRules, ids: Collection[int]) -> frozenset[int]:
    """Those of one person’s outbox rows that they may be notified of now, in one statement."""
    query = with_audits(outbox, outbox.c.id).where(outbox.c.id.in_(ids), may_be_told(reader, outbox, rules))
    with read_transaction(engine) as connection:
        return frozenset(connection.execute(query).scalars())


def may_learn(context: WorkerContext, directory: Directory, notice: Notice, audit: Audit) -> bool:
    """The same question for one person and one audit."""
    person = directory.person(notice.recipient)
    if person is None:
        return notice.recipient == QA_INBOX
    ties = relations(person, audit, directory)
    rights = context.notification_rules.needed_rights.get(notice.event, (KNOW,))
    return any(context.permissions.allow(right, audit, ties) for right in rights)


def notified_since(engine: Engine, notice: Notice, at: datetime) -> bool:
    """Whether this person has had notice of the same since then, by whatever key: a command notifies its successor itself."""
    same = (notices.c.event == notice.event, notices.c.reference == notice.reference, notices.c.action.is_not_distinct_from(notice.action))
    query = select(notices.c.id).where(notices.c.recipient == notice.recipient, notices.c.at > at, *same).limit(1)
    with read_transaction(engine) as connection:
        return connection.execute(query).first() is not None


def with_audits(rows: Table, *columns: Any) -> Select[Any]:
    """Notices or outbox rows, each with its audit if it is about one."""
    return select(*columns).select_from(rows).outerjoin(audits, audits.c.reference == rows.c.reference)


def may_be_told(reader: VisibilityFilter, rows: Table, rules: NotificationRules) -> Condition:
    """The rows to this person, or to the QA inbox that they read, that they may learn about now."""
    is_of_request = rows.c.event.in_((ASKED, ANSWERED))
    return any_of([all_of(~is_of_request, _of_audits(reader, rows, rules)), _of_requests(reader, rows), _of_no_audit(reader, rows, rules)])


def may_see_undelivered(reader: VisibilityFilter, rules: NotificationRules) -> Condition:
    """The emails to anybody that this person may deal with."""
    return any_of([outbox.c.reference == "", _of_audits(reader, outbox, rules)])


def _of_audits(reader: VisibilityFilter, rows: Table, rules: NotificationRules) -> Condition:
    gives_nothing_away = rows.c.event.in_(rules.of_moderators_and_owners)
    return all_of(or_(gives_nothing_away, not_(reader.judges_blind)), any_of(_by_right(reader, rows, rules.needed_rights)))


def _by_right(reader: VisibilityFilter, rows: Table, needed: Mapping[str, tuple[str, ...]]) -> Iterator[Condition]:
    yield all_of(rows.c.event.not_in(needed), reader.permitted(KNOW))
    for rights in sorted(set(needed.values())):
        is_one = rows.c.event.in_([event for event, others in needed.items() if others == rights])
        yield all_of(is_one, any_of(reader.permitted(right) for right in rights))


def _of_requests(reader: VisibilityFilter, rows: Table) -> Condition:
    may_answer = may_answer_any(reader.directory, reader.person)
    is_told = rows.c.event.in_((ASKED, ANSWERED)) if may_answer else (rows.c.event == ANSWERED) | (rows.c.recipient == QA_INBOX)
    return all_of(rows.c.event.in_((ASKED, ANSWERED)), is_told, audits.c.id.is_(None) | audits.c.id.not_in(reader.connected()))


def _of_no_audit(reader: VisibilityFilter, rows: Table, rules: NotificationRules) -> Condition:
    """About an account, or about the service: for that, the role to which it is told."""
    allows, person = reader.permissions.allow_role, reader.person
    lost = [event for event, rights in rules.needed_rights.items() if not any(allows(right, person) for right in rights)]
    return all_of(rows.c.reference == "", (rows.c.recipient == QA_INBOX) | rows.c.event.not_in(lost))
