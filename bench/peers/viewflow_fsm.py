"""Django with viewflow.fsm: the states are of a class of its own, around the model."""

from bench.peers import django_project
from bench.peers.the_work import AUDITOR, is_consulted, is_graded, may_share, take_turns

# ruff: isort: split
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import TextChoices
from viewflow.fsm import State

from bench.peers.django_audits.models import Audit, is_complete, record_sharing, save_where_unchanged


class Stage(TextChoices):
    GRADED = "graded"
    SHARED = "shared"


class Moves:
    stage = State(Stage, default=Stage.GRADED)

    def __init__(self, audit: Audit) -> None:
        self.audit = audit

    @stage.setter()
    def _set(self, value: Stage) -> None:
        self.audit.state = value

    @stage.getter()
    def _get(self) -> str:
        return self.audit.state

    @stage.transition(
        source=Stage.GRADED, target=Stage.SHARED, permission=lambda moves, who: may_share(moves.audit, who),
        conditions=[lambda moves: is_consulted(moves.audit) and is_graded(moves.audit), lambda moves: is_complete(moves.audit)],
    )  # fmt: skip
    def share(self, by: User) -> None:
        record_sharing(self.audit, by)

    @stage.on_success()
    def _save(self, descriptor: object, source: str, target: str, **_given: object) -> None:
        save_where_unchanged(self.audit)


@transaction.atomic
def share(number: int) -> None:
    who, audit = User.objects.get(pk=AUDITOR), Audit.objects.prefetch_related("areas").get(pk=number)
    moves = Moves(audit)
    if not moves.share.has_perm(who):
        raise PermissionDenied
    moves.share(by=who)


if __name__ == "__main__":
    django_project.fill()
    take_turns(share)
