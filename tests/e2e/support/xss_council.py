"""A council in which every field holds a script, typed through the real commands, at every stage of an audit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from urllib.parse import quote

from tests.e2e.support.xss_payloads import everything, packed, payloads
from tests.factories import FORM, SUMMARY, World, a_world, an_audit, answers, assign, save, settle
from tests.web.support.browser import Browser
from web.council import Council
from web.identity.credentials.access_tokens import NewToken, create_token
from workflow.commands import action_moves, actions, audit_moves, emergency_access, escalations
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
    world = a_world(council)
    _people(world)
    found = {
        "writing": _a_draft(world), "escalated": _escalated(world), "judged otherwise": _judged_otherwise(world), "reopened": _reopened(world),
        "waived": _waived(world), "returned": _returned(world),
    }  # fmt: skip
    # The same child, so that the page shows the last audit beside the draft.
    child = world.audit(found["escalated"]).answer("details", "child_id")
    save(world, "auditor", found["writing"], "details", {**answers()["details"], **dict(_texts("details")), "child_id": child})
    _declared(world)
    world.now = datetime.now(UTC)
    _read_in_an_emergency(world, found["waived"])
    today = world.command_context().today.isoformat()
    auditor = world.person("auditor")
    delegations.delegate(world.command_context(), auditor, auditor.id, world.person("qaro").id, Duty("auditor"), (today, today))
    for name in packed(100):
        create_token(council, auditor, NewToken(name))
    return found


UNSAVED = 10
"""Fewer than the forms that are stored of one person."""


def leave_unsaved(browser: Browser, reference: str) -> None:
    """What could not be saved is stored, and offered again."""
    for section in ("details", "summary"):
        typed = {"child_id": payloads()[0]} if section == "details" else {"case_summary": everything(next(TURNS))}
        assert browser.post(f"/audits/{reference}/sections/{section}/autosave", seen=1, **typed).status_code in {409, 422}
    # A form is stored under the address that was asked for, whether or not there is such an audit.
    for text in [one for one in payloads() if one.isprintable() and "/" not in one][:UNSAVED]:
        answer = browser.post(f"/audits/{quote(text)}/moves/withdraw", csrf_token="ended", reason=text)
        assert answer.status_code == 400


def add_everybody(council: Council) -> None:
    """Each that fits a name is part of one, and each that fits an address is one."""
    world = a_world(council)
    names = [Line(at, f"ran{at}@demo.example", name, "") for at, name in enumerate(packed(200))]
    lines = (*names, *(Line(1_000 + at, address, "An address", "") for at, address in enumerate(_addresses("demo.example"))))
    assert bulk_import.import_people(world.command_context(), lines).refusals == ()


def _addresses(domain: str) -> list[str]:
    found = (f"{one}@{domain}".lower() for one in payloads())
    return [text for text in found if people_commands.ADDRESS.fullmatch(text) and text.isprintable()]


def _texts(section: str) -> Iterator[tuple[str, str]]:
    for one in FORM.section(section).fields:
        if one.kind == "long_text":
            yield one.key, everything(next(TURNS))
        elif one.kind == "text":
            yield one.key, _short(one.max_length or 500)


def _short(most: int) -> str:
    fields = packed(most)
    return fields[next(TURNS) % len(fields)]


def _audit(world: World, grade: str = "good", **more: Any) -> str:
    """A draft with every section written and five actions agreed; `more` overrides answers at the end."""
    reference = an_audit(world, "draft")
    without = {"not_applicable_reason", "no_actions_reason", "qaro_none_reason", "not_possible_reason"}
    for section, given in {**answers(grade), "service_comments": {}}.items():
        texts = {key: text for key, text in _texts(section) if key not in without}
        save(world, "auditor", reference, section, {**given, **texts, **more.get(section, {})})
    for text in packed(actions.MAX_TEXT, one_line=False):
        actions.add_action(world.command_context(), world.person("auditor"), reference, NewAction(text, "practitioner@demo.example", DUE))
    return reference


def _a_draft(world: World) -> str:
    """Every field on offer is written, even where the answers contradict each other."""
    reference = an_audit(world, "draft")
    for section in FORM.sections:
        if section.part == "audit" and section.fields:
            save(world, "auditor", reference, section.key, {**answers().get(section.key, {}), **dict(_texts(section.key))})
    return reference


def _shared(world: World, grade: str = "good", **more: Any) -> str:
    reference, auditor = _audit(world, grade, **more), world.person("auditor")
    for move in (audit_moves.record_consultation, audit_moves.grade, audit_moves.share):
        move(world.command_context(), auditor, reference)
    return reference


def _escalated(world: World) -> str:
    """Not moderated yet; its actions are under way, and somebody asks to withdraw it."""
    reference, owner = _shared(world, "inadequate"), world.person("practitioner")
    head, ppqa = world.person("head.of.service"), world.person("hos.ppqa")
    assign(world, reference)
    save(world, "moderator", reference, "moderation", {"grade": "inadequate", **_words("evidence", "impact")})
    actions.record_progress(world.command_context(), owner, reference, 1, everything(next(TURNS)), everything(next(TURNS)))
    action_moves.ask_for_more_time(world.command_context(), owner, reference, 1, date(2027, 1, 20), everything(next(TURNS)))
    action_moves.report(world.command_context(), head, reference, 2)
    action_moves.return_action(world.command_context(), ppqa, reference, 2, everything(next(TURNS)))
    action_moves.cancel(world.command_context(), ppqa, reference, 3, everything(next(TURNS)))
    escalations.acknowledge(world.command_context(), head, reference)
    escalations.plan(world.command_context(), head, reference, everything(next(TURNS)))
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, everything(next(TURNS)))
    return reference


def _judged_otherwise(world: World) -> str:
    """Area 8 not applicable, no QARO, nobody spoken to; raised by hand once moderated, and resolved."""
    reasons: dict[str, Any] = {
        "details": {"qaro": None, **_words("qaro_none_reason")}, "consultation": {"spoke_to": None, **_words("not_possible_reason")},
        "area_8": {"grade": "not_applicable", "evidence": None, "impact": None, **_words("not_applicable_reason")},
    }  # fmt: skip
    reference = _shared(world, **reasons)
    assign(world, reference)
    save(
        world, "moderator", reference, "moderation", {"grade": "requires_improvement", **_words("evidence", "impact", "difference_reason")}
    )
    further = NewAction(packed(actions.MAX_TEXT, one_line=False)[0], "practitioner@demo.example", DUE)
    actions.add_action(world.command_context(), world.person("moderator"), reference, further)
    audit_moves.moderate(world.command_context(), world.person("moderator"), reference)
    escalations.raise_escalation(world.command_context(), world.person("qa"), reference, everything(next(TURNS)))
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, everything(next(TURNS)))
    escalations.resolve(world.command_context(), world.person("hos.ppqa"), reference, everything(next(TURNS)))
    return reference


def _reopened(world: World) -> str:
    reference = an_audit(world, "actions_closed")
    new = NewAction(packed(actions.MAX_TEXT, one_line=False)[1], "practitioner@demo.example", DUE)
    audit_moves.reopen(world.command_context(), world.person("hos.ppqa"), reference, everything(next(TURNS)), (new,))
    settle(world, reference)
    return reference


def _waived(world: World) -> str:
    reference = _shared(world)
    audit_moves.waive_moderation(world.command_context(), world.person("qa"), reference, everything(next(TURNS)))
    return reference


def _returned(world: World) -> str:
    """A second edition, shared again."""
    reference, auditor = an_audit(world, "shared"), world.person("auditor")
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, everything(next(TURNS)))
    save(world, "auditor", reference, "summary", {**SUMMARY, **_words("case_summary")})
    audit_moves.share(world.command_context(), auditor, reference)
    return reference


def _words(*fields: str) -> dict[str, str]:
    return {field: everything(next(TURNS)) for field in fields}


def _people(world: World) -> None:
    """Everybody is called by programs from now on, the administrator too; so are teams, services and branches."""
    directory, names = world.store.directory(), packed(200)
    people = [person for person in directory.people.values() if person.is_active]
    lines = tuple(Line(at, person.email, names[at % len(names)]) for at, person in enumerate(people))
    assert bulk_import.import_people(world.command_context(), lines).refusals == ()
    units = [unit for kind in ("team", "service", "branch") for unit in unit_commands.units_of(directory, kind)]
    for at, unit in enumerate(units, start=len(people)):
        unit_commands.change_unit(world.command_context(), world.person("admin"), replace(unit, name=names[at % len(names)]))
    left = people_commands.add_person(world.command_context(), world.person("admin"), names[-1], "lee.gone@demo.example")
    people_commands.mark_as_left(world.command_context(), world.person("admin"), left)
    moderator, address = world.person("moderator"), _addresses("new.example")[0]
    people_commands.change_person(world.command_context(), world.person("admin"), moderator.id, moderator.name, address)


def _declared(world: World) -> None:
    for child in packed(LETTERS_OF_A_CHILD_ID):
        connections.declare_connection(world.command_context(), world.person("qa2"), child)


ASKING = ("auditor2", "auditor", "moderator", "practitioner", "team.manager")


def _read_in_an_emergency(world: World, reference: str) -> None:
    """One request is granted; the others wait, whether or not their audit exists: as many of each person as may be open."""
    for at, reason in enumerate(packed(emergency_access.MOST, one_line=False)):
        who = world.person(ASKING[at // emergency_access.MOST_OPEN])
        emergency_access.ask_to_read_in_emergency(world.command_context(), who, reference if at == 0 else f"zzzz-zz{at:02}", reason)
    emergency_access.let_in(world.command_context(), world.person("hos.ppqa"), 1)
