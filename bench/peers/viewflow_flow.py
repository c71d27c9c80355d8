"""viewflow’s Flow: what its own wrapper of a view does with a POST is done here, without the request."""

from functools import partial
from types import SimpleNamespace

from bench.peers import django_project
from bench.peers.the_work import AUDITOR, take_turns

# ruff: isort: split
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from viewflow.workflow.models import Task

from bench.peers.django_audits.flows import AuditFlow
from bench.peers.django_audits.models import Audit

Tasks = dict[int, tuple[int, int]]


def share(tasks: Tasks, number: int) -> None:
    node, (task_pk, process_pk) = AuditFlow.share, tasks[number]
    with AuditFlow.lock(process_pk), transaction.atomic():
        task, who = Task.objects.get(pk=task_pk), User.objects.get(pk=AUDITOR)
        if task.process.flow_class != AuditFlow or not node.can_execute(who, task=task):
            raise PermissionDenied
        request = SimpleNamespace(user=who, activation=node.activation_class(task))
        request.activation.start(request)
        node.view(request)


@transaction.atomic
def started() -> Tasks:
    """By the audit’s number: its task, and the process."""
    for audit in Audit.objects.all():
        AuditFlow.start.run(audit=audit)
    tasks = Task.objects.filter(flow_task=AuditFlow.share).select_related("process")
    return {task.process.artifact_object_id: (task.pk, task.process_id) for task in tasks}


if __name__ == "__main__":
    django_project.fill()
    take_turns(partial(share, started()))
