"""What goes through Wagtail’s workflow: the audit, whose words its revisions leave out, which is Wagtail at its lightest."""

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from wagtail.models import DraftStateMixin, Revision, RevisionMixin, WorkflowMixin, WorkflowState

from bench.peers.django_audits.models import Audit


class Case(WorkflowMixin, DraftStateMixin, RevisionMixin, models.Model):  # type: ignore[misc]
    audit = models.OneToOneField(Audit, models.CASCADE, primary_key=True)
    _revisions = GenericRelation(Revision)
    workflow_states = GenericRelation(WorkflowState, content_type_field="base_content_type", object_id_field="object_id")
