"""Consent to texts: given for one call and one number in words that are kept, and ended by any reasonable STOP."""

import re
from datetime import datetime

import phonenumbers
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import outbox
from clinic.booking.book import By
from clinic.booking.models import Channel, OutboxMessage, OutboxState, SmsConsent
from clinic.models import Appointment
from clinic.settings import ClinicInfo

# 47 CFR 64.1200(a)(10): these words, and any other reasonable way to say it.
STOP_WORD = re.compile(
    r"^\W*(?:please )?(?:stop(?:all| all)?|quit|end|revoke|opt[ -]?out|cancel|unsubscribe|alto|parar?|basta"
    r"|cancelar)(?: please| por favor)?\W*$",
    re.IGNORECASE,
)
STOP_TEXTS = re.compile(
    r"\b(?:stop|quit|end|no more|don'?t|do not|never|unsubscribe|opt (?:me )?out|take me off"
    r"|remove me)\b.{0,40}\b(?:text|texts|texting|sms|messages?|messaging|list)\b"
    r"|\b(?:no (?:m[aá]s|me (?:mande|env[ií]e|escriba)n?)|dejen? de)\b.{0,30}\b(?:mensajes?|textos?|sms)\b",
    re.IGNORECASE,
)


def is_stop(words: str, *, as_text: bool = False) -> bool:
    """Whether somebody wants no more texts. `as_text`: the words are a text message, where a bare "stop" says it."""
    plain = words.replace("’", "'")
    return bool(STOP_TEXTS.search(plain) or (as_text and STOP_WORD.match(plain)))


def agree_to_texts(
    session: Session,
    appointment: Appointment,
    *,
    wording: str,
    wording_text: str,
    clinic: ClinicInfo,
    by: By,
    now: datetime,
) -> None:
    """Store the consent with the words that were agreed to, and plan the reminder. Twice is once."""
    if outbox.texts_agreed(session, appointment):
        return
    session.add(
        SmsConsent(
            appointment_id=appointment.id,
            phone=appointment.phone,
            wording=wording,
            wording_text=wording_text,
            given_at=now,
        )
    )
    session.flush()
    outbox.plan_reminder(session, appointment, Channel.sms, clinic=clinic, now=now)
    _audit(session, appointment, "texts_agreed", by, now)


def stop_texts(session: Session, *, phone: str, by: By, now: datetime) -> int:
    """End every consent for this number and drop the texts that wait; returns how many consents there were."""
    wanted = _e164(phone)
    ended = 0
    for consent in session.scalars(select(SmsConsent).where(SmsConsent.ended_at.is_(None))):
        if consent.phone != wanted:
            continue
        consent.ended_at = now
        ended += 1
        for row in session.scalars(
            select(OutboxMessage).where(
                OutboxMessage.appointment_id == consent.appointment_id,
                OutboxMessage.channel == Channel.sms,
                OutboxMessage.state == OutboxState.pending,
            )
        ):
            row.state = OutboxState.cancelled
        _audit(session, session.get_one(Appointment, consent.appointment_id), "texts_stopped", by, now)
    session.flush()
    return ended


def _audit(session: Session, appointment: Appointment, action: str, by: By, now: datetime) -> None:
    tag = f"{by.source}:appointment:{action}"
    audit.record(session, tag, actor=by.actor, subject_id=appointment.reference, now=now)


def _e164(phone: str) -> str:
    try:
        parsed = phonenumbers.parse(phone, "US")
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
