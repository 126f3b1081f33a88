"""The link in an alert that acknowledges it without a sign-in. Reading it changes nothing: the page has to post."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.errors import Conflict, NotAllowed, NotFound
from clinic.handoff.models import OncallPerson
from clinic.handoff.queue import reference_of
from clinic.handoff.staff_side import acknowledge_as, lock_chat
from clinic.models import Escalation, EscalationState

VALID_FOR = timedelta(hours=24)  # a night and the morning after it; later the console is the way
SALT = "acknowledge"


@dataclass(frozen=True)
class AckLink:
    """What the page may show before anybody has signed in: no health information, no words."""

    escalation_id: str
    person_id: str
    person_first_name: str
    reference: str
    severity: str
    language: str
    state: str
    opened_at: datetime


def sign_ack_link(*, key: str, escalation_id: str, person_id: str, now: datetime) -> str:
    """A token for the path of the page that acknowledges, `/console/ack/<token>`."""
    return URLSafeSerializer(key, salt=SALT).dumps([escalation_id, person_id, int(now.timestamp())])


def read_ack_link(session: Session, *, key: str, token: str, now: datetime) -> AckLink:
    """What the link is for. Raises NotAllowed (forged, too old, person no longer on the list) or NotFound."""
    try:
        escalation_id, person_id, made_at = URLSafeSerializer(key, salt=SALT).loads(token)
    except (BadSignature, ValueError, TypeError) as problem:
        raise NotAllowed("link") from problem
    if not timedelta(minutes=-5) <= now - datetime.fromtimestamp(made_at, tz=now.tzinfo) <= VALID_FOR:
        raise NotAllowed("link_age")
    person, escalation = session.get(OncallPerson, person_id), session.get(Escalation, escalation_id)
    if escalation is None:
        raise NotFound("escalation")
    if person is None or not person.is_active:
        raise NotAllowed("person")
    return AckLink(
        escalation_id,
        person_id,
        person.first_name,
        reference_of(escalation),
        escalation.severity,
        escalation.language,
        escalation.state,
        escalation.opened_at,
    )


def ack_from_link(session: Session, *, key: str, token: str, now: datetime) -> AckLink:
    """Acknowledge, from the page's POST. Raises as read_ack_link does, and Conflict where it is closed already."""
    link = read_ack_link(session, key=key, token=token, now=now)
    lock_chat(session, link.escalation_id)
    escalation = session.get_one(Escalation, link.escalation_id, with_for_update=True, populate_existing=True)
    if escalation.state == EscalationState.closed:
        raise Conflict("escalation")
    acknowledge_as(session, escalation, by=link.person_id, now=now)
    record(session, "link:escalation:acknowledge", actor=link.person_id, subject_id=escalation.id, now=now)
    return link
