"""Links in emails that acknowledge an escalation: check one, and use it with the person’s initials."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from notifications.delivery.acknowledgement_links import AcknowledgementLink, read_token
from web.escalations import queries
from web.escalations.initials import initials_of, offered_initials
from web.request.context import command_context, current_council, current_session
from workflow.blindness import directory_about
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.escalations import acknowledge
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, Refusal
from workflow.models import Audit, Recipient
from workflow.permissions import answers_for
from workflow.working_days import add_working_days, london_day

MOST_CHOICES = 3
NOTHING_CHOSEN = "Choose your initials."
WRONG = "Those are not your initials. Choose yours, or sign in to acknowledge."


@dataclass(frozen=True, slots=True)
class UsableLink:
    """A link that can be used. `posts` are those that the person acknowledges for; `offered` are the initials to choose from."""

    reference: str
    person: Person
    posts: tuple[str, ...]
    due_on: date
    ends_at: datetime
    offered: tuple[str, ...]


def read_link(token: str) -> UsableLink:
    """Raise NotFound if the link is forged, used, expired, for another person, a former address or a lost post, or was tried too often."""
    context, council = command_context(), current_council()
    asked = read_token(token, council.settings)
    person = context.directory.person(asked.person_id) if asked else None
    if asked is None or person is None or current_session().person_id not in {None, person.id}:
        raise NotFound
    lasts = timedelta(days=council.notification_policy.clocks["acknowledge_link_days"])
    if not asked.made_at <= context.now < asked.made_at + lasts:
        raise NotFound
    if _is_from_former_address(asked):
        raise NotFound
    audit, _ = get_visible_audit(context, person, asked.reference)
    posts = tuple(one.post for one in _unacknowledged(context, audit, person, asked))
    if audit.escalation is None or not posts:
        raise NotFound
    opened_on = london_day(audit.escalation.opened_at)
    due_on = add_working_days(opened_on, council.notification_policy.clocks["escalation_acknowledged_working_days"])
    if queries.count_choices(council.engine, _key_of(token)) >= MOST_CHOICES:
        raise NotFound
    offered = offered_initials(person.name, council.settings.key_for(f"initials of {person.id}"))
    return UsableLink(asked.reference, person, posts, due_on, asked.made_at + lasts, offered)


def use_link(token: str, chosen: str) -> UsableLink:
    """Acknowledge as the person does on the page.

    Raise NotFound if the link can't be used, or no longer can; BadInput where the initials are not theirs. The third wrong choice ends it.
    """
    link = read_link(token)
    if chosen not in link.offered:
        raise BadInput.about("initials", NOTHING_CHOSEN)
    engine, key = current_council().engine, _key_of(token)
    # Counted before it is checked, so that several choices at once are no more than several.
    if not queries.add_choice(engine, key, MOST_CHOICES, link.ends_at):
        raise NotFound
    if chosen != initials_of(link.person.name):
        raise NotFound if queries.count_choices(engine, key) >= MOST_CHOICES else BadInput.about("initials", WRONG)
    try:
        acknowledge(command_context(), link.person, link.reference, by_link=True)
    except Refusal as refusal:
        raise NotFound from refusal
    queries.forget_choices(engine, key)
    return link


def _key_of(token: str) -> str:
    return hmac.digest(current_council().settings.key_for("choices at a link"), token.encode(), "sha256").hex()


def _is_from_former_address(asked: AcknowledgementLink) -> bool:
    links_from = queries.fetch_links_from(current_council().engine, asked.person_id)
    return links_from is not None and asked.made_at <= links_from


def _unacknowledged(context: CommandContext, audit: Audit, person: Person, asked: AcknowledgementLink) -> list[Recipient]:
    """Return the recipients of the escalation in the email that this person still answers for and who have not acknowledged it."""
    escalation = audit.escalation
    if escalation is None or escalation.state != "open" or asked.made_at < escalation.opened_at:
        return []
    directory = directory_about(audit, context.directory)
    return [
        one
        for one in escalation.recipients
        if _is_meant_for(one, asked, directory.excluded)
        and one.acknowledged_at is None
        and answers_for(person, one.post, audit.header.team, directory)
    ]


def _is_meant_for(one: Recipient, asked: AcknowledgementLink, set_aside: frozenset[int]) -> bool:
    """A reminder is for the person who holds the post now; a first email is for the person it named, or their deputy if they are connected to the child."""
    return asked.is_chase or one.person_id == asked.person_id or one.person_id in set_aside
