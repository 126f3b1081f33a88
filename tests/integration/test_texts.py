"""Texts that come in from the provider of texts, signed. Only `web` is started."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from cli.scratch import Scratch, free_port, running
from clinic.audit import AuditEntry
from clinic.booking.book import By
from clinic.booking.models import OutboxMessage, SmsConsent
from clinic.booking.texting import agree_to_texts
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from tests.booked import a_call
from web.texts import signature

SECRET = "a token of the provider of texts"
ADDRESS = "https://guide.example"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    settings = {
        "LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "LOTUS_PUBLIC_URL": ADDRESS,
        "LOTUS_SMS_WEBHOOK_SECRET": SECRET,
    }
    with running(tmp_path_factory.mktemp("texts"), "web", wait_for="/healthz", **settings) as started:
        yield started


@pytest.fixture
def stored(alone: Scratch) -> Iterator[Database]:
    opened = Database(f"sqlite:///{alone.folder / 'lotus.db'}")
    yield opened
    opened.close()


@pytest.fixture
def call(stored: Database, clinic_info: ClinicInfo) -> Appointment:
    """A call whose number agreed to texts."""
    made = a_call(stored, clinic_info)
    with stored.transaction() as session:
        found = session.get_one(Appointment, made.id)
        words = {"wording": "text-consent-1", "wording_text": "May we?"}
        agree_to_texts(session, found, **words, clinic=clinic_info, by=By("chat"), now=utc_now())
    return made


def send(alone: Scratch, call: Appointment, words: str, *, secret: str = SECRET, **extra: str) -> httpx.Response:
    fields = {"From": call.phone, "Body": words, "MessageSid": "SM1"}
    shown = signature(secret, f"{ADDRESS}/hooks/texts", list(fields.items()))
    return httpx.post(
        f"{alone.url}/hooks/texts", data=fields | extra, headers={"X-Twilio-Signature": shown}, trust_env=False
    )


def is_agreed(stored: Database, call: Appointment) -> bool:
    query = select(SmsConsent.ended_at).where(SmsConsent.appointment_id == call.id)
    with stored.reading() as session:
        return session.scalar(query) is None


@pytest.mark.parametrize(
    "words", ["STOP", " stop. ", "Unsubscribe", "please don’t text me again", "ALTO", "no más mensajes"]
)
def test_any_reasonable_stop_ends_the_texts_and_is_audited(
    alone: Scratch, stored: Database, call: Appointment, words: str
) -> None:
    assert is_agreed(stored, call)
    answer = send(alone, call, words)
    assert answer.status_code == 200
    assert "<Message>" not in answer.text
    assert not is_agreed(stored, call)
    with stored.reading() as session:
        [entry] = session.scalars(
            select(AuditEntry).where(
                AuditEntry.tag == "text:appointment:texts_stopped", AuditEntry.subject_id == call.reference
            )
        )
        states = session.scalars(select(OutboxMessage.state).where(OutboxMessage.appointment_id == call.id)).all()
    assert entry.actor == "visitor"
    assert set(states) <= {"cancelled"}


def test_other_words_are_answered_with_who_to_call_and_end_nothing(
    alone: Scratch, stored: Database, call: Appointment
) -> None:
    answer = send(alone, call, "i can't take this any more")
    assert "988" in answer.text
    assert "911" in answer.text
    assert is_agreed(stored, call)


def test_a_text_that_is_not_signed_by_the_provider_changes_nothing(
    alone: Scratch, stored: Database, call: Appointment
) -> None:
    assert send(alone, call, "STOP", secret="another secret").status_code == 401
    assert send(alone, call, "STOP", From="+18015550199").status_code == 401
    assert httpx.post(f"{alone.url}/hooks/texts", data={"From": call.phone, "Body": "STOP"}).status_code == 401
    assert is_agreed(stored, call)


def test_a_body_that_is_too_large_is_not_read(alone: Scratch, call: Appointment) -> None:
    assert send(alone, call, "x" * 20_000).status_code == 413


def test_the_log_holds_neither_number_nor_words(alone: Scratch, call: Appointment) -> None:
    send(alone, call, "STOP quokkaberry")
    send(alone, call, "stop")
    log = (alone.folder / "serve.log").read_text(encoding="utf-8")
    assert "quokkaberry" not in log
    assert call.phone[-7:] not in log
