"""What a person may know of, and read, as SQL: the same as `permissions.relations` with [know] and [read_audit].

A list can't load every audit to ask. A test holds the two ways of saying it against each other, person by person. Two kinds of
relation: by post, told by an audit's team and stage, true of very many audits; and by name, true of the few that name somebody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, false, func, or_, select, true, union_all

from workflow.directory import Directory, Person
from workflow.permissions import Permissions, answers_for, verifiers
from workflow.roles import COUNCIL_WIDE, NAMED_ROLES, SCOPED
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import IS_ESCALATED, actions, audits, tallies

Ties = Mapping[str, Condition]


@dataclass(frozen=True)
class Facts:
    """What posts and stages ask of an audit, or of the many alike that one row of `tallies` counts."""

    team: ColumnElement[str]
    is_shared: Condition
    is_escalated: Condition
    is_moderated: Condition
    child: ColumnElement[str] | None = None

    def stages(self) -> Ties:
        return {
            "always": true(),
            "once_shared": self.is_shared,
            "once_moderated": self.is_moderated,
            "once_escalated": self.is_escalated,
            "moderated_and_escalated": all_of(self.is_escalated, self.is_moderated),
        }


# Not the column itself: by its index all audits of a post’s teams would be read and sorted, to show the newest fifty.
OF_AUDIT = Facts(
    func.coalesce(audits.c.team, ""), audits.c.shared_at.is_not(None), IS_ESCALATED, audits.c.moderated_at.is_not(None),
    func.coalesce(func.lower(audits.c.child_id), ""),
)  # fmt: skip
WHATEVER_CHILD = replace(OF_AUDIT, child=None)
OF_TALLY = Facts(tallies.c.team, tallies.c.is_shared, tallies.c.is_escalated, false())
STAGES = OF_AUDIT.stages()


@dataclass(frozen=True)
class VisibilityFilter:
    """One person, today: what each right of theirs comes to as SQL."""

    person: Person
    directory: Directory
    permissions: Permissions

    def permitted(self, right: str) -> Condition:
        """The audits on which this person has a right whose stages are all told by the audit's own row."""
        return any_of([self.by_post(right), self.by_name(right)])

    def by_post(self, right: str, of: Facts = OF_AUDIT) -> Condition:
        return self._for_each_child(of, lambda reader: reader.usually_by_post(right, of))

    def by_name(self, right: str) -> Condition:
        return self._for_each_child(OF_AUDIT, lambda reader: reader.usually_by_name(right))

    def usually_by_post(self, right: str, of: Facts) -> Condition:
        return self._allowed(right, self._posts(of), of)

    def usually_by_name(self, right: str) -> Condition:
        return self._allowed(right, self._names, OF_AUDIT)

    def audits_naming_person(self) -> CompoundSelect[int]:
        """The ids of the few audits that name this person, each relation read by its own index. It narrows, and permits nothing."""
        own = [select(audits.c.id).where(audits.c[f"{role}_id"] == self.person.id) for role in NAMED_ROLES]
        own.append(select(actions.c.audit_id).where(actions.c.owner_id == self.person.id))
        own.append(select(audits.c.id).where(audits.c.reference.in_(self._emergencies)))
        if "hos_ppqa" in self.person.roles:
            own.append(select(audits.c.id).where(audits.c.withdrawal_asked_by.is_not(None)))
        if "director" in self.person.roles:
            first = dict.fromkeys(one for reader in self.readers for one in verifiers(reader.directory)[:1])
            own += [select(actions.c.audit_id).where(_is_bound_by(one)) for one in first]
        return union_all(*own)

    def teams(self) -> set[str]:
        """Those for which this person holds or answers for a post."""
        return set().union(*(reader.answering for reader in self.readers), *(self.teams_of(post) for post in SCOPED))

    def teams_of(self, post: str) -> set[str]:
        """Those for which this person holds a post, be it of one child’s audits alone."""
        return {team for reader in self.readers for team in reader.by_team[post]}

    def connected(self) -> Select[tuple[int]]:
        """The ids of the audits of children to whom this person declared a connection, by index."""
        return select(audits.c.id).where(func.lower(audits.c.child_id).in_(self._children))

    def exceptional_audits(self) -> Select[tuple[int]]:
        """The ids of the audits of children for whom this person’s posts are not what they usually are."""
        return select(audits.c.id).where(func.lower(audits.c.child_id).in_(self._children_apart))

    @property
    def readers(self) -> list["VisibilityFilter"]:
        """This person as usual, and as they stand where posts fall to them from who is connected to a child."""
        return [self, *(reader for reader, _ in self._apart)]

    def _for_each_child(self, of: Facts, allowed: Callable[["VisibilityFilter"], Condition]) -> Condition:
        if of.child is None or not self._children_apart:
            return allowed(self)
        falling = (all_of(of.child.in_(children), allowed(reader)) for reader, children in self._apart)
        return any_of([all_of(of.child.not_in(self._children_apart), allowed(self)), *falling])

    @cached_property
    def _children_apart(self) -> list[str]:
        return sorted([*self._children, *(child for _, children in self._apart for child in children)])

    @cached_property
    def _apart(self) -> list[tuple["VisibilityFilter", list[str]]]:
        """How this person stands where holders of posts are connected to the child, wherever that changes anything for them."""
        if not self.directory.connected:
            return []
        falling = {*self.directory.posts, "qa"}
        holders = {person.id for person in self.directory.people.values() if any(duty.role in falling for duty in person.duties)}
        fallen: dict[frozenset[int], list[str]] = {}
        for child, people in self.directory.connected.items():
            if people & holders and child not in self._children:
                fallen.setdefault(people & holders, []).append(child)
        readers = ((replace(self, directory=self.directory.without(people)), children) for people, children in fallen.items())
        return [(reader, children) for reader, children in readers if reader.standing != self.standing]

    @property
    def standing(self) -> tuple[object, ...]:
        return self.by_team, self.answering, verifiers(self.directory)

    def _allowed(self, right: str, ties: Ties, of: Facts) -> Condition:
        holds, stages = of.stages(), self.permissions.table[right]
        return any_of(all_of(ties[relation], holds[stage]) for relation, stage in stages.items() if relation in ties)

    @property
    def _children(self) -> list[str]:
        return sorted(self.directory.connections.get(self.person.id, ()))

    @property
    def _emergencies(self) -> list[str]:
        return sorted(self.directory.emergencies.get(self.person.id, ()))

    def _posts(self, of: Facts) -> Ties:
        """Relation -> the audits to which this person stands in it; a relation that is impossible for them is left out."""
        if not self.person.is_active:
            return {}
        ties: dict[str, Condition] = {role: true() for role in COUNCIL_WIDE if role in self.person.roles}
        ties |= {post: _of_teams(of, teams) for post, teams in self.by_team.items()}
        ties["recipient"] = all_of(of.is_escalated, _of_teams(of, self.answering))
        if not verifiers(self.directory):
            ties["last_resort"] = ties["director"]
        return ties

    @cached_property
    def _names(self) -> Ties:
        if not self.person.is_active:
            return {}
        me, bound = self.person.id, [_is_bound_up(verifier) for verifier in verifiers(self.directory)]
        ties: dict[str, Condition] = {role: audits.c[f"{role}_id"] == me for role in NAMED_ROLES if role in self.person.roles}
        is_own = (actions.c.audit_id == audits.c.id, actions.c.owner_id == me, actions.c.is_live)
        ties["emergency"] = all_of(audits.c.reference.in_(self._emergencies), audits.c.state != "withdrawn")
        ties["owner"] = exists(select(actions.c.number).where(*is_own))
        if bound:
            ties["last_resort"] = all_of(_of_teams(OF_AUDIT, self.by_team["director"]), *bound)
        if "hos_ppqa" in self.person.roles:
            ties["approver"] = audits.c.withdrawal_asked_by.is_not(None)
        return ties

    @cached_property
    def by_team(self) -> Mapping[str, list[str]]:
        """Post -> the teams of which this person holds it."""
        return {post: self._teams_where(partial(self.directory.is_in_post, self.person, post)) for post in SCOPED}

    @cached_property
    def answering(self) -> list[str]:
        """The teams for which this person answers for one of the posts of an escalation today."""
        posts = self.directory.posts
        return self._teams_where(lambda team: any(answers_for(self.person, post, team, self.directory) for post in posts))

    def _teams_where(self, holds: Callable[[str], bool]) -> list[str]:
        """Asked once a service: its teams are alike in who holds a post for them."""
        services = {team.service: code for code, team in self.directory.teams.items()}
        held = {service for service, code in services.items() if holds(code)}
        return [code for code, team in self.directory.teams.items() if team.service in held]


def _is_bound_up(person_id: int) -> Condition:
    return exists(select(actions.c.number).where(actions.c.audit_id == audits.c.id, _is_bound_by(person_id)))


def _is_bound_by(person_id: int) -> Condition:
    return or_(actions.c.owner_id == person_id, actions.c.reported_by == person_id)


def _of_teams(of: Facts, codes: list[str]) -> Condition:
    return of.team.in_(codes) if codes else false()
