"""Which audits a person may know of and read, as SQL conditions: the same rules as `permissions.relations`.

A list can't load every audit to check it. A test compares the two for every person. There are two kinds of relation: by post,
which depends on an audit's team and stage and holds for very many audits; and by name, for the few audits that name the person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, false, func, not_, or_, select, true, union_all

from workflow.approvers import NEXT, POST, line_of_approvers
from workflow.directory import Directory, Person
from workflow.permissions import Permissions, answers_for, stands_in_for_qa, verifiers
from workflow.roles import COUNCIL_WIDE, NAMED_ROLES, SCOPED
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import IS_ESCALATED, actions, audits, escalated_to, tallies
from workflow.storage.withdrawal_conditions import can_agree

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


@dataclass(frozen=True)
class VisibilityFilter:
    """The rights of one person, today, as SQL conditions."""

    person: Person
    directory: Directory
    permissions: Permissions

    def permitted(self, right: str) -> Condition:
        """The audits on which this person has a right, by post or by name."""
        return any_of([self.by_post(right), self.by_name(right)])

    def by_post(self, right: str, of: Columns = OF_AUDIT) -> Condition:
        return self._for_each_child(of, lambda reader: reader.usually_by_post(right, of))

    def by_name(self, right: str) -> Condition:
        return self._for_each_child(OF_AUDIT, lambda reader: reader.usually_by_name(right))

    def usually_by_post(self, right: str, of: Columns) -> Condition:
        return self._allowed(right, self._posts(of), of)

    def usually_by_name(self, right: str) -> Condition:
        return self._allowed(right, self._names, OF_AUDIT)

    def audits_naming_person(self) -> CompoundSelect[int]:
        """The ids of the few audits that name this person, each relation read by its own index. It narrows a query; it grants nothing."""
        own = [select(audits.c.id).where(audits.c[f"{role}_id"].in_(self._acts_for(role))) for role in NAMED_ROLES]
        own.append(select(actions.c.audit_id).where(actions.c.owner_id == self.person.id))
        own.append(select(audits.c.id).where(audits.c.reference.in_(self._emergencies)))
        own.append(select(escalated_to.c.audit_id).where(escalated_to.c.person_id == self.person.id))
        if any(duty.role in {POST, NEXT} for duty in self.person.duties):
            own.append(select(audits.c.id).where(audits.c.withdrawal_asked_by.is_not(None)))
        if "director" in self.person.roles:
            first = dict.fromkeys(one for reader in self.readers for one in verifiers(reader.directory)[:1])
            own += [select(actions.c.audit_id).where(_involves(one)) for one in first]
        return union_all(*own)

    def teams(self) -> set[str]:
        """The teams for which this person holds or answers for a post."""
        return set().union(*(reader.answering for reader in self.readers), *(self.teams_of(post) for post in SCOPED))

    def teams_of(self, post: str) -> set[str]:
        """The teams for which this person holds a post, even if only for the audits of one child."""
        return {team for reader in self.readers for team in reader.by_team[post]}

    def teams_answering(self, post: str) -> set[str]:
        """The teams for which this person holds a post or stands in for it, even if only for the audits of one child."""
        return set().union(*(reader.answering_for(post) for reader in self.readers))

    def answering_for(self, post: str) -> list[str]:
        return self._teams_where(lambda team: answers_for(self.person, post, team, self.directory))

    def connected(self) -> Select[tuple[int]]:
        """The ids of the audits of children that this person has declared a connection to, read by an index."""
        return select(audits.c.id).where(audits.c.child_key.in_(self._children))

    def exceptional_audits(self) -> Select[tuple[int]]:
        """The ids of the audits of children where this person’s posts differ from the usual ones."""
        return select(audits.c.id).where(audits.c.child_key.in_(self._exceptional_children))

    @property
    def readers(self) -> list["VisibilityFilter"]:
        """This person as usual, and with the posts that pass to them because a holder is connected to a child."""
        return [self, *(reader for reader, _ in self._exceptions)]

    def _for_each_child(self, of: Columns, allowed: Callable[["VisibilityFilter"], Condition]) -> Condition:
        if of.child is None or not self._exceptional_children:
            return allowed(self)
        exceptions = (all_of(of.child.in_(children), allowed(reader)) for reader, children in self._exceptions)
        return any_of([all_of(of.child.not_in(self._exceptional_children), allowed(self)), *exceptions])

    @cached_property
    def _exceptional_children(self) -> list[str]:
        return sorted([*self._children, *(child for _, children in self._exceptions for child in children)])

    @cached_property
    def _exceptions(self) -> list[tuple["VisibilityFilter", list[str]]]:
        """This person’s filter for children that holders of posts are connected to, if that changes anything for this person."""
        if not self.directory.connected:
            return []
        passing_posts = {*self.directory.posts, "qa"}
        holders = {person.id for person in self.directory.people.values() if any(duty.role in passing_posts for duty in person.duties)}
        passed_on: dict[frozenset[int], list[str]] = {}
        for child, people in self.directory.connected.items():
            if people & holders and child not in self._children:
                passed_on.setdefault(people & holders, []).append(child)
        readers = ((replace(self, directory=self.directory.without(people)), children) for people, children in passed_on.items())
        return [(reader, children) for reader, children in readers if reader.posts_held != self.posts_held]

    @property
    def posts_held(self) -> tuple[object, ...]:
        answering = [self.answering_for(post) for post in self.directory.posts]
        return self.by_team, answering, verifiers(self.directory), [tier for tier, _ in self._line_of_approvers]

    def _allowed(self, right: str, relations: Relations, of: Columns) -> Condition:
        holds, stages = of.stages(), self.permissions.table[right]
        return any_of(all_of(relations[relation], holds[stage]) for relation, stage in stages.items() if relation in relations)

    @property
    def _children(self) -> list[str]:
        return sorted(self.directory.connections.get(self.person.id, ()))

    @property
    def _emergencies(self) -> list[str]:
        return sorted(self.directory.emergencies.get(self.person.id, ()))

    def _posts(self, of: Columns) -> Relations:
        """Relation -> the audits to which this person has it. A relation that this person can’t have is left out."""
        if not self.person.is_active:
            return {}
        relations: dict[str, Condition] = {role: true() for role in COUNCIL_WIDE if role in self.person.roles}
        relations |= {post: _of_teams(of, teams) for post, teams in self.by_team.items()}
        relations["recipient"] = all_of(of.is_escalated, _of_teams(of, self.answering))
        arranges = self._teams_where(lambda team: self.person.id in stands_in_for_qa(team, self.directory))
        whole = self.person.id in stands_in_for_qa(None, self.directory)
        relations["qa_stand_in"] = true() if whole else _of_teams(of, arranges)
        if not verifiers(self.directory):
            relations["last_resort"] = relations["director"]
        return relations

    @cached_property
    def _names(self) -> Relations:
        if not self.person.is_active:
            return {}
        me, involved = self.person.id, [_is_involved(verifier) for verifier in verifiers(self.directory)]
        relations: dict[str, Condition] = {role: self._is_named(role) for role in NAMED_ROLES if role in self.person.roles}
        is_own = (actions.c.audit_id == audits.c.id, actions.c.owner_id == me, actions.c.is_live)
        relations["emergency"] = all_of(audits.c.reference.in_(self._emergencies), audits.c.state != "withdrawn")
        if self.person.works_with_cases:
            relations["owner"] = exists(select(actions.c.number).where(*is_own).correlate(audits))
            was_named = (escalated_to.c.audit_id == audits.c.id, escalated_to.c.person_id == me)
            relations["former_recipient"] = exists(select(escalated_to.c.audit_id).where(*was_named).correlate(audits))
        if involved:
            relations["last_resort"] = all_of(_of_teams(OF_AUDIT, self.by_team["director"]), *involved)
        relations["approver"] = can_agree(self.person.id, self._line_of_approvers)
        return relations

    def is_named(self, role: str) -> Condition:
        """Where an audit names them, or somebody they act for, in a role that they hold; everywhere, where the role alone is enough."""
        if role not in self.person.roles:
            return false()
        return true() if role in COUNCIL_WIDE else self._is_named(role)

    def is_vacant(self, role: str) -> Condition:
        """Where the person that an audit names in a role of the case can’t carry it out."""
        named = audits.c[f"{role}_id"]
        able = [person.id for person in self.directory.people.values() if person.can_be_reached and role in person.roles]
        connected = (all_of(named == one, audits.c.child_key.in_(keys)) for one, keys in self.directory.connections.items() if one in able)
        return or_(named.not_in(able), *connected)

    @cached_property
    def _line_of_approvers(self) -> list[tuple[frozenset[int], Condition]]:
        """Of the directors only this person counts: nobody comes after them."""
        tiers = [(frozenset(person.id for person in tier), true()) for tier in (*line_of_approvers(None, self.directory),)[:-1]]
        teams = self.by_team[NEXT]
        return [*tiers, (frozenset({self.person.id} if teams else set()), _of_teams(OF_AUDIT, teams))]

    def _is_named(self, role: str) -> Condition:
        """As `duty_holders.acts_in_place_of`."""
        me, others = self.person.id, self._acts_for(role) - {self.person.id}
        is_own, is_others = audits.c[f"{role}_id"] == me, audits.c[f"{role}_id"].in_(others)
        is_apart = or_(audits.c.auditor_id == me, func.coalesce(audits.c.moderator_id, 0) == me)
        return any_of([is_own, all_of(is_others, not_(is_apart))]) if others else is_own

    def _acts_for(self, role: str) -> frozenset[int]:
        return self.directory.acts_for(self.person.id, role)

    @cached_property
    def by_team(self) -> Mapping[str, list[str]]:
        """Post -> the teams for which this person holds it."""
        return {post: self._teams_where(partial(self.directory.is_in_post, self.person, post)) for post in SCOPED}

    @cached_property
    def answering(self) -> list[str]:
        """The teams for which this person answers for one of the posts of an escalation today."""
        posts = self.directory.posts
        return self._teams_where(lambda team: any(answers_for(self.person, post, team, self.directory) for post in posts))

    def _teams_where(self, holds: Callable[[str], bool]) -> list[str]:
        """Checked once for each service: all its teams have the same holders."""
        services = {team.service: code for code, team in self.directory.teams.items()}
        held_services = {service for service, code in services.items() if holds(code)}
        return [code for code, team in self.directory.teams.items() if team.service in held_services]


def _is_involved(person_id: int) -> Condition:
    return exists(select(actions.c.number).where(actions.c.audit_id == audits.c.id, _involves(person_id)).correlate(audits))


def _involves(person_id: int) -> Condition:
    return or_(actions.c.owner_id == person_id, actions.c.reported_by == person_id)


def _of_teams(of: Columns, codes: list[str]) -> Condition:
    return of.team.in_(codes) if codes else false()
