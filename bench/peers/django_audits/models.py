"""The audits as Django’s models. The state is django-fsm-2’s own field, which is a text field to who doesn’t know it."""

from django.contrib.auth.models import User
from django.db import models
from django_fsm import ConcurrentTransition, ConcurrentTransitionMixin, FSMField, transition

from bench.peers import the_work


def may_share(audit: "Audit", who: User) -> bool:
    return the_work.may_share(audit, who)


def is_complete(audit: "Audit") -> bool:
    return the_work.is_complete(audit.areas.all())


class Audit(ConcurrentTransitionMixin, models.Model):
    reference = models.CharField(max_length=9, unique=True)
    state = FSMField(default="graded")
    version = models.IntegerField()
    history_count = models.IntegerField()
    history_head = models.CharField(max_length=64)
    auditor_id = models.IntegerField()
    practitioner_id = models.IntegerField()
    team_manager_id = models.IntegerField()
    service_manager_id = models.IntegerField()
    qaro_id = models.IntegerField()
    team = models.CharField(max_length=50)
    child_id = models.CharField(max_length=50)
    strand = models.CharField(max_length=50)
    consulted = models.BooleanField()
    overall_grade = models.CharField(max_length=30)
    shared_at = models.DateTimeField(null=True)

    @transition(
        field=state, source="graded", target="shared", permission=may_share,
        conditions=[the_work.is_consulted, the_work.is_graded, is_complete],
    )  # fmt: skip
    def share(self, by: User) -> None:
        record_sharing(self, by)


class Area(models.Model):
    audit = models.ForeignKey(Audit, models.CASCADE, related_name="areas")
    key = models.CharField(max_length=10)
    grade = models.CharField(max_length=30)
    evidence = models.TextField()
    impact = models.TextField()


class History(models.Model):
    audit = models.ForeignKey(Audit, models.CASCADE, related_name="history")
    number = models.IntegerField()
    at = models.DateTimeField()
    by_id = models.IntegerField()
    by_name = models.CharField(max_length=100)
    move = models.CharField(max_length=50)
    from_state = models.CharField(max_length=50)
    to_state = models.CharField(max_length=50)
    facts = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audit", "number"], name="one_row_a_number")]  # noqa: RUF012 (as its documentation has it)


class Notification(models.Model):
    key = models.CharField(max_length=50)
    recipient = models.IntegerField()
    event = models.CharField(max_length=50)
    reference = models.CharField(max_length=9)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["key", "recipient"], name="%(class)s_once")]  # noqa: RUF012


class Notice(Notification):
    at = models.DateTimeField()


class Outbox(Notification):
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10)
    attempts = models.IntegerField()
    next_attempt_at = models.DateTimeField(db_index=True)


def record_sharing(audit: Audit, by: User) -> None:
    """All that is written beside the audit; what changes in the audit itself is left to be saved."""
    at = the_work.now()
    row = the_work.history_row(audit, by.id, at)
    audit.version, audit.shared_at, audit.history_count, audit.history_head = audit.version + 1, at, row["number"], row["hash"]
    audit.history.create(**row)
    told = the_work.notifications_of(audit, row["number"])
    Notice.objects.bulk_create(Notice(**the_work.notice(notification_policy, at)) for notification_policy in told)
    Outbox.objects.bulk_create(Outbox(**the_work.waiting(notification_policy, at)) for notification_policy in told)


def save_where_unchanged(audit: Audit) -> None:
    """For those who don’t use the field’s own check: the version that was read is the one before."""
    changed = {name: getattr(audit, name) for name in ("state", "version", "shared_at", "history_count", "history_head")}
    if not Audit.objects.filter(pk=audit.pk, version=audit.version - 1).update(**changed):
        raise ConcurrentTransition
