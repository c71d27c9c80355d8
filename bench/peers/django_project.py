"""A Django project of one application, with its settings, tables and audits: imported before any model."""

import sys
from importlib.util import find_spec
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

from bench.peers.the_work import NAMES, areas, audits

URL = urlsplit(sys.argv[1])
# In Wagtail’s environment only.
WAGTAIL = ("wagtail", "taggit", "modelcluster")
APPLICATIONS = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "viewflow",
    "viewflow.workflow",
    "bench.peers.django_audits",
    *((*WAGTAIL, "bench.peers.wagtail_audits") if find_spec("wagtail") else ()),
)
SQLITE = {
    "ENGINE": "django.db.backends.sqlite3", "NAME": URL.path.removeprefix("/"),
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", "transaction_mode": "IMMEDIATE"},
}  # fmt: skip
POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql", "NAME": URL.path.removeprefix("/"), "USER": URL.username or "", "PASSWORD": URL.password or "",
    "HOST": parse_qs(URL.query).get("host", [URL.hostname or ""])[0], "PORT": URL.port or "",
}  # fmt: skip


settings.configure(
    INSTALLED_APPS=APPLICATIONS, DATABASES={"default": SQLITE if URL.scheme == "sqlite" else POSTGRESQL}, USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", STATIC_URL="/static/",
)  # fmt: skip
django.setup()


def fill() -> None:
    from django.contrib.auth.models import User

    from bench.peers.django_audits.models import Area, Audit

    # First what has migrations, to which our tables point.
    for run_syncdb in (False, True):
        call_command("migrate", run_syncdb=run_syncdb, verbosity=0)
    User.objects.bulk_create(User(id=number, username=name) for number, name in enumerate(NAMES, 1))
    Audit.objects.bulk_create(Audit(**audit) for audit in audits())
    Area.objects.bulk_create(Area(audit_id=audit["id"], **area) for audit in audits() for area in areas())
