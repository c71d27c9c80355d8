"""What can be done to the record by somebody with the database, each at a place that chance chooses. Each returns what it was done to."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from tests.web.cli.support.tampering import Tampered, entry_of
from tests.web.support.tampering import delete_audit, stamp_again, write_history_again
from workflow import history
from workflow.storage import row_mapping
from workflow.storage.log_chains import TABLES

Kind = Callable[[Tampered, random.Random], str]
OTHER_GRADES = {"inadequate": "good", "good": "inadequate", "outstanding": "inadequate", "requires_improvement": "good"}
WORDED = ("by_name", "facts", "move", "to_state", "at")


def _row(there: Tampered, chance: random.Random, table: str, where: str = "1") -> dict[str, Any]:
    return chance.choice(there.rows(table, where))


def _reference(there: Tampered, audit_id: int) -> str:
    return str(there.rows("audits", f"id = {audit_id}")[0]["reference"])


def _change(there: Tampered, table: str, row: Mapping[str, Any], **values: object) -> str:
    for name, value in values.items():
        there.run(f"UPDATE {table} SET {name} = ? WHERE rowid = ?", value, row["at_row"])
    return _reference(there, row.get("audit_id") or row["id"])


def _edit(there: Tampered, chance: random.Random) -> str:
    row, name = _row(there, chance, "history"), chance.choice(WORDED)
    return _change(there, "history", row, **{name: str(row[name]).replace("2", "3") + " "})


def _delete(there: Tampered, chance: random.Random) -> str:
    row = _row(there, chance, "history")
    there.run("DELETE FROM history WHERE rowid = ?", row["at_row"])
    return _reference(there, row["audit_id"])


def _truncate(there: Tampered, chance: random.Random) -> str:
    """The last rows go, and the audit’s own count and head agree."""
    row = _row(there, chance, "history", "number > 1")
    there.run("DELETE FROM remarks WHERE audit_id = ? AND number >= ?", row["audit_id"], row["number"])
    there.run("DELETE FROM history WHERE audit_id = ? AND number >= ?", row["audit_id"], row["number"])
    audit = there.rows("audits", f"id = {row['audit_id']}")[0]
    return _change(there, "audits", audit, history_count=row["number"] - 1, history_head=row["previous"])


def _reorder(there: Tampered, chance: random.Random) -> str:
    row = _row(there, chance, "history", "number > 1")
    first, second = row["number"] - 1, row["number"]
    for was, becomes in ((first, -1), (second, first), (-1, second)):
        there.run("UPDATE history SET number = ? WHERE audit_id = ? AND number = ?", becomes, row["audit_id"], was)
    return _reference(there, row["audit_id"])


def _insert(there: Tampered, chance: random.Random) -> str:
    """A row put in between, those after it numbered on."""
    row = _row(there, chance, "history")
    there.run("UPDATE history SET number = -number - 1 WHERE audit_id = ? AND number > ?", row["audit_id"], row["number"])
    there.run("UPDATE history SET number = -number WHERE audit_id = ? AND number < 0", row["audit_id"])
    _add_row(there, row, row["number"] + 1)
    there.run("UPDATE audits SET history_count = history_count + 1 WHERE id = ?", row["audit_id"])
    return _reference(there, row["audit_id"])


def _forge(there: Tampered, chance: random.Random) -> str:
    """A row with its right hash at the end, for an action that it calls verified."""
    action = _row(there, chance, "actions", "state IN ('open', 'reported') AND is_live")
    last = there.rows("history", f"audit_id = {action['audit_id']} ORDER BY number DESC LIMIT 1")[0]
    forged = {**last, "move": "verify_action", "facts": json.dumps({"action": action["number"]}), "from_state": last["to_state"]}
    head = _add_row(there, forged, last["number"] + 1)
    audit = there.rows("audits", f"id = {action['audit_id']}")[0]
    _change(there, "audits", audit, history_count=last["number"] + 1, history_head=head)
    return _change(there, "actions", action, state="verified")


def _add_row(there: Tampered, values: Mapping[str, Any], number: int) -> str:
    """Put in a row that follows the one before it; return its hash."""
    before = there.rows("history", f"audit_id = {values['audit_id']} AND number = {number - 1}")[0]
    linked, _ = history.link(history.Chain(number - 1, before["hash"]), _reference(there, values["audit_id"]), entry_of(values))
    row = row_mapping.history_values(values["audit_id"], linked) | {"at": values["at"]}
    there.run(f"INSERT INTO history ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())
    return linked.hash


def _swap(there: Tampered, chance: random.Random) -> str:
    one, other = chance.sample(there.rows("audits"), 2)
    for was, becomes in ((one["id"], -1), (other["id"], one["id"]), (-1, other["id"])):
        there.run("UPDATE history SET audit_id = ? WHERE audit_id = ?", becomes, was)
    return str(min((one["id"], one["reference"]), (other["id"], other["reference"]))[1])


def _words_of_a_section(there: Tampered, chance: random.Random) -> str:
    row = _row(there, chance, "sections", "answers LIKE '%Seen%'")
    return _change(there, "sections", row, answers=row["answers"].replace("Seen", "Not seen"))


def _overall_grade(there: Tampered, chance: random.Random) -> str:
    """In the audit’s row and in its section."""
    audit = _row(there, chance, "audits", "overall_grade IS NOT NULL")
    grade = OTHER_GRADES[audit["overall_grade"]]
    section = there.rows("sections", f"audit_id = {audit['id']} AND section = 'area_12'")[0]
    _change(there, "sections", section, answers=json.dumps({**json.loads(section["answers"]), "grade": grade}))
    return _change(there, "audits", audit, overall_grade=grade)


def _action_verified(there: Tampered, chance: random.Random) -> str:
    return _change(there, "actions", _row(there, chance, "actions", "state != 'verified'"), state="verified")


def _action_removed(there: Tampered, chance: random.Random) -> str:
    row = _row(there, chance, "actions")
    there.run("DELETE FROM actions WHERE rowid = ?", row["at_row"])
    return _reference(there, row["audit_id"])


def _plan(there: Tampered, chance: random.Random) -> str:
    return _change(there, "escalations", _row(there, chance, "escalations"), plan=f"Nothing, for {chance.random()} reasons.")


def _person(there: Tampered, chance: random.Random) -> str:
    name = chance.choice(("auditor_id", "practitioner_id"))
    audit = _row(there, chance, "audits", f"{name} IS NOT NULL")
    return _change(there, "audits", audit, **{name: audit[name] + chance.randint(1, 5)})


def _date_or_edition(there: Tampered, chance: random.Random) -> str:
    name, audit = chance.choice(("audit_on", "shared_at", "edition")), _row(there, chance, "audits", "shared_at IS NOT NULL")
    value = audit[name] + 1 if name == "edition" else audit[name].replace("-11-2", "-10-2")
    return _change(there, "audits", audit, **{name: value})


def _seals_deleted(there: Tampered, chance: random.Random) -> str:
    row = _row(there, chance, "seals")
    there.run("DELETE FROM seals WHERE audit_id = ? AND edition = ?", row["audit_id"], row["edition"])
    return _reference(there, row["audit_id"])


def _re_stamp(there: Tampered, chance: random.Random) -> str:
    """Somebody else did everything, and every hash and digest agrees."""
    reference = str(_row(there, chance, "audits")["reference"])
    write_history_again(there.connection, reference)
    there.stamp(reference)
    stamp_again(there.council, *TABLES)
    return reference


def _roll_back(there: Tampered, chance: random.Random) -> str:
    """All rows of an audit are as they were once, and nothing is left of what came after."""
    reference = chance.choice(list(there.snapshots))
    (audit,) = there.rows("audits", f"reference = '{reference}'")
    snapshot = chance.choice(there.snapshots[reference])
    for table, rows in snapshot.items():
        there.run(f"DELETE FROM {table} WHERE {'id' if table == 'audits' else 'audit_id'} = ?", audit["id"])
        for row in rows:
            names = [name for name in row if name != "at_row"]
            there.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", *(row[name] for name in names))
    there.run("DELETE FROM audit_heads WHERE reference = ? AND number > ?", reference, snapshot["audits"][0]["history_count"])
    stamp_again(there.council, *TABLES)
    return reference


def _audit_deleted(there: Tampered, chance: random.Random) -> str:
    reference = str(_row(there, chance, "audits")["reference"])
    delete_audit(there.connection, reference)
    there.run("DELETE FROM audit_heads WHERE reference = ?", reference)
    stamp_again(there.council, *TABLES)
    return reference


OF_THE_HISTORY: Mapping[str, Kind] = {
    "edit": _edit, "delete": _delete, "truncate": _truncate, "reorder": _reorder, "insert": _insert, "swap": _swap, "forge": _forge,
}  # fmt: skip
OF_WHAT_READERS_SEE: Mapping[str, Kind] = {
    "1 words of a shared section": _words_of_a_section, "2 overall grade": _overall_grade, "3 action set to verified": _action_verified,
    "4 action removed": _action_removed, "5 plan of the escalation": _plan, "6 auditor or practitioner": _person,
    "7 date or edition": _date_or_edition, "8 seals of an edition": _seals_deleted,
}  # fmt: skip
SEEN_FROM_OUTSIDE: Mapping[str, Kind] = {"re-stamp": _re_stamp, "roll back": _roll_back, "9 whole audit": _audit_deleted}
"""With every hash made again, so that only a checkpoint stored elsewhere shows them."""
