"""A council in which whoever could type something has typed programs: in every field, by the real commands, at every stage of an audit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from tests.e2e.support.xss_payloads import everything, packed, payloads
from tests.factories import FORM, SUMMARY, House, a_house, an_audit, answers, assign, save, settle
from tests.web.support.browser import Browser
from web.council import Council
from web.identity.credentials.access_tokens import NewToken, create_token
from workflow.commands import actions, audit_moves, emergency_access, escalations
from workflow.commands.actions import NewAction
from workflow.commands.directory import bulk_import, connections, delegations
from workflow.commands.directory import people as people_commands
from workflow.commands.directory import units as unit_commands
from workflow.commands.directory.bulk_import import Line
from workflow.directory import Duty

DUE = "2026-12-20"
LETTERS_OF_A_CHILD_ID = 40
TURNS = count()


def fill(council: Council) -> Mapping[str, str]:
    """What for -> the reference of the audit that is there for it."""
    house = a_house(council)
    _people(house)
    found = {
        "writing": _a_draft(house), "escalated": _escalated(house), "judged otherwise": _judged_otherwise(house), "reopened": _reopened(house),
        "waived": _waived(house), "returned": _returned(house),
    }  # fmt: skip
    # The same child’s, so that the last audit stands beside the draft.
    child = house.audit(found["escalated"]).answer("details", "child_id")
    save(house, "auditor", found["writing"], "details", {**answers()["details"], **dict(_texts("details")), "child_id": child})
    _declared(house)
    house.now = datetime.now(UTC)
    _read_in_an_emergency(house, found["waived"])
    today = house.command_context().today.isoformat()
    auditor = house.person("auditor")
    delegations.delegate(house.command_context(), auditor, auditor.id, house.person("qaro").id, Duty("auditor"), (today, today))
    for name in packed(100):
        create_token(council, auditor, NewToken(name))
    return found


def leave_unsaved(browser: Browser, reference: str) -> None:
    """What could not be saved is kept, and offered again."""
    for section in ("details", "summary"):
        typed = {"child_id": payloads()[0]} if section == "details" else {"case_summary": everything(next(TURNS))}
        assert browser.post(f"/audits/{reference}/sections/{section}/autosave", seen=1, **typed).status_code in {409, 422}


def add_everybody(council: Council) -> None:
    """Each that fits a name is part of one, and each that fits an address is one."""
    house = a_house(council)
    names = [Line(at, f"ran{at}@demo.example", name, "") for at, name in enumerate(packed(200))]
    addresses = [
        text
        for text in (f"{one}@demo.example".lower() for one in payloads())
        if people_commands.ADDRESS.fullmatch(text) and text.isprintable()
    ]
    lines = (*names, *(Line(1_000 + at, address, "An address", "") for at, address in enumerate(addresses)))
    assert bulk_import.import_people(house.command_context(), lines).refusals == ()


def _texts(section: str) -> Iterator[tuple[str, str]]:
    for one in FORM.section(section).fields:
        if one.kind == "long_text":
            yield one.key, everything(next(TURNS))
        elif one.kind == "text":
            yield one.key, _short(one.max_length or 500)


def _short(most: int) -> str:
    fields = packed(most)
    return fields[next(TURNS) % len(fields)]


def _audit(house: House, grade: str = "good", **more: Any) -> str:
    """A draft with every section written and five actions agreed; `more` is said of sections in the end."""
    reference = an_audit(house, "draft")
    without = {"not_applicable_reason", "no_actions_reason", "qaro_none_reason", "not_possible_reason"}
    for section, given in {**answers(grade), "service_comments": {}}.items():
        texts = {key: text for key, text in _texts(section) if key not in without}
        save(house, "auditor", reference, section, {**given, **texts, **more.get(section, {})})
    for text in packed(actions.MAX_TEXT, one_line=False):
        actions.add_action(house.command_context(), house.person("auditor"), reference, NewAction(text, "practitioner@demo.example", DUE))
    return reference


def _a_draft(house: House) -> str:
    """Whatever is offered is written, whether or not it goes together."""
    reference = an_audit(house, "draft")
    for section in FORM.sections:
        if section.part == "audit" and section.fields:
            save(house, "auditor", reference, section.key, {**answers().get(section.key, {}), **dict(_texts(section.key))})
    return reference


def _shared(house: House, grade: str = "good", **more: Any) -> str:
    reference, auditor = _audit(house, grade, **more), house.person("auditor")
    for move in (audit_moves.record_consultation, audit_moves.grade, audit_moves.share):
        move(house.command_context(), auditor, reference)
    return reference


def _escalated(house: House) -> str:
    """Not moderated yet; its actions are under way, and somebody asks to withdraw it."""
    reference, owner = _shared(house, "inadequate"), house.person("practitioner")
    head, ppqa = house.person("head.of.service"), house.person("hos.ppqa")
    assign(house, reference)
    save(house, "moderator", reference, "moderation", {"grade": "inadequate", **_words("evidence", "impact")})
    actions.record_progress(house.command_context(), owner, reference, 1, everything(next(TURNS)), everything(next(TURNS)))
    actions.ask_for_more_time(house.command_context(), owner, reference, 1, date(2027, 1, 20), everything(next(TURNS)))
    actions.report(house.command_context(), head, reference, 2)
    actions.return_action(house.command_context(), ppqa, reference, 2, everything(next(TURNS)))
    actions.cancel(house.command_context(), ppqa, reference, 3, everything(next(TURNS)))
    escalations.acknowledge(house.command_context(), head, reference)
    escalations.plan(house.command_context(), head, reference, everything(next(TURNS)))
    audit_moves.withdraw(house.command_context(), house.person("qa"), reference, everything(next(TURNS)))
    return reference


def _judged_otherwise(house: House) -> str:
    """Area 8 not applicable, no QARO, nobody spoken to; raised by hand once moderated, and resolved."""
    reasons: dict[str, Any] = {
        "details": {"qaro": None, **_words("qaro_none_reason")}, "consultation": {"spoke_to": None, **_words("not_possible_reason")},
        "area_8": {"grade": "not_applicable", "evidence": None, "impact": None, **_words("not_applicable_reason")},
    }  # fmt: skip
    reference = _shared(house, **reasons)
    assign(house, reference)
    save(
        house, "moderator", reference, "moderation", {"grade": "requires_improvement", **_words("evidence", "impact", "difference_reason")}
    )
    further = NewAction(packed(actions.MAX_TEXT, one_line=False)[0], "practitioner@demo.example", DUE)
    actions.add_action(house.command_context(), house.person("moderator"), reference, further)
    audit_moves.moderate(house.command_context(), house.person("moderator"), reference)
    escalations.raise_escalation(house.command_context(), house.person("qa"), reference, everything(next(TURNS)))
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(house.command_context(), house.person(name), reference)
    escalations.plan(house.command_context(), house.person("head.of.service"), reference, everything(next(TURNS)))
    escalations.resolve(house.command_context(), house.person("hos.ppqa"), reference, everything(next(TURNS)))
    return reference


def _reopened(house: House) -> str:
    reference = an_audit(house, "actions_closed")
    new = NewAction(packed(actions.MAX_TEXT, one_line=False)[1], "practitioner@demo.example", DUE)
    audit_moves.reopen(house.command_context(), house.person("hos.ppqa"), reference, everything(next(TURNS)), (new,))
    settle(house, reference)
    return reference


def _waived(house: House) -> str:
    reference = _shared(house)
    audit_moves.waive_moderation(house.command_context(), house.person("qa"), reference, everything(next(TURNS)))
    return reference


def _returned(house: House) -> str:
    """A second edition, shared again."""
    reference, auditor = an_audit(house, "shared"), house.person("auditor")
    audit_moves.return_for_correction(house.command_context(), house.person("hos.ppqa"), reference, everything(next(TURNS)))
    save(house, "auditor", reference, "summary", {**SUMMARY, **_words("case_summary")})
    audit_moves.share(house.command_context(), auditor, reference)
    return reference


def _words(*fields: str) -> dict[str, str]:
    return {field: everything(next(TURNS)) for field in fields}


def _people(house: House) -> None:
    """Everybody is called by programs from now on, the administrator too; so are teams, services and branches."""
    directory, names = house.store.directory(), packed(200)
    people = [person for person in directory.people.values() if person.is_active]
    lines = tuple(Line(at, person.email, names[at % len(names)]) for at, person in enumerate(people))
    assert bulk_import.import_people(house.command_context(), lines).refusals == ()
    units = [unit for kind in ("team", "service", "branch") for unit in unit_commands.units_of(directory, kind)]
    for at, unit in enumerate(units, start=len(people)):
        unit_commands.change_unit(house.command_context(), house.person("admin"), replace(unit, name=names[at % len(names)]))
    left = people_commands.add_person(house.command_context(), house.person("admin"), names[-1], "lee.gone@demo.example")
    people_commands.mark_as_left(house.command_context(), house.person("admin"), left)


def _declared(house: House) -> None:
    for child in packed(LETTERS_OF_A_CHILD_ID):
        connections.declare_connection(house.command_context(), house.person("qa2"), child)


def _read_in_an_emergency(house: House, reference: str) -> None:
    """One is let in; the others wait, whether or not there is what they ask for."""
    for at, reason in enumerate(packed(emergency_access.MOST, one_line=False)):
        emergency_access.ask_to_read_in_emergency(
            house.command_context(), house.person("auditor2"), reference if at == 0 else f"zzzz-zz{at:02}", reason
        )
    emergency_access.let_in(house.command_context(), house.person("hos.ppqa"), 1)
