"""`history verify`: what it says, what it leaves to the release before, and that it suspects nobody while the service goes on."""

import json
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import update

from tests.factories import FOURTEENTH, NOW, World, an_audit, assign, save
from tests.web.cli.support.tampering import Tampered, a_rich_audit, tampering, without_digests
from web.cli.verify_history import Verification, find_first_break
from web.council import Council
from workflow.commands import audit_moves
from workflow.history import Row
from workflow.models import Audit
from workflow.storage.engine import write_transaction
from workflow.storage.store import SqlStore
from workflow.storage.tables import audits

AREA = {"grade": "good", "evidence": "Seen by the release before.", "impact": "Safer."}


def test_each_break_is_named_by_what_changed(council: Council, world: World) -> None:
    reference = a_rich_audit(world)
    said = {
        "UPDATE sections SET answers = replace(answers, 'Seen', 'Unseen') WHERE section = 'area_3'": "area_3 is not what was sealed in edition 2",
        "UPDATE audits SET overall_grade = 'outstanding'": "the overall grade is not what was sealed in edition 2",
        "UPDATE audits SET practitioner_id = 1": "practitioner is not what was sealed in edition 2",
        "DELETE FROM seals WHERE edition = 1 AND part = 'shared'": "the seal of what was shared in edition 1 is missing: row 5 of the history names it",
        "UPDATE actions SET state = 'verified' WHERE number = 3": "the history leads action 3 to open, but verified is stored",
        "UPDATE actions SET progress = '' WHERE number = 1": "action 1 is not what row 33 of the history left",
        "UPDATE escalations SET plan = 'None.' WHERE number = 2": "the plan of escalation 2 is not what was written",
        "UPDATE audits SET share_by = '2026-12-24'": "the auditor or moderator, the grade, or one of the dates is not what row 33 of the history left",
        "UPDATE audits SET content_digest = NULL": "what is stored is not what was last saved",
        "UPDATE audits SET version = version + 1": "what is stored is not what was last saved",
        "DELETE FROM audits": "it was here when the verification began, and is gone",
    }
    with tampering(council) as there:
        for sql, sentence in said.items():
            with there.one_change():
                there.run(sql)
                assert there.verify(reference) == f"{reference}: {sentence}."


def test_what_was_written_before_a_waiver_can_not_be_reworded(council: Council, world: World) -> None:
    """It is shown, and nothing seals it."""
    reference = an_audit(world, "shared")
    assign(world, reference)
    save(world, "moderator", reference, "moderation", FOURTEENTH)
    audit_moves.waive_moderation(world.command_context(), world.person("hos.ppqa"), reference, "The moderator has left.")
    with tampering(council) as there:
        there.run("UPDATE sections SET answers = replace(answers, 'Read again', 'Never read') WHERE section = 'moderation'")
        there.stamp(reference)
        assert there.verify(reference) == f"{reference}: moderation is not what row 7 of the history left."


def test_the_hash_of_a_row_can_not_be_guessed_back_to_a_grade(council: Council, world: World) -> None:
    """Governance reads the history and its hashes, and not the grade: all else of a row, and of its digests, may be known to them."""
    reference = an_audit(world, "shared")
    rows = world.store.history(world.audit(reference))
    salts = [json.loads(row.entry.facts)["salt"] for row in rows]
    assert len(set(salts)) == len(rows)
    assert all(len(bytes.fromhex(salt)) == 16 for salt in salts)


def test_every_audit_with_a_break_is_named_once(council: Council, world: World) -> None:
    first, _, third = (an_audit(world, "shared") for _ in range(3))
    with write_transaction(council.engine) as connection:
        connection.execute(update(audits).where(audits.c.reference.in_([first, third])).values(overall_grade="outstanding", edition=7))
    breaks = list(Verification(council).find_breaks([first, third]))
    assert [sentence.split(":")[0] for sentence in breaks] == [first, third]


def test_a_draft_that_the_release_before_saved_is_listed(council: Council, world: World) -> None:
    reference = an_audit(world, "practitioner_consulted")
    _as_before(council, reference, lambda: save(world, "auditor", reference, "area_1", AREA))
    assert _verified(council, reference) == ([], [reference])
    save(world, "auditor", reference, "area_2", AREA)
    assert _verified(council, reference) == ([], [])


def test_a_move_that_the_release_before_made_is_listed(council: Council, world: World) -> None:
    reference = an_audit(world, "graded")
    _as_before(council, reference, lambda: audit_moves.share(world.command_context(), world.person("auditor"), reference))
    with tampering(council) as there:
        _make_last_row_old(there, reference)
        verification = Verification(there.council)
        assert list(verification.find_breaks([reference])) == []
        assert verification.saved_by_an_older_release == [reference]


def test_what_the_release_before_shared_is_compared_with_its_seal(council: Council, world: World) -> None:
    reference = an_audit(world, "graded")
    _as_before(council, reference, lambda: audit_moves.share(world.command_context(), world.person("auditor"), reference))
    with tampering(council) as there:
        _make_last_row_old(there, reference)
        there.run("UPDATE sections SET answers = replace(answers, 'Seen', 'Unseen') WHERE section = 'area_3'")
        assert there.verify(reference) == f"{reference}: area_3 is not what was sealed in edition 1."


def test_an_audit_that_the_release_before_started_is_listed(council: Council, world: World) -> None:
    reference = an_audit(world, "draft")
    with tampering(council) as there:
        there.relink(world.audit(reference).id or 0, without_digests)
        there.run("UPDATE audits SET content_digest = NULL")
        verification = Verification(there.council)
        assert list(verification.find_breaks([reference])) == []
        assert verification.saved_by_an_older_release == [reference]


def test_a_move_made_while_it_is_read_is_no_break(council: Council, world: World) -> None:
    reference = an_audit(world, "graded")
    store = MovedWhileRead(council.engine, council.rules.stand_ins)
    store.move = lambda: audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert find_first_break(replace(council, store=store), [reference]) == ""
    assert world.audit(reference).shared_at == NOW


class MovedWhileRead(SqlStore):
    """Somebody makes a move after the audit is read and before its history is."""

    move: Callable[[], object] | None = None

    def history(self, audit: Audit) -> tuple[Row, ...]:
        move, self.move = self.move, None
        if move:
            move()
        return super().history(audit)


def _as_before(council: Council, reference: str, run: Callable[[], object]) -> None:
    """The release before leaves the digest as it is."""
    row = council.store.audit_rows([reference])[reference]
    run()
    with write_transaction(council.engine) as connection:
        connection.execute(update(audits).where(audits.c.reference == reference).values(content_digest=row.content_digest))


def _make_last_row_old(there: Tampered, reference: str) -> None:
    audit = there.council.store.audit(reference)
    assert audit is not None
    there.relink(audit.id or 0, lambda row: without_digests(row) if row["number"] == audit.chain.count else row)


def _verified(council: Council, reference: str) -> tuple[list[str], list[str]]:
    verification = Verification(council)
    return list(verification.find_breaks([reference])), verification.saved_by_an_older_release
