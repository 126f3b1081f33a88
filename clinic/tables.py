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
from clinic.db import Base
from clinic.models import Alert, Appointment, Conversation, Escalation, Message
from clinic.staff.models import Staff

__all__ = [
    "Alert",
    "Appointment",
    "AppointmentNote",
    "AuditEntry",
    "Base",
    "Conversation",
    "Escalation",
    "HoursException",
    "Message",
    "OutboxMessage",
    "Provider",
    "SlotClaim",
    "SmsConsent",
    "Staff",
]
