"""create_app wires every part of the web application. Read this first."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module

from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from config.settings import Settings
from notifications.queries import KEEP_UNSAVED
from web import formatting
from web.api.setup import init_api
from web.audits.field_types import FIELD_TYPES
from web.council import Council, ensure_prepared, open_council
from web.directory.choices import list_possible_owners, title_of_duty
from web.identity.credentials.security_app import SecurityApp
from web.identity.sessions import DatabaseSessions
from web.operations.gauges import gauge_values
from web.operations.health import health
from web.operations.metrics import Metrics
from web.operations.tracing import tracing
from web.request.access_log import init_access_log
from web.request.context import command_context, current_council, current_session, database_is_unavailable
from web.request.errors import init_errors
from web.request.flash_messages import init_flash_messages, pop_flash_messages
from web.request.idempotency import new_idempotency_key
from web.request.limits import init_limits
from web.request.log_context import LoggingStore
from web.request.logging_setup import redact_library_logs
from web.request.outage import init_outage
from web.request.security_headers import init_security_headers
from web.request.unsaved_forms import init_unsaved_forms, put_back
from web.request.view_options import ViewOptions
from workflow.storage.engine import engine_options, prepare
from workflow.storage.tables import metadata

# Each defines a blueprint named `pages`.
BLUEPRINT_MODULES = (
    "identity.sign_in.routes", "identity.sign_in.second_factor_routes", "identity.sign_in.password_reset_routes", "identity.sign_in.passkey_routes",
    "identity.account.routes", "identity.account.second_factor_routes", "identity.account.passkey_routes", "identity.account.access_token_routes",
    "identity.account.confirmation_routes", "identity.oidc.routes",
    "worklist.routes", "worklist.calendar_routes", "worklist.unsaved_routes", "audit_list.routes",
    "audits.routes", "audits.section_routes", "audits.moderator_routes", "audits.succession_routes", "audits.duty_routes", "audits.safeguarding_routes",
    "actions.routes",
    "escalations.routes", "escalations.board_routes", "escalations.acknowledgement_routes",
    "notices.routes", "notices.undelivered_routes",
    "directory.routes", "directory.unit_routes", "directory.connection_routes", "directory.enrolment_routes", "directory.membership_routes",
    "read_access.routes", "read_access.emergency_routes",
    "operations.routes",
)  # fmt: skip

db = SQLAlchemy(metadata=metadata)


def create_app(settings: Settings) -> Flask:
    """Raise ConfigurationError where the database is not prepared or a table of rules can’t be enforced."""
    app = Flask(__name__)
    app.config.update(_flask_settings(settings))
    council = _open_council(app, settings)
    app.extensions["council"] = council
    app.session_interface = DatabaseSessions(council)
    redact_library_logs(app)
    metrics = app.extensions["metrics"] = Metrics(lambda: gauge_values(council, datetime.now(UTC)))
    init_access_log(app, (metrics.count, tracing(council.engine)), is_behind_a_proxy=settings.proxies > 0)
    init_limits(app, settings)
    app.extensions["security_app"] = SecurityApp(settings, council.engine)
    init_outage(app)
    csrf = CSRFProtect(app)
    _init_templates(app, council)
    init_errors(app)
    init_flash_messages(app)
    init_unsaved_forms(app)
    init_security_headers(app, is_https=settings.is_https)
    app.add_url_rule("/health", view_func=health)
    app.add_url_rule("/council.css", view_func=council_css)
    ViewOptions(may_be_cached=True)(app.view_functions["static"])
    for module in BLUEPRINT_MODULES:
        app.register_blueprint(import_module(f"web.{module}").pages)
    init_api(app, csrf)
    return app


@ViewOptions(may_be_cached=True)
def council_css() -> Response:
    colour = current_council().settings.council_colour
    return Response(f"@media screen {{ .govuk-generic-header {{ background: {colour}; }} }}", mimetype="text/css")


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "__Host-session" if settings.is_https else "session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # No limit but the session’s own: a form that was open for hours can still be saved.
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _open_council(app: Flask, settings: Settings) -> Council:
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    prepare(engine)
    council = open_council(settings, engine)
    ensure_prepared(council)
    return replace(council, store=LoggingStore(engine, council.rules.stand_ins))


def _init_templates(app: Flask, council: Council) -> None:
    loaders = [app.jinja_env.loader, PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})]
    app.jinja_env.loader = ChoiceLoader([loader for loader in loaders if loader])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(formatting.FILTERS)
    app.jinja_env.globals.update(
        field_types=FIELD_TYPES, list_possible_owners=list_possible_owners, title_of_duty=title_of_duty,
        moderator_items=formatting.moderator_items, errors_by_field=formatting.errors_by_field, new_idempotency_key=new_idempotency_key, pop_flash_messages=pop_flash_messages,
        put_back=put_back, unsaved_lasts=KEEP_UNSAVED,
    )  # fmt: skip

    @app.context_processor
    def _template_context() -> dict[str, object]:
        person = None if database_is_unavailable() else command_context().directory.person(current_session().person_id)
        return {
            "council_name": council.settings.council_name,
            "safeguarding_url": council.settings.safeguarding_url,
            "me": person if person and person.is_active else None,
            "rules": council.rules,
            "may": lambda right: person is not None and council.permissions.allow_role(right, person),
            "full_directory": None if database_is_unavailable() else command_context().directory,
        }
