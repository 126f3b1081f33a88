"""A drill: an escalation through the real path, marked as one. Only who knows the service's key may start it."""

from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.errors import NotAllowed
from clinic.handoff.escalate import open_escalation
from clinic.handoff.finding import SEVERITIES, Finding
from clinic.models import Conversation, Escalation

SOURCE = "drill"
VALID_FOR = timedelta(minutes=5)
SALT = "drill"


def sign_drill(*, key: str, conversation_id: str, severity: str, now: datetime) -> str:
    """The permission to turn this conversation into a drill."""
    return URLSafeSerializer(key, salt=SALT).dumps([conversation_id, severity, int(now.timestamp())])


def open_drill(session: Session, *, conversation: Conversation, key: str, permission: str, now: datetime) -> Escalation:
    """An escalation with its alert, as a visitor's words would open it. Raises NotAllowed."""
    try:
        conversation_id, severity, made_at = URLSafeSerializer(key, salt=SALT).loads(permission)
    except (BadSignature, ValueError, TypeError) as problem:
        raise NotAllowed("drill") from problem
    is_fresh = timedelta(minutes=-1) <= now - datetime.fromtimestamp(made_at, tz=now.tzinfo) <= VALID_FOR
    if conversation_id != conversation.id or severity not in SEVERITIES or not is_fresh:
        raise NotAllowed("drill")
    finding = Finding(risk="none", severity=severity, source=SOURCE, about=None)
    opened = open_escalation(session, conversation=conversation, finding=finding, message_id=None, now=now)
    record(session, "drill:escalation:open", actor="terminal", subject_id=opened.escalation.id, now=now)
    return opened.escalation


def remove_drill(session: Session, *, conversation_id: str, now: datetime) -> bool:
    """The drill's conversation with all that hangs on it; the audit trail stays. False where it is no drill."""
    conversation = session.get(Conversation, conversation_id)
    rows = session.scalars(select(Escalation).where(Escalation.conversation_id == conversation_id)).all()
    if conversation is None or not rows or any(row.source != SOURCE for row in rows):
        return False
    record(session, "drill:escalation:remove", actor="terminal", subject_id=rows[0].id, now=now)
    session.execute(delete(Conversation).where(Conversation.id == conversation_id))
    return True
