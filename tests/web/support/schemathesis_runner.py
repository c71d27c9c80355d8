"""Whatever the OpenAPI document allows, and much that it does not, sent by Schemathesis as one person."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import Interaction, ScenarioRecorder

from tests.factories import FORM, RULES, World

AS_IT_STANDS = '"999999999"'
FIELDS = {section.key: [field.key for field in section.fields] for section in FORM.sections}
PEOPLE = ("auditor", "auditor2", "qa", "practitioner", "moderator", "moderator2", "head.of.service")
# Where a request may well mean something here, nine times in ten.
BOUND = {
    "path.reference": "references", "path.action_id": "actions", "path.section": "sections", "header.If-Match": "versions",
    "body.move": "moves", "body.person": "people", "body.owner": "people", "body.auditor": "people", "body.due_on": "days",
    "body.completed_on": "days", "body.actions[*].owner": "people", "body.actions[*].due_on": "days",
}  # fmt: skip
REFUSALS = ["400", "401", "403", "404", "409", "413", "415", "422", "428"]
CHECKS = {
    "negative_data_rejection": {"expected-statuses": REFUSALS},
    # What is well formed may be refused for what it asks, but is always understood.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
    "missing_required_header": {"expected-statuses": ["401", "403", "404", "428"]},
    # Its second request fails in Schemathesis without a network; calls without a token have a test of their own.
    "ignored_auth": {"enabled": False},
}
# GET /audits/search asks for an audit “search”, which does not exist: a different call, not a method of this one.
SEARCH = {
    "include-path": "/api/v1/audits/search",
    "checks": {check: {"enabled": False} for check in ("unsupported_method", "allow_header_conformance")},
}


@dataclass
class Tried:
    """How often each call was answered with each status; and what was wrong with answers, with the first of each kind."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> set[str]:
        return {call for call, _ in self.answers}

    def __str__(self) -> str:
        return f"{self.answers.total()} requests to {len(self.calls)} calls, answered in {len(self.answers)} ways"


@dataclass(frozen=True)
class Thorough:
    """How many requests are made up for each call, how many chains of calls, from which seed."""

    requests: int = 10
    chains: int = 5
    seed: int = 1


def the_document(app: Flask, world: World, references: list[str], token: str, thorough: Thorough) -> Any:
    """The document as the service hands it out, with what to make requests of."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    config = schemathesis.Config.from_dict({**_config(references, thorough), "headers": headers})
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)

    @schema.hook
    def map_case(context: Any, case: Any) -> Any:
        path = case.path_parameters or {}
        if path.get("reference") in references and (case.headers or {}).get("If-Match") == AS_IT_STANDS:
            case.headers["If-Match"] = f'"{world.audit(path["reference"]).version}"'
        if path.get("section") in FIELDS:
            case.body = _renamed(case.body, path["section"])
        elif isinstance(case.body, dict) and "details" in case.body:
            case.body = {**case.body, "details": _renamed(case.body["details"], "details")}
        return case

    return schema


def _config(references: list[str], thorough: Thorough) -> Mapping[str, Any]:
    words = {
        "references": references, "actions": [f"{reference}-{number}" for reference in references for number in (1, 2)], "sections": list(FIELDS),
        "versions": [AS_IT_STANDS], "moves": [*RULES.audit.moves, *RULES.action.moves, *RULES.escalation.moves],
        "people": [f"{name}@demo.example" for name in PEOPLE], "days": ["2026-12-20", "2027-02-28", "2026-02-30"],
    }  # fmt: skip
    return {
        "seed": thorough.seed,
        "dictionaries": {name: {"values": values} for name, values in words.items()},
        "parameters": {place: {"dictionary": name, "probability": 0.9} for place, name in BOUND.items()},
        "generation": {
            "deterministic": True,
            "max-examples": thorough.requests,
            "no-shrink": True,
            "database": "none",
            "with-security-parameters": False,
        },
        "phases": {"stateful": {"generation": {"max-examples": thorough.chains}}},
        "continue-on-failure": True,
        "checks": CHECKS,
        "operations": [SEARCH],
    }


def _renamed(given: object, section: str) -> object:
    """The same values under the names that the section’s fields have."""
    return dict(zip(FIELDS[section], given.values(), strict=False)) if isinstance(given, dict) else given


def calls_of(schema: Any) -> set[str]:
    """All that the document describes; itself Schemathesis has read before."""
    return {
        f"{method.upper()} {path}" for path, calls in schema.raw_schema["paths"].items() for method in calls if method != "parameters"
    } - {"GET /api/v1/openapi.json"}


def try_all(schema: Any) -> Tried:
    tried = Tried()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tried.answers.update(_answers(event.recorder))
            tried.wrong = {**dict(_wrong(event.recorder)), **tried.wrong}
        elif isinstance(event, events.NonFatalError):
            tried.wrong[f"{event.label}: {event.info.title}"] = f"{event.label}: {event.info.message}"
        elif isinstance(event, events.FatalError):
            raise event.exception
    return tried


def _answers(recorder: ScenarioRecorder) -> Iterator[tuple[str, int]]:
    for case_id, exchange in recorder.interactions.items():
        if exchange.response is not None:
            yield recorder.cases[case_id].value.operation.label, exchange.response.status_code


def _wrong(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for case_id, checks in recorder.checks.items():
        for failure in (check.failure_info.failure for check in checks if check.failure_info):
            kind = f"{failure.operation}: {failure.title}"
            yield kind, f"{kind}. {failure.message}\n  {_exchanged(recorder.interactions[case_id])}"


def _exchanged(exchange: Interaction) -> str:
    status = exchange.response.status_code if exchange.response else None
    return f"{exchange.request.method} {exchange.request.uri} {(exchange.request.body or b'')[:200]!r} -> {status}"
