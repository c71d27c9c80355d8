"""Django with django-fsm-2: the move is a transition of the model, saved in one atomic block."""

from bench.peers import django_project
from bench.peers.the_work import AUDITOR, take_turns

# ruff: isort: split
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django_fsm import has_transition_perm

from bench.peers.django_audits.models import Audit


@transaction.atomic
def share(number: int) -> None:
    who, audit = User.objects.get(pk=AUDITOR), Audit.objects.prefetch_related("areas").get(pk=number)
    if not has_transition_perm(audit.share, who):
        raise PermissionDenied
    audit.share(by=who)
    audit.save()


if __name__ == "__main__":
    django_project.fill()
    take_turns(share)
