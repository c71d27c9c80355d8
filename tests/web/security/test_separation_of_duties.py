"""Nobody is two people: not by a second role, a delegation, an allocation, an assignment or a changed header."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.factories import AN_ACTION, DETAILS, FOURTEENTH, World, an_audit, assign, save, walk
from tests.web.support.roles import now_holds, passes_on
from web.council import Council
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting
from workflow.errors import NotFound, PermissionDenied, PreconditionsNotMet, Refusal

AUDITED = ("practitioner", "team.manager", "service.manager")
Abuse = Callable[[World, Council], None]
HEADER_SEES = {"practitioner": "practitioner", "team.manager": "team_manager", "service.manager": "service_manager", "qaro": "qaro"}


def _person(world: World, name: str) -> str:
    return world.person(name).email


def _moderates_own_by_second_role(world: World, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "moderator")
    assign(world, an_audit(world, "shared"), "auditor")


def _moderates_own_by_delegation(world: World, council: Council) -> None:
    passes_on(council, "moderator", "auditor", "moderator")
    assign(world, an_audit(world, "shared"), "auditor")


def _judges_own_by_delegation(world: World, council: Council) -> None:
    passes_on(council, "moderator", "auditor", "moderator")
    reference = an_audit(world, "shared")
    assign(world, reference)
    save(world, "auditor", reference, "moderation", {"grade": "good", **FOURTEENTH})


def _of_the_case_moderates(name: str) -> Abuse:
    def attempt(world: World, council: Council) -> None:
        now_holds(council, name, HEADER_SEES[name], "moderator")
        assign(world, an_audit(world, "shared"), name)

    return attempt


def _of_the_case_is_allocated_it(name: str) -> Abuse:
    def attempt(world: World, council: Council) -> None:
        now_holds(council, name, HEADER_SEES[name], "auditor")
        assignments.allocate(world.command_context(), world.person("qa"), an_audit(world, "graded"), _person(world, name))

    return attempt


def _once_moderator_now_auditor(world: World, council: Council) -> None:
    now_holds(council, "moderator", "moderator", "auditor")
    reference = an_audit(world, "shared")
    assign(world, reference)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Again.")
    assignments.allocate(world.command_context(), world.person("qa"), reference, _person(world, "moderator"))
    audit_moves.share(world.command_context(), world.person("moderator"), reference)
    assign(world, reference)


def _audits_the_case_they_manage(world: World, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "team_manager")
    reference = an_audit(world, "draft", details={"team_manager": "auditor@demo.example"})
    save(world, "auditor", reference, "consultation", {"spoke_to": "Priya Nair"})
    audit_moves.record_consultation(world.command_context(), world.person("auditor"), reference)


def _changes_the_header_last(world: World, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "practitioner")
    reference = an_audit(world, "graded")
    details = {key: value for key, value in world.audit(reference).sections["details"].items() if not isinstance(value, int)}
    people = {"team_manager": "team.manager@demo.example", "service_manager": "service.manager@demo.example", "qaro": "qaro@demo.example"}
    changed = {**details, **people, "audited_previously": False, "practitioner": "auditor@demo.example"}
    save(world, "auditor", reference, "details", changed)
    audit_moves.share(world.command_context(), world.person("auditor"), reference)


def _wrote_it_then_moderates(world: World, council: Council) -> None:
    now_holds(council, "auditor2", "auditor", "moderator")
    assign(world, _given_by_auditor2(world), "auditor2")


def _wrote_it_then_waives(world: World, council: Council) -> None:
    now_holds(council, "auditor2", "auditor", "qa")
    audit_moves.waive_moderation(world.command_context(), world.person("auditor2"), _given_by_auditor2(world), "No need.")


def _given_by_auditor2(world: World) -> str:
    """An audit that one auditor wrote, and that another was given and shared."""
    reference = an_audit(world, "graded", auditor="auditor2")
    _is_given_and_shares(world, reference, "auditor")
    return reference


def _is_given_and_shares(world: World, reference: str, auditor: str) -> None:
    assignments.allocate(world.command_context(), world.person("qa"), reference, _person(world, auditor))
    save(world, auditor, reference, "declaration", {"no_conflict": True})
    audit_moves.share(world.command_context(), world.person(auditor), reference)


def _wrote_its_first_words_then_waives(world: World, council: Council) -> None:
    reference = drafting.start_audit(world.command_context(), world.person("qa"), DETAILS, _person(world, "auditor")).reference
    walk(world, reference, "shared")
    audit_moves.waive_moderation(world.command_context(), world.person("qa"), reference, "No need.")


def _moderates_what_they_corrected_once(world: World, council: Council) -> None:
    """Their own correction is another auditor’s by now."""
    now_holds(council, "auditor2", "auditor", "moderator")
    reference = an_audit(world, "shared")
    for auditor in ("auditor2", "auditor"):
        audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Again.")
        _is_given_and_shares(world, reference, auditor)
    assign(world, reference, "auditor2")


def _waives_own_moderation(world: World, council: Council) -> None:
    now_holds(council, "auditor", "auditor", "qa")
    audit_moves.waive_moderation(world.command_context(), world.person("auditor"), an_audit(world, "shared"), "No need.")


def _waives_moderation_of_own_case(world: World, council: Council) -> None:
    passes_on(council, "qa", "team.manager", "qa")
    audit_moves.waive_moderation(world.command_context(), world.person("team.manager"), an_audit(world, "shared"), "No need.")


def _agrees_to_own_withdrawal(world: World, council: Council) -> None:
    passes_on(council, "hos.ppqa", "qa", "hos_ppqa")
    reference = an_audit(world, "graded")
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "Mine.")
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "Mine too.")


def _verifies_what_they_reported(world: World, council: Council) -> None:
    passes_on(council, "qa", "team.manager", "qa")
    reference = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    action_moves.verify(world.command_context(), world.person("team.manager"), reference, 1)


def _owner_verifies(world: World, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    reference = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    action_moves.verify(world.command_context(), world.person("practitioner"), reference, 1)


def _owner_closes(world: World, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    reference = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    action_moves.verify(world.command_context(), world.person("qa"), reference, 1)
    audit_moves.close_actions(world.command_context(), world.person("practitioner"), reference)


def _owner_cancels(world: World, council: Council) -> None:
    now_holds(council, "practitioner", "practitioner", "qa")
    action_moves.cancel(world.command_context(), world.person("practitioner"), an_audit(world, "moderated"), 1, "Done with it.")


def _owner_grants_own_time(world: World, council: Council) -> None:
    passes_on(council, "qa", "practitioner", "qa")
    reference = an_audit(world, "moderated")
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), reference, 1, date(2027, 3, 1), "Busy.")
    action_moves.grant_more_time(world.command_context(), world.person("practitioner"), reference, 1)


def _passes_on_what_was_passed_on(world: World, council: Council) -> None:
    passes_on(council, "qa", "qaro", "qa")
    passes_on(council, "qaro", "practitioner2", "qa")
    assignments.allocate(world.command_context(), world.person("practitioner2"), an_audit(world, "draft"), "auditor2@demo.example")


def _administrator_takes_over(world: World, council: Council) -> None:
    passes_on(council, "qa", "admin", "qa")
    assignments.allocate(world.command_context(), world.person("admin"), an_audit(world, "draft"), "auditor2@demo.example")


def _administrator_made_recipient(world: World, council: Council) -> None:
    now_holds(council, "admin", "admin", "hos_ppqa")
    audit_moves.return_for_correction(world.command_context(), world.person("admin"), an_audit(world, "shared"), "Mine.")


ABUSES: tuple[Abuse, ...] = (
    _moderates_own_by_second_role, _moderates_own_by_delegation, _judges_own_by_delegation, *map(_of_the_case_moderates, HEADER_SEES),
    *map(_of_the_case_is_allocated_it, AUDITED), _wrote_it_then_moderates, _wrote_it_then_waives, _wrote_its_first_words_then_waives, _moderates_what_they_corrected_once, _once_moderator_now_auditor, _audits_the_case_they_manage, _changes_the_header_last,
    _waives_own_moderation, _waives_moderation_of_own_case, _agrees_to_own_withdrawal, _verifies_what_they_reported, _owner_verifies,
    _owner_closes, _owner_cancels, _owner_grants_own_time, _passes_on_what_was_passed_on, _administrator_takes_over, _administrator_made_recipient,
)  # fmt: skip


@pytest.mark.parametrize("abuse", ABUSES, ids=lambda abuse: abuse.__qualname__.strip("_").split(".")[0])
def test_nobody_is_two_people(council: Council, world: World, abuse: Abuse) -> None:
    with pytest.raises((PreconditionsNotMet, PermissionDenied, NotFound)) as refused:
        abuse(world, council)
    assert isinstance(refused.value, Refusal)


def test_what_is_refused_to_one_person_is_granted_to_two(council: Council, world: World) -> None:
    """The same moves by two people succeed: only the person was the obstacle."""
    reference = an_audit(world, "shared")
    assign(world, reference)
    audit_moves.waive_moderation(world.command_context(), world.person("qa"), an_audit(world, "shared"), "Not picked.")
    actions.add_action(world.command_context(), world.person("moderator"), reference, AN_ACTION)
    moderated = an_audit(world, "moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), moderated, 1)
    action_moves.verify(world.command_context(), world.person("qa"), moderated, 1)
    assert audit_moves.close_actions(world.command_context(), world.person("qa"), moderated).state == "actions_closed"
