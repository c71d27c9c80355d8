"""Wagtail: to share an audit is to approve the first task of its workflow, which begins the next. Nothing is published, and no email is sent."""

from bench.peers import django_project
from bench.peers.the_work import AUDITOR, is_consulted, is_graded, may_share, take_turns

# ruff: isort: split
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from wagtail.models import GroupApprovalTask, Workflow, WorkflowTask

from bench.peers.django_audits.models import Audit, is_complete, record_sharing, save_where_unchanged
from bench.peers.wagtail_audits.models import Case


@transaction.atomic
def share(number: int) -> None:
    who = User.objects.get(pk=AUDITOR)
    case = Case.objects.select_related("audit").prefetch_related("audit__areas").get(pk=number)
    audit, at_hand = case.audit, case.current_workflow_task_state.specific
    task = at_hand.task.specific
    may = "approve" in [name for name, *_ in task.get_actions(case, who)] and may_share(audit, who)
    if not (may and is_consulted(audit) and is_graded(audit) and is_complete(audit)):
        raise PermissionDenied
    audit.state = "shared"
    record_sharing(audit, who)
    save_where_unchanged(audit)
    task.on_action(at_hand, who, "approve")


@transaction.atomic
def start() -> None:
    auditor, auditors = User.objects.get(pk=AUDITOR), Group.objects.create(name="Auditors")
    auditor.groups.add(auditors)
    workflow = Workflow.objects.create(name="Audit")
    for number, name in enumerate(("Share", "Moderate")):
        task = GroupApprovalTask.objects.create(name=name)
        task.groups.add(auditors)
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=number)
    for audit in Audit.objects.all():
        case = Case.objects.create(audit=audit)
        case.save_revision(user=auditor)
        workflow.start(case, auditor)


if __name__ == "__main__":
    django_project.fill()
    start()
    take_turns(share)
