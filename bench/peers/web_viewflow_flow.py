"""The pages of `web_django.py`, where the move is the task of a process: viewflow’s Flow, which asks for its own permission.

`python -m bench.peers.web_viewflow_flow URL AUDITS` serves AUDITS graded audits on PORT.
"""

from bench.peers import django_project

# ruff: isort: split
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from bench.peers import viewflow_flow, web_django

TASKS: viewflow_flow.Tasks = {}


@require_POST
@login_required
def share(request: HttpRequest, number: int) -> HttpResponse:
    viewflow_flow.share(TASKS, number)
    return web_django.moved(request)


urlpatterns = [path("audits/<int:number>/share", share), *web_django.urlpatterns]


if __name__ == "__main__":
    web_django.configure(__name__)
    django_project.fill()
    TASKS.update(viewflow_flow.started())
    web_django.serve_project()
