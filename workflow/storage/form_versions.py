"""Forms and rules by version: an audit stays on those it was started on, so their texts are stored in the database."""

from functools import lru_cache

from sqlalchemy import Engine, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from workflow.errors import ConfigurationError
from workflow.form_loader import read_form
from workflow.forms import Form
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction
from workflow.workflow_config import Rules, read_rules

RULES = "rules"


class StoredForms:
    def __init__(self, engine: Engine, current: Form) -> None:
        self.engine = engine
        self.current = current
        self._read = {(current.key, current.version): current}

    def form(self, key: str, version: int) -> Form:
        if (key, version) not in self._read:
            self._read[key, version] = read_form(_read_text(self.engine, _form_kind(key), version), f"{key} version {version}")
        return self._read[key, version]


def store_versions(engine: Engine, form: Form, rules: Rules) -> None:
    """Store form and rules. Raise ConfigurationError if another text is stored under the same version: the version must be raised."""
    for kind, version, text in ((_form_kind(form.key), form.version, form.text), (RULES, rules.version, rules.text)):
        if _store(engine, kind, version, text) != text:
            raise ConfigurationError(f"The {kind.replace('/', ' ')} has changed but is still version {version}: give it the next version.")


def rules_since(engine: Engine, version: int) -> tuple[Rules, ...]:
    """The workflow from that version on, as stored; raises LookupError where that version is not stored."""
    _read_text(engine, RULES, version)
    wanted = select(tables.definitions.c.version, tables.definitions.c.text)
    wanted = wanted.where(tables.definitions.c.kind == RULES, tables.definitions.c.version >= version)
    with read_transaction(engine) as connection:
        stored = connection.execute(wanted.order_by(tables.definitions.c.version)).all()
    return tuple(_parsed_rules(row.text, row.version) for row in stored)


@lru_cache(maxsize=64)
def _parsed_rules(text: str, version: int) -> Rules:
    return read_rules(text, f"workflow version {version}")


def _form_kind(key: str) -> str:
    return f"form/{key}"


def _store(engine: Engine, kind: str, version: int, text: str) -> str:
    try:
        return _read_text(engine, kind, version)
    except LookupError:
        insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        with write_transaction(engine) as connection:
            # On SQLite a trigger refuses a key that exists before ON CONFLICT is looked at.
            if connection.execute(_wanted(kind, version)).first() is None:
                connection.execute(insert(tables.definitions).on_conflict_do_nothing(), {"kind": kind, "version": version, "text": text})
        return _read_text(engine, kind, version)


def _read_text(engine: Engine, kind: str, version: int) -> str:
    with read_transaction(engine) as connection:
        text = connection.execute(_wanted(kind, version)).scalar()
    if text is None:
        raise LookupError(f"{kind} version {version} is not stored")
    return str(text)


def _wanted(kind: str, version: int) -> Select[str]:
    return select(tables.definitions.c.text).where(tables.definitions.c.kind == kind, tables.definitions.c.version == version)
