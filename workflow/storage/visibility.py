"""Which audits a person may know of and read, as SQL conditions: the same rules as `permissions.relations`.

A list can't load every audit to check it. A test compares the two for every person. There are two kinds of relation: by post,
which depends on an audit's team and stage and holds for very many audits; and by name, for the few audits that name the person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from sqlalchemy import CompoundSelect, Select, exists, false, func, not_, or_, select, true, union_all

from workflow.approvers import NEXT, POST, line_of_approvers
from workflow.blindness import KEPT
from workflow.directory import Directory, Person
from workflow.permissions import Permissions, answers_for, stands_in_for_qa, verifiers
from workflow.roles import COUNCIL_WIDE, NAMED_ROLES, SCOPED
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import actions, audits, escalated_to
from workflow.storage.visibility_conditions import OF_AUDIT, Columns, Relations, involves, is_involved, judged_blind_by, of_teams
from workflow.storage.withdrawal_conditions import can_agree


@dataclass(frozen=True)
class VisibilityFilter:
    """The rights of one person, today, as SQL conditions."""

    person: Person
    directory: Directory
    permissions: Permissions
    is_of_judge: bool = False
    """With the posts as they are on the audits that one moderator judges blind."""

    def permitted(self, right: str) -> Condition:
        """The audits on which this person has a right, by post or by name."""
        return any_of([self.by_post(right), self.by_name(right)])

    def by_post(self, right: str, of: Columns = OF_AUDIT) -> Condition:
        return self._for_each_judge(of, lambda reader: reader.usually_by_post(right, of))

    def by_name(self, right: str) -> Condition:
        by_others = self._for_each_judge(OF_AUDIT, lambda reader: reader.usually_by_name(right))
        kept = {relation: condition for relation, condition in self._names.items() if relation in KEPT}
        is_known = audits.c.id.not_in(self.connected()) if self._children else true()
        return any_of([by_others, all_of(self.judges_blind, is_known, self._allowed(right, kept, OF_AUDIT))])

    @property
    def judges_blind(self) -> Condition:
        """The audits on which being their moderator takes every other relation away (see `blindness`)."""
        return judged_blind_by([self.person.id]) if "moderator" in self.person.roles else false()

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
            own += [select(actions.c.audit_id).where(involves(one)) for one in first]
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

    def exceptional_audits(self) -> Select[tuple[int]] | CompoundSelect[int]:
        """The ids of the audits where this person’s posts differ from the usual ones: of some children, and of some moderators."""
        judged = select(audits.c.id).where(audits.c.moderator_id.in_(self._apart), judged_blind_by(self._apart))
        of_children = select(audits.c.id).where(audits.c.child_key.in_(self._exceptional_children))
        return union_all(of_children, judged) if self._apart else of_children

    @property
    def readers(self) -> list["VisibilityFilter"]:
        """This person as usual, and with the posts that pass to them: from people connected to a child, and from moderators who judge blind."""
        return [self, *(reader for reader, _ in self._exceptions), *(one for _, judge in self._judges for one in judge.readers)]

    def _for_each_judge(self, of: Columns, allowed: Callable[["VisibilityFilter"], Condition]) -> Condition:
        """On an audit that its moderator judges blind, the posts are as if they held none; they themselves have nothing by post."""
        if of.child is None or not self._apart:
            return self.for_each_child(of, allowed)
        passed_on = (all_of(judged_blind_by([judge]), reader.for_each_child(of, allowed)) for judge, reader in self._judges)
        return any_of([all_of(not_(judged_blind_by(self._apart)), self.for_each_child(of, allowed)), *passed_on])

    @cached_property
    def _apart(self) -> list[int]:
        """Those whose blind judgements change what this person sees by post."""
        return [*([self.person.id] if "moderator" in self.person.roles else []), *(judge for judge, _ in self._judges)]

    @cached_property
    def _judges(self) -> list[tuple[int, "VisibilityFilter"]]:
        """The moderators whose posts, or part of them, pass to this person while they judge an audit blind."""
        passing_posts = {*self.directory.posts, "qa"}
        holders = [
            one.id
            for one in self.directory.people.values()
            if "moderator" in one.roles
            and one.id not in {self.person.id, *self.directory.excluded}
            and any(duty.role in passing_posts for duty in one.duties)
        ]
        readers = [(judge, replace(self, directory=self.directory.without(frozenset({judge})), is_of_judge=True)) for judge in holders]
        return [] if self.is_of_judge else [(judge, reader) for judge, reader in readers if reader.posts_at_all != self.posts_at_all]

    @property
    def posts_at_all(self) -> tuple[object, ...]:
        return self.posts_held, [(reader.posts_held, children) for reader, children in self._exceptions]

    def for_each_child(self, of: Columns, allowed: Callable[["VisibilityFilter"], Condition]) -> Condition:
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
        last = verifiers(self.directory) if "director" in self.person.roles else bool(self.directory.in_post("qa"))
        return self.by_team, answering, last, [tier for tier, _ in self._line_of_approvers]

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
        relations |= {post: of_teams(of, teams) for post, teams in self.by_team.items()}
        relations["recipient"] = all_of(of.is_escalated, of_teams(of, self.answering))
        arranges = self._teams_where(lambda team: self.person.id in stands_in_for_qa(team, self.directory))
        whole = self.person.id in stands_in_for_qa(None, self.directory)
        relations["qa_stand_in"] = true() if whole else of_teams(of, arranges)
        if not verifiers(self.directory):
            relations["last_resort"] = relations["director"]
        return relations

    @cached_property
    def _names(self) -> Relations:
        if not self.person.is_active:
            return {}
        me, involved = self.person.id, [is_involved(verifier) for verifier in verifiers(self.directory)]
        relations: dict[str, Condition] = {role: self._is_named(role) for role in NAMED_ROLES if role in self.person.roles}
        is_own = (actions.c.audit_id == audits.c.id, actions.c.owner_id == me, actions.c.is_live)
        relations["emergency"] = all_of(audits.c.reference.in_(self._emergencies), audits.c.state != "withdrawn")
        if self.person.works_with_cases:
            relations["owner"] = exists(select(actions.c.number).where(*is_own).correlate(audits))
            was_named = (escalated_to.c.audit_id == audits.c.id, escalated_to.c.person_id == me)
            relations["former_recipient"] = exists(select(escalated_to.c.audit_id).where(*was_named).correlate(audits))
        if involved:
            relations["last_resort"] = all_of(of_teams(OF_AUDIT, self.by_team["director"]), *involved)
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
        return [*tiers, (frozenset({self.person.id} if teams else set()), of_teams(OF_AUDIT, teams))]

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
