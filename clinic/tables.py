"""Every table of the database, for what needs all of them: the migrations and their test."""

from clinic.audit import AuditEntry
from clinic.db import Base
from clinic.handoff.models import (
    AlertAttempt,
    FalseAlarm,
    HandoffNotice,
    OncallChannel,
    OncallException,
    OncallPerson,
)
from clinic.models import Alert, Appointment, Conversation, Escalation, Message
from clinic.staff.models import Staff, StaffSession

__all__ = [
    "Alert",
    "AlertAttempt",
    "Appointment",
    "AuditEntry",
    "Base",
    "Conversation",
    "Escalation",
    "FalseAlarm",
    "HandoffNotice",
    "Message",
    "OncallChannel",
    "OncallException",
    "OncallPerson",
    "Staff",
    "StaffSession",
]
