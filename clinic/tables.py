"""Every table of the database, for what needs all of them: the migrations and their test."""

from clinic.audit import AuditEntry
from clinic.booking.models import (
    AppointmentNote,
    HoursException,
    OutboxMessage,
    Provider,
    SlotClaim,
    SmsConsent,
)
from clinic.chat.models import TurnUnderWay
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
    "AppointmentNote",
    "AuditEntry",
    "Base",
    "Conversation",
    "Escalation",
    "FalseAlarm",
    "HandoffNotice",
    "HoursException",
    "Message",
    "OncallChannel",
    "OncallException",
    "OncallPerson",
    "OutboxMessage",
    "Provider",
    "SlotClaim",
    "SmsConsent",
    "Staff",
    "StaffSession",
    "TurnUnderWay",
]
