"""One council’s parts, wired: settings, database, rules, forms, notifications. The web, the command line and the worker start here."""

from dataclasses import dataclass
from datetime import UTC, datetime

from config.settings import PREFIX, BadSetting, Settings
from notifications.context import WorkerContext
from notifications.recipients import NotificationRules
from web.configuration import load_configuration
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import ConfigurationError
from workflow.permissions import Permissions
from workflow.roles import ROLES
from workflow.sense_checks import SenseChecks
from workflow.storage.child_keys import fill_child_keys
from workflow.storage.engine import Engine, open_engine, read_transaction
from workflow.storage.form_versions import StoredForms, store_versions
from workflow.storage.log_chains import link_unlinked, record_heads
from workflow.storage.schema import NOT_PREPARED, schema_status, upgrade
from workflow.storage.store import SqlStore
from workflow.storage.transfer_marker import read_marker
from workflow.workflow_config import Rules


@dataclass(frozen=True, slots=True)
class Council:
    settings: Settings
    engine: Engine
    store: SqlStore
    rules: Rules
    permissions: Permissions
    forms: StoredForms
    notification_policy: NotificationRules
    sense_checks: SenseChecks

    @property
    def worker_context(self) -> WorkerContext:
        return WorkerContext(self.settings, self.engine, self.store, self.notification_policy, self.rules, self.permissions)

    def needs_second_factor(self, person: Person) -> bool:
        """By the roles that the person has now, their own or lent."""
        return any(duty.role in self.settings.mfa_roles for duty in person.duties)

    def command_context(self, now: datetime | None = None) -> CommandContext:
        """A context for one command, as of `now` in UTC."""
        at = now or datetime.now(UTC)
        return CommandContext(self.store, self.store.directory(at), self.rules, self.permissions, self.forms, self.notification_policy, at)


def open_council(settings: Settings, engine: Engine | None = None) -> Council:
    """Raise ConfigurationError for a table of rules or a form with a fault."""
    if unknown := settings.mfa_roles.difference(ROLES):
        raise BadSetting(f"{PREFIX}MFA_ROLES: there is no role “{min(unknown)}”.")
    loaded = load_configuration(settings)
    engine = engine or open_engine(settings.database_url)
    return Council(
        settings=settings,
        engine=engine,
        store=SqlStore(engine, loaded.rules.stand_ins),
        rules=loaded.rules,
        permissions=loaded.permissions,
        forms=StoredForms(engine, loaded.form),
        notification_policy=loaded.notification_policy,
        sense_checks=loaded.sense_checks,
    )


def prepare(council: Council) -> None:
    """Create the tables or bring them up to date, link the rows of the logs, and store this version of the form and the rules."""
    _refuse_transferred(council.engine)
    upgrade(council.engine, {table: council.settings.key_for(f"rows of {table}") for table in ("tokens", "calendars")})
    fill_child_keys(council.engine)
    link_unlinked(council.engine)
    record_heads(council.engine)
    store_versions(council.engine, council.forms.current, council.rules)


def ensure_prepared(council: Council) -> None:
    """Store this version of the form and the rules: audits may be started on them.

    Raise ConfigurationError where the database lacks a migration, or has one that this version does not know and settings do not allow.
    """
    _refuse_transferred(council.engine)
    schema = schema_status(council.engine)
    if refusal := NOT_PREPARED.get(schema):
        raise ConfigurationError(refusal)
    if schema == "ahead" and not council.settings.takes_newer_database:
        raise ConfigurationError(f"The database is newer than this version. To run this version on it, set {PREFIX}NEWER_DATABASE=allow.")
    store_versions(council.engine, council.forms.current, council.rules)


def open_prepared_council(settings: Settings) -> Council:
    council = open_council(settings)
    ensure_prepared(council)
    return council


def _refuse_transferred(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        if transferred := read_marker(connection):
            raise ConfigurationError(
                f"This council was moved to {transferred.to}: set PRACTICE_AUDIT_DATABASE_URL to that database, "
                "or run `practice-audit migrate-to --take-back` if nothing runs on it."
            )
