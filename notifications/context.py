"""What the worker needs: settings, database, tables of rules."""

from dataclasses import dataclass

from config.settings import Settings
from notifications.recipients import NotificationRules
from workflow.permissions import Permissions
from workflow.storage.engine import Engine
from workflow.storage.store import SqlStore
from workflow.workflow_config import Rules


@dataclass(frozen=True, slots=True)
class WorkerContext:
    settings: Settings
    engine: Engine
    store: SqlStore
    notification_rules: NotificationRules
    rules: Rules
    permissions: Permissions
