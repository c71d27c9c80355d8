"""The abuse cases of docs/threat-model.md about the read log, the directory's history and whole audits, by somebody who can write to the database."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from sqlite3 import connect

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from notifications.checkpoints import make_checkpoint
from notifications.delivery.signatures import public_key
from tests.factories import NOW, World, an_audit
from tests.web.support.tampering import delete_audit, is_whole, keep, of, stamp_again, tampering, three_audits, write_history_again
from web.cli.checkpoints import find_break_of_logs
from web.council import Council
from workflow.storage import tables
from workflow.storage.log_chains import AUDITS, DIRECTORY, READ_LOG, TABLES
from workflow.storage.log_verification import NAMES

Tampering = Callable[[Connection, str], object]


@pytest.fixture
def references(world: World) -> list[str]:
    return three_audits(world)


def middle(connection: Connection, chain: str) -> int:
    ids = list(connection.execute(select(TABLES[chain].c.id).order_by(TABLES[chain].c.id)).scalars())
    return int(ids[len(ids) // 2])


def _edit(connection: Connection, chain: str) -> None:
    column = {READ_LOG: "by_name", DIRECTORY: "verb", AUDITS: "head"}[chain]
    connection.execute(update(TABLES[chain]).where(TABLES[chain].c.id == middle(connection, chain)).values({column: "Nobody"}))


def _remove(connection: Connection, chain: str) -> None:
    connection.execute(delete(TABLES[chain]).where(TABLES[chain].c.id == middle(connection, chain)))


def _remove_with_link(connection: Connection, chain: str) -> None:
    links = tables.chain_links.c
    connection.execute(delete(tables.chain_links).where(links.chain == chain, links.row_id == middle(connection, chain)))
    _remove(connection, chain)


def _cut_off(connection: Connection, chain: str) -> None:
    last, links = select(func.max(TABLES[chain].c.id)).scalar_subquery(), tables.chain_links.c
    connection.execute(delete(tables.chain_links).where(links.chain == chain, links.row_id == last))
    connection.execute(delete(TABLES[chain]).where(TABLES[chain].c.id == last))


def _put_in(connection: Connection, chain: str) -> None:
    row = dict(connection.execute(select(TABLES[chain]).limit(1)).mappings().one())
    connection.execute(insert(TABLES[chain]), row | {"id": 1_000})


def _swap(connection: Connection, chain: str) -> None:
    table, one = TABLES[chain], middle(connection, chain)
    for old, new in ((one, -1), (one - 1, one), (-1, one - 1)):
        connection.execute(update(table).where(table.c.id == old).values(id=new))


def _swap_links(connection: Connection, chain: str) -> None:
    links = tables.chain_links
    for old, new in ((2, -1), (1, 2), (-1, 1)):
        connection.execute(update(links).where(links.c.chain == chain, links.c.number == old).values(number=new))


def _forget_head(connection: Connection, chain: str) -> None:
    connection.execute(delete(tables.chains).where(tables.chains.c.name == chain))


def _lower_head(connection: Connection, chain: str) -> None:
    connection.execute(update(tables.chains).where(tables.chains.c.name == chain).values(number=tables.chains.c.number - 1))


KINDS: Mapping[str, Tampering] = {
    "edited": _edit, "removed": _remove, "removed with its link": _remove_with_link, "cut off": _cut_off, "put in": _put_in, "swapped": _swap,
    "links swapped": _swap_links, "head removed": _forget_head, "head lowered": _lower_head,
}  # fmt: skip


def test_ac38_a_reading_or_a_change_of_the_directory_is_edited_or_removed(council: Council, references: list[str]) -> None:
    assert is_whole(council)
    for chain, (kind, change) in product(TABLES, KINDS.items()):
        with tampering(council) as tampered:
            change(of(tampered), chain)
            found = find_break_of_logs(tampered)
            print(f"{chain}, {kind}: {found}")
            assert NAMES[chain].lower() in found.lower() or (chain == AUDITS and found[:9] in references), kind
    assert is_whole(council)


def test_ac38_the_whole_log_is_written_again(council: Council, references: list[str], tmp_path: Path) -> None:
    """Every hash is right afterwards; the checkpoint that is stored outside says otherwise."""
    kept = keep(council, tmp_path)
    for chain in (READ_LOG, DIRECTORY):
        with tampering(council) as tampered:
            _remove_with_link(of(tampered), chain)
            stamp_again(tampered, chain)
            assert is_whole(tampered)
            assert f"{NAMES[chain]} had ".lower() in find_break_of_logs(tampered, kept).lower()
        with tampering(council) as tampered:
            _edit(of(tampered), chain)
            stamp_again(tampered, chain)
            assert is_whole(tampered)
            assert f"{NAMES[chain]} is not what it was between entries 1 and ".lower() in find_break_of_logs(tampered, kept).lower()


def test_ac39_a_whole_audit_is_deleted_with_all_its_rows(council: Council, references: list[str], tmp_path: Path) -> None:
    kept, short, gone, heads = keep(council, tmp_path), keep(council, tmp_path, "short", 0), references[1], tables.audit_heads
    with tampering(council) as tampered:
        delete_audit(of(tampered), gone)
        assert find_break_of_logs(tampered) == f"{gone}: the audit was started, but is missing."
        of(tampered).execute(delete(heads).where(heads.c.reference == gone))
        assert "of the list of audits is missing" in find_break_of_logs(tampered)
        stamp_again(tampered, *TABLES)
        assert is_whole(tampered), "nothing inside the database shows it any more"
        assert find_break_of_logs(tampered, kept).startswith(f"{gone}: row 1 of the history was removed")
        assert "audits had 5 entries and has fewer now" in find_break_of_logs(tampered, short)


def test_ac39_an_audit_is_put_in_that_nobody_started(council: Council, references: list[str]) -> None:
    audits = tables.audits
    with tampering(council) as tampered:
        row = dict(of(tampered).execute(select(audits).where(audits.c.reference == references[0])).mappings().one())
        of(tampered).execute(insert(audits), row | {"id": 1_000, "reference": "aaaa-aaaa"})
        assert find_break_of_logs(tampered).startswith("aaaa-aaaa: the audit is not in the list of audits")


@pytest.mark.parametrize("left", ["readings", "notices", "outbox"])
def test_ac39_what_is_left_of_a_deleted_audit_names_it(council: Council, references: list[str], left: str) -> None:
    with tampering(council) as tampered:
        kept = [dict(row) for row in of(tampered).execute(select(tables.metadata.tables[left])).mappings()]
        delete_audit(of(tampered), references[2])
        of(tampered).execute(delete(tables.metadata.tables[left]))
        of(tampered).execute(insert(tables.metadata.tables[left]), kept)
        of(tampered).execute(delete(tables.audit_heads).where(tables.audit_heads.c.reference == references[2]))
        stamp_again(tampered, *TABLES)
        assert find_break_of_logs(tampered) == f"{references[2]}: there are readings or notices of the audit, but it is missing."


def test_ac15_a_history_that_was_written_again_with_all_its_hashes_is_named(
    council: Council, references: list[str], tmp_path: Path
) -> None:
    kept, reference = keep(council, tmp_path), references[0]
    with tampering(council) as tampered:
        write_history_again(of(tampered), reference)
        assert "of the list of audits is not what was written" in find_break_of_logs(tampered)
        stamp_again(tampered, AUDITS)
        assert is_whole(tampered), "nothing inside the database shows it any more"
        assert find_break_of_logs(tampered, kept).startswith(f"{reference}: row 5 of the history is not what was written")


def test_ac15_a_checkpoint_that_names_no_audit_says_among_which_it_is(
    council: Council, references: list[str], world: World, tmp_path: Path
) -> None:
    keep(council, tmp_path, names=0)
    later = [an_audit(world, "draft"), an_audit(world, "graded")]
    kept = keep(council, tmp_path, names=0)
    with tampering(council) as tampered:
        write_history_again(of(tampered), later[1])
        stamp_again(tampered, AUDITS)
        assert f"(among {', '.join(later)})" in find_break_of_logs(tampered, kept)


def test_ac16_an_old_backup_is_restored(council: Council, references: list[str], world: World, tmp_path: Path) -> None:
    file, backup = Path(str(council.engine.url.database)), tmp_path / "backup"
    keep(council, tmp_path)
    with connect(file) as held, connect(backup) as copy:
        held.backup(copy)
    an_audit(world, "draft")
    for kept in (keep(council, tmp_path), keep(council, tmp_path, "short", 0)):
        assert find_break_of_logs(council, kept) == ""
    council.engine.dispose()
    with connect(backup) as copy, connect(file) as held:
        copy.backup(held)
    assert is_whole(council)
    for kept in (tmp_path / "kept", tmp_path / "short"):
        assert "or an older backup was restored" in find_break_of_logs(council, kept)


def test_ac16_a_checkpoint_is_forged(council: Council, references: list[str], tmp_path: Path) -> None:
    kept, stranger = keep(council, tmp_path), replace(council.settings, secret_key="of another council")
    said = json.loads(kept.read_text(encoding="utf-8"))
    forged: list[dict[str, object]] = [
        {"chains": {}},
        {"at": "2027"},
        {"signature": "AAAA"},
        {"signature": 1},
        {"key": public_key(stranger)},
    ]
    for change in forged:
        kept.write_text(json.dumps(said | change, separators=(",", ":")), encoding="utf-8")
        assert "is not what was signed" in find_break_of_logs(council, kept)
    kept.write_text(make_checkpoint(council.engine, stranger, NOW), encoding="utf-8")
    assert "is signed with another key" in find_break_of_logs(council, kept)
    assert find_break_of_logs(council, kept, [public_key(stranger)]) == ""
