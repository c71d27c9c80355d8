"""Django’s own middleware around django-fsm-2’s move: sessions and messages in the database, tokens of forms, who is signed in, a permission.

`python -m bench.peers.web_django URL AUDITS` serves AUDITS graded audits on PORT. Nobody needs a password here.
"""

from bench.peers import django_project
from bench.peers.served import serve
from bench.peers.the_work import AUDITOR

# ruff: isort: split
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_POST
from django_fsm import has_transition_perm

from bench.peers.django_audits.models import Audit

# As `startproject` writes it.
MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)  # fmt: skip


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(pk=AUDITOR))
    return page(request)


@login_required
def page(request: HttpRequest) -> HttpResponse:
    said = "".join(f"<p>{message}</p>" for message in messages.get_messages(request))
    return HttpResponse(f'{said}<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">')


@require_POST
@login_required
def share(request: HttpRequest, number: int) -> HttpResponse:
    with transaction.atomic():
        audit = get_object_or_404(Audit.objects.prefetch_related("areas"), pk=number)
        if not has_transition_perm(audit.share, request.user):
            raise PermissionDenied
        audit.share(by=request.user)
        audit.save()
    return moved(request)


def moved(request: HttpRequest) -> HttpResponse:
    messages.success(request, "The audit is now: Shared.")
    return HttpResponseRedirect("/", status=303)


def configure(pages: str) -> None:
    """`pages` is the module that has its addresses."""
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.ALLOWED_HOSTS = pages, MIDDLEWARE, ["127.0.0.1"]
    settings.SECRET_KEY, settings.CSRF_USE_SESSIONS = "k" * 50, True
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
    # Otherwise it would open the database again for each request.
    connections.settings["default"]["CONN_MAX_AGE"] = None


def serve_project() -> None:
    connections.close_all()
    serve(WSGIHandler)


urlpatterns = [path("", page), path("sign-in", sign_in), path("audits/<int:number>/share", share)]


if __name__ == "__main__":
    configure(__name__)
    django_project.fill()
    serve_project()
