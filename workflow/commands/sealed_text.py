"""What was sealed, as readers are shown it: its edition, its text, and what people and teams were called then."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from workflow import audit as audit_changes
from workflow.commands.context import CommandContext
from workflow.directory import Directory
from workflow.models import Answers, Audit, Seal


@dataclass(frozen=True, slots=True)
class SealedText:
    """`names` by the person’s id, `teams` by their code: seals from before teams were named hold none."""

    edition: int
    at: datetime
    sections: Mapping[str, Answers]
    names: Mapping[str, str]
    teams: Mapping[str, str]

    def name_as_then(self, directory: Directory) -> Directory:
        people = {id_: replace(one, name=self.names.get(str(id_), one.name)) for id_, one in directory.people.items()}
        teams = {code: replace(team, name=self.teams.get(code, team.name)) for code, team in directory.teams.items()}
        return replace(directory, people=people, teams=teams)


def sealed_text(seals: tuple[Seal, ...]) -> SealedText | None:
    """The latest that was shared, with the judgement that was last sealed."""
    shared, moderated = (audit_changes.latest(seals, part) for part in (audit_changes.SHARED_PART, audit_changes.MODERATED_PART))
    if shared is None:
        return None
    content, judged = json.loads(shared.content), json.loads(moderated.content) if moderated else {}
    return SealedText(
        shared.edition, shared.at, {**content["sections"], **judged.get("sections", {})},
        {**judged.get("names", {}), **content.get("names", {})}, content.get("teams", {}),
    )  # fmt: skip


def reads_working_copy(audit: Audit, ties: frozenset[str]) -> bool:
    """Its auditor does until it is shared again; so does everybody while it is what was shared."""
    return "auditor" in ties or audit_changes.shows_working_copy(audit)


def directory_of_text(context: CommandContext, audit: Audit, ties: frozenset[str], seals: tuple[Seal, ...] | None) -> Directory:
    """Names as they were sealed with the text that is read; today’s where it was not shared or is a correction of what was.

    `seals` are those that were read already.
    """
    if not audit.was_shared or ("auditor" in ties and not audit_changes.shows_working_copy(audit)):
        return context.directory
    sealed = sealed_text(context.store.seals(audit) if seals is None else seals)
    return sealed.name_as_then(context.directory) if sealed else context.directory
