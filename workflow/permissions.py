"""Who may know, see and do what: config/permissions.toml, for one person and one audit. Deny by default."""

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow.approvers import approvers
from workflow.blindness import KEPT, directory_about, is_blind
from workflow.directory import Directory, Person
from workflow.duty_holders import acts_in_place_of, stands_in_for
from workflow.errors import ConfigurationError
from workflow.models import Audit
from workflow.roles import CASE_ROLES, COUNCIL_WIDE, SCOPED

RIGHTS = (
    "know", "see_state_and_names", "read_audit", "read_overall_grade", "read_listed_escalation", "see_board", "read_moderation",
    "read_history", "read_readings", "record_safeguarding", "write_audit", "write_moderation", "add_action", "add_further_action",
    "record_progress", "allocate", "assign_moderator", "name_successor", "start", "ask_in_emergency", "see_to_undelivered", "see_vacant_duties", "see_the_worker",
    "start_for_another", "see_directory", "edit_directory", "read_directory_history", "privileged", "approve_privileged",
    "approve_privileged_where_vacant", "never_delegated", "see_connections", "declare_for_another", "end_connection",
)  # fmt: skip
"""Every right that the code asks for."""
STAGES: dict[str, Callable[[Audit], bool]] = {
    "always": lambda audit: True,
    "before_shared": lambda audit: audit.is_before_sharing,
    "once_shared": lambda audit: audit.was_shared,
    "until_closed": lambda audit: audit.was_shared and audit.state not in {"actions_closed", "withdrawn"},
    "once_moderated": lambda audit: audit.moderated_at is not None,
    "once_escalated": lambda audit: audit.was_escalated,
    "moderated_and_escalated": lambda audit: audit.was_escalated and audit.moderated_at is not None,
    "own_judgement_saved": lambda audit: audit.moderated_at is not None or audit.is_judged,
}
"""Besides these, `while_` and a state of the audit."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """`table` is right -> relation -> stage; `titles` says what each relation is called."""

    table: Mapping[str, Mapping[str, str]]
    titles: Mapping[str, str]

    def allow(self, right: str, audit: Audit, relations: Collection[str]) -> bool:
        stages = self.table[right]
        return any(_holds(stages[relation], audit) for relation in relations if relation in stages)

    def allow_role(self, right: str, person: Person) -> bool:
        """For rights that need no audit."""
        return not person.roles.isdisjoint(self.table[right])

    def title(self, role: str) -> str:
        return self.titles.get(role) or role.replace("_", " ").capitalize()


def load_permissions(path: Path) -> Permissions:
    """Raise ConfigurationError for a file that can’t be read; `configuration_checks` finds the faults in what was read."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        titles = table.pop("titles")
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ConfigurationError(f"{path.name} can’t be read: {error}.") from error
    return Permissions(table, titles)


def named_state(stage: str) -> str:
    """The state that a stage like `while_shared` names, else ""."""
    return "" if stage in STAGES or not stage.startswith("while_") else stage.removeprefix("while_")


def _holds(stage: str, audit: Audit) -> bool:
    known = STAGES.get(stage)
    return known(audit) if known else audit.state == named_state(stage)


def relations(person: Person, audit: Audit, directory: Directory) -> frozenset[str]:
    """This person’s relations to this audit: each needs the role and the tie. People who left or are connected to the child have none."""
    if not person.is_active or directory.is_connected(person.id, audit.header.child_id):
        return frozenset()
    directory = directory_about(audit, directory)
    if is_blind(person, audit):
        return frozenset(_named_in(person, audit, directory) & KEPT)
    ties = _posts_held(person, audit, directory) | _named_in(person, audit, directory)
    if audit.state != "withdrawn" and audit.reference in directory.emergencies.get(person.id, ()):
        ties.add("emergency")
    if "director" in ties and not any(verifier not in audit.interested_people for verifier in verifiers(directory)):
        ties.add("last_resort")
    ties |= {f"{duty}_stand_in" for duty in stands_in_for(person, audit, directory)}
    return frozenset(ties | _duties_of_escalation(person, audit, directory))


def _posts_held(person: Person, audit: Audit, directory: Directory) -> set[str]:
    ties = set(person.roles.intersection(COUNCIL_WIDE))
    ties |= {post for post in SCOPED if directory.is_in_post(person, post, audit.header.team)}
    if person.id in stands_in_for_qa(audit.header.team, directory):
        ties.add("qa_stand_in")
    asked_by = audit.withdrawal_asked_by
    is_approver = asked_by is not None and person in approvers(asked_by, audit.header.team, directory)
    return ties | ({"approver"} if is_approver else set())


def _named_in(person: Person, audit: Audit, directory: Directory) -> set[str]:
    roles = person.roles
    ties = {role for role in roles.intersection(CASE_ROLES) if acts_in_place_of(person, role, audit, directory)}
    ties |= {role for role in roles.intersection(("auditor", "moderator")) if getattr(audit, f"{role}_id") == person.id}
    if person.works_with_cases and any(_sees_own(action.owner_id, action.is_live, person) for action in audit.actions):
        ties.add("owner")
    return ties


def stands_in_for_qa(team: str | None, directory: Directory) -> frozenset[int]:
    """Where nobody is left in the QA Service, the HoS for Practice, Performance and QA or who stands in arranges who goes on."""
    holder = None if directory.in_post("qa") else directory.holder("hos_ppqa", team)
    return frozenset({holder.person.id} if holder else ())


def verifiers(directory: Directory) -> list[int]:
    """Those who verify and close before the director does (rules, section 2)."""
    return [person.id for post in ("qa", "hos_ppqa") for person in directory.in_post(post)]


def _sees_own(owner_id: int, is_live: bool, person: Person) -> bool:
    return is_live and owner_id == person.id


def _duties_of_escalation(person: Person, audit: Audit, directory: Directory) -> set[str]:
    """`recipient`, and the posts that this person stands in for, as the posts are held today; `former_recipient` for a person who was named."""
    ties: set[str] = set()
    if audit.escalation is None:
        return ties
    if person.id in audit.escalated_to and person.works_with_cases:
        ties.add("former_recipient")
    for recipient in audit.escalation.recipients:
        if answers_for(person, recipient.post, audit.header.team, directory):
            ties.add("recipient")
            if not directory.is_in_post(person, recipient.post, audit.header.team):
                ties.add(f"{recipient.post}_stand_in")
    return ties


def answers_for(person: Person, post: str, team: str | None, directory: Directory) -> bool:
    if directory.is_in_post(person, post, team):
        return True
    holder = directory.holder(post, team)
    return holder is not None and holder.person.id == person.id
