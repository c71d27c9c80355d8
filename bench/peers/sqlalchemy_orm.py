"""SQLAlchemy’s entities with `transitions`: a session for each move, a version column, one machine for all audits."""

import sys
from datetime import datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, WriteOnlyMapped, mapped_column, relationship, selectinload

from bench.peers import the_work
from bench.peers.engine import opened
from bench.peers.one_machine import MACHINE
from bench.peers.the_work import AUDITOR, NAMES, areas, audits, history_row, notice, notifications_of, now, take_turns, waiting


class Entity(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 (as its documentation has it)


class Person(Entity):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)


class Area(Entity):
    __tablename__ = "areas"
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    grade: Mapped[str]
    evidence: Mapped[str]
    impact: Mapped[str]


class History(Entity):
    __tablename__ = "history"
    audit_id: Mapped[int] = mapped_column(ForeignKey("audits.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int]
    by_name: Mapped[str]
    move: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    facts: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]


class Notice(Entity):
    __tablename__ = "notices"
    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str]
    reference: Mapped[str]
    at: Mapped[datetime]


class Outbox(Entity):
    __tablename__ = "outbox"
    key: Mapped[str] = mapped_column(primary_key=True)
    recipient: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str]
    reference: Mapped[str]
    created_at: Mapped[datetime]
    state: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime] = mapped_column(index=True)


class Audit(Entity):
    __tablename__ = "audits"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column()
    history_count: Mapped[int]
    history_head: Mapped[str]
    auditor_id: Mapped[int]
    practitioner_id: Mapped[int]
    team_manager_id: Mapped[int]
    service_manager_id: Mapped[int]
    qaro_id: Mapped[int]
    team: Mapped[str]
    child_id: Mapped[str]
    strand: Mapped[str]
    consulted: Mapped[bool]
    overall_grade: Mapped[str]
    shared_at: Mapped[datetime | None]
    areas: Mapped[list[Area]] = relationship()
    history: WriteOnlyMapped[History] = relationship()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (as its documentation has it)

    def may_share(self, by: Person) -> bool:
        return the_work.may_share(self, by)

    def is_consulted(self, by: Person) -> bool:
        return the_work.is_consulted(self)

    def is_graded(self, by: Person) -> bool:
        return the_work.is_graded(self)

    def is_complete(self, by: Person) -> bool:
        return the_work.is_complete(self.areas)


ENGINE = opened(sys.argv[1])


def fill() -> None:
    Entity.metadata.create_all(ENGINE)
    with Session(ENGINE) as session, session.begin():
        session.add_all(Person(id=number, name=name) for number, name in enumerate(NAMES, 1))
        session.add_all(Audit(**audit, areas=[Area(**area) for area in areas()]) for audit in audits())


def share(number: int) -> None:
    with Session(ENGINE) as session, session.begin():
        who, audit = session.get_one(Person, AUDITOR), session.get_one(Audit, number, options=[selectinload(Audit.areas)])
        make_move(session, audit, who)


def make_move(session: Session, audit: Audit, who: Person) -> None:
    at = now()
    MACHINE.add_model(audit, initial=audit.state)
    if not audit.share(by=who):  # type: ignore[attr-defined]
        raise PermissionError
    MACHINE.remove_model(audit)
    row = history_row(audit, who.id, at)
    audit.shared_at, audit.history_count, audit.history_head = at, row["number"], row["hash"]
    audit.history.add(History(**row))
    for told in notifications_of(audit, row["number"]):
        session.add_all((Notice(**notice(told, at)), Outbox(**waiting(told, at))))


if __name__ == "__main__":
    fill()
    take_turns(share)
