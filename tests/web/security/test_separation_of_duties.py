"""Nobody is two people: not by a second role, a delegation, an allocation, an assignment or a changed header."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.factories import AN_ACTION, FOURTEENTH, House, an_audit, assign, save
from tests.web.support.roles import now_holds, passes_on
from web.council import Council
from workflow.commands import actions, assignments, audit_moves
from workflow.errors import NotFound, PermissionDenied, PreconditionsNotMet, Refusal

Abuse = Callable[[House, Council], None]
HEADER_SEES = {"practitioner": "practitioner", "team.manager": "team_manager", "service.manager": "service_manager"}


def _person(house: House, name: str) -> str:
    return house.person(name).email


def _moderates_own_by_second_role(house: House, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "moderator")
    assign(house, an_audit(house, "shared"), "auditor")


def _moderates_own_by_delegation(house: House, council: Council) -> None:
    passes_on(council, "moderator", "auditor", "moderator")
    assign(house, an_audit(house, "shared"), "auditor")


def _judges_own_by_delegation(house: House, council: Council) -> None:
    passes_on(council, "moderator", "auditor", "moderator")
    reference = an_audit(house, "shared")
    assign(house, reference)
    save(house, "auditor", reference, "moderation", {"grade": "good", **FOURTEENTH})


def _of_the_case_moderates(name: str) -> Abuse:
    def attempt(house: House, council: Council) -> None:
        now_holds(council, name, HEADER_SEES[name], "moderator")
        assign(house, an_audit(house, "shared"), name)

    return attempt


def _of_the_case_is_allocated_it(name: str) -> Abuse:
    def attempt(house: House, council: Council) -> None:
        now_holds(council, name, HEADER_SEES[name], "auditor")
        assignments.allocate(house.command_context(), house.person("qa"), an_audit(house, "graded"), _person(house, name))

    return attempt


def _once_moderator_now_auditor(house: House, council: Council) -> None:
    now_holds(council, "moderator", "moderator", "auditor")
    reference = an_audit(house, "shared")
    assign(house, reference)
    audit_moves.return_for_correction(house.command_context(), house.person("hos.ppqa"), reference, "Again.")
    assignments.allocate(house.command_context(), house.person("qa"), reference, _person(house, "moderator"))
    audit_moves.share(house.command_context(), house.person("moderator"), reference)
    assign(house, reference)


def _audits_the_case_they_manage(house: House, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "team_manager")
    reference = an_audit(house, "draft", details={"team_manager": "auditor@demo.example"})
    save(house, "auditor", reference, "consultation", {"spoke_to": "Priya Nair"})
    audit_moves.record_consultation(house.command_context(), house.person("auditor"), reference)


def _changes_the_header_last(house: House, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "practitioner")
    reference = an_audit(house, "graded")
    details = {key: value for key, value in house.audit(reference).sections["details"].items() if not isinstance(value, int)}
    people = {"team_manager": "team.manager@demo.example", "service_manager": "service.manager@demo.example", "qaro": "qaro@demo.example"}
    changed = {**details, **people, "audited_previously": False, "practitioner": "auditor@demo.example"}
    save(house, "auditor", reference, "details", changed)
    audit_moves.share(house.command_context(), house.person("auditor"), reference)


def _waives_own_moderation(house: House, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "qa")
    audit_moves.waive_moderation(house.command_context(), house.person("auditor"), an_audit(house, "shared"), "No need.")


def _waives_moderation_of_own_case(house: House, council: Council) -> None:
    passes_on(council, "qa", "team.manager", "qa")
    audit_moves.waive_moderation(house.command_context(), house.person("team.manager"), an_audit(house, "shared"), "No need.")


def _agrees_to_own_withdrawal(house: House, council: Council) -> None:
    passes_on(council, "hos.ppqa", "qa", "hos_ppqa")
    reference = an_audit(house, "graded")
    audit_moves.withdraw(house.command_context(), house.person("qa"), reference, "Mine.")
    audit_moves.withdraw(house.command_context(), house.person("qa"), reference, "Mine too.")


def _verifies_what_they_reported(house: House, council: Council) -> None:
    passes_on(council, "qa", "team.manager", "qa")
    reference = an_audit(house, "moderated")
    actions.report(house.command_context(), house.person("team.manager"), reference, 1)
    actions.verify(house.command_context(), house.person("team.manager"), reference, 1)


def _owner_verifies(house: House, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    reference = an_audit(house, "moderated")
    actions.report(house.command_context(), house.person("team.manager"), reference, 1)
    actions.verify(house.command_context(), house.person("practitioner"), reference, 1)


def _owner_closes(house: House, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    reference = an_audit(house, "moderated")
    actions.report(house.command_context(), house.person("team.manager"), reference, 1)
    actions.verify(house.command_context(), house.person("qa"), reference, 1)
    audit_moves.close_actions(house.command_context(), house.person("practitioner"), reference)


def _owner_cancels(house: House, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    actions.cancel(house.command_context(), house.person("practitioner"), an_audit(house, "moderated"), 1, "Done with it.")


def _owner_grants_own_time(house: House, council: Council) -> None:
    passes_on(council, "qa", "practitioner", "qa")
    reference = an_audit(house, "moderated")
    actions.ask_for_more_time(house.command_context(), house.person("practitioner"), reference, 1, date(2027, 3, 1), "Busy.")
    actions.grant_more_time(house.command_context(), house.person("practitioner"), reference, 1)


def _passes_on_what_was_passed_on(house: House, council: Council) -> None:
    passes_on(council, "qa", "qaro", "qa")
    passes_on(council, "qaro", "practitioner2", "qa")
    assignments.allocate(house.command_context(), house.person("practitioner2"), an_audit(house, "draft"), "auditor2@demo.example")


def _administrator_takes_over(house: House, council: Council) -> None:
    passes_on(council, "qa", "admin", "qa")
    assignments.allocate(house.command_context(), house.person("admin"), an_audit(house, "draft"), "auditor2@demo.example")


def _administrator_made_recipient(house: House, council: Council) -> None:
    now_holds(council, "admin", "admin", "hos_ppqa")
    audit_moves.return_for_correction(house.command_context(), house.person("admin"), an_audit(house, "shared"), "Mine.")


ABUSES: tuple[Abuse, ...] = (
    _moderates_own_by_second_role, _moderates_own_by_delegation, _judges_own_by_delegation, *map(_of_the_case_moderates, HEADER_SEES),
    *map(_of_the_case_is_allocated_it, HEADER_SEES), _once_moderator_now_auditor, _audits_the_case_they_manage, _changes_the_header_last,
    _waives_own_moderation, _waives_moderation_of_own_case, _agrees_to_own_withdrawal, _verifies_what_they_reported, _owner_verifies,
    _owner_closes, _owner_cancels, _owner_grants_own_time, _passes_on_what_was_passed_on, _administrator_takes_over, _administrator_made_recipient,
)  # fmt: skip


@pytest.mark.parametrize("abuse", ABUSES, ids=lambda abuse: abuse.__qualname__.strip("_").split(".")[0])
def test_nobody_is_two_people(council: Council, house: House, abuse: Abuse) -> None:
    with pytest.raises((PreconditionsNotMet, PermissionDenied, NotFound)) as refused:
        abuse(house, council)
    assert isinstance(refused.value, Refusal)


def test_what_is_refused_to_one_person_is_granted_to_two(council: Council, house: House) -> None:
    """The same moves by two people succeed: it is the person that stands in the way, and nothing else."""
    reference = an_audit(house, "shared")
    assign(house, reference)
    audit_moves.waive_moderation(house.command_context(), house.person("qa"), an_audit(house, "shared"), "Not picked.")
    actions.add_action(house.command_context(), house.person("moderator"), reference, AN_ACTION)
    moderated = an_audit(house, "moderated")
    actions.report(house.command_context(), house.person("team.manager"), moderated, 1)
    actions.verify(house.command_context(), house.person("qa"), moderated, 1)
    assert audit_moves.close_actions(house.command_context(), house.person("qa"), moderated).state == "actions_closed"
