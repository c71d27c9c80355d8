"""The audit as a process of viewflow: to share it is the auditor’s task, and the next is the moderator’s."""

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from viewflow import this
from viewflow.workflow import Activation, flow, lock
from viewflow.workflow.models import Process

from bench.peers.django_audits.models import Audit, is_complete, record_sharing, save_where_unchanged
from bench.peers.the_work import AUDITOR, QA, is_consulted, is_graded, may_share


def share_view(request: HttpRequest) -> None:
    audit = Audit.objects.prefetch_related("areas").get(pk=request.activation.process.artifact_object_id)
    if not (may_share(audit, request.user) and is_consulted(audit) and is_graded(audit) and is_complete(audit)):
        raise PermissionDenied
    audit.state = "shared"
    record_sharing(audit, request.user)
    save_where_unchanged(audit)
    request.activation.execute()


class AuditFlow(flow.Flow):
    process_class = Process
    lock_impl = lock.select_for_update_lock if connection.vendor == "postgresql" else lock.no_lock
    start = flow.StartHandle(this.begin).Next(this.share)
    share = flow.View(share_view).Assign(lambda activation: User.objects.get(pk=AUDITOR)).Next(this.moderate)
    # Made and given to somebody, and never carried out here.
    moderate = flow.View(share_view).Assign(lambda activation: User.objects.get(pk=QA)).Next(this.end)
    end = flow.End()

    def begin(self, activation: Activation, audit: Audit) -> None:
        activation.process.artifact = audit
