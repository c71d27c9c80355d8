"""The tables and the form that one council runs on, loaded and checked together, so that every fault is reported at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from config.settings import Settings
from notifications.configuration_checks import notification_faults
from notifications.recipients import NotificationRules, load_notification_rules
from workflow.configuration_checks import permission_faults, workflow_faults
from workflow.errors import ConfigurationError
from workflow.form_loader import load_form
from workflow.forms import Form
from workflow.permissions import Permissions, load_permissions
from workflow.sense_checks import SenseChecks, load_sense_checks
from workflow.workflow_config import Rules, load_rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Configuration:
    rules: Rules
    permissions: Permissions
    notification_policy: NotificationRules
    sense_checks: SenseChecks
    form: Form


def load_configuration(settings: Settings) -> Configuration:
    """Raise ConfigurationError with every fault of every file."""
    faults: list[str] = []
    rules = _loaded(lambda: load_rules(settings.config / "workflow.toml"), faults)
    permissions = _loaded(lambda: load_permissions(settings.config / "permissions.toml"), faults)
    notification_policy = _loaded(lambda: load_notification_rules(settings.config / "notifications.toml"), faults)
    sense_checks = _loaded(lambda: load_sense_checks(settings.config / "sense_checks.toml"), faults)
    form = _loaded(lambda: load_form(settings.form), faults)
    faults += _faults_between(rules, permissions, notification_policy)
    if faults or not (rules and permissions and notification_policy and sense_checks and form):
        raise ConfigurationError(*faults)
    return Configuration(rules, permissions, notification_policy, sense_checks, form)


def _loaded(load: Callable[[], T], faults: list[str]) -> T | None:
    try:
        return load()
    except ConfigurationError as error:
        faults += error.faults
        return None


def _faults_between(rules: Rules | None, permissions: Permissions | None, notification_policy: NotificationRules | None) -> Iterator[str]:
    """What one file names and another, or the code, does not have; of the files that could be read."""
    if rules and notification_policy:
        yield from workflow_faults(rules, notification_policy.events)
        yield from notification_faults(notification_policy, rules)
    if rules and permissions:
        yield from permission_faults(permissions, rules)
