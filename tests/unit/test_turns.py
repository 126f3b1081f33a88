"""One message through web's steps, with Rasa replaced by what it said."""

import json
from pathlib import Path
from typing import cast

import pytest

from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.db import Database
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import People, crisis_reply, text
from clinic.handoff.spool import Spool
from clinic.models import Conversation, ConversationState
from clinic.settings import ClinicInfo, Settings
from tests.own_loop import in_own_loop
from tests.unit.chats import conversation_of, start
from web.context import Context
from web.errors import Refused, error_response
from web.incoming import Incoming
from web.limits import RateLimits
from web.live import LiveHub
from web.rasa import RasaClient, RasaFailed
from web.refusals import Refusals
from web.turns import Turns


class Rasa:
    """Answers everything with `says`."""

    def __init__(self) -> None:
        self.says = Reply("fallback", "from Rasa")
        self.fails = False

    async def ask(self, **_: object) -> list[Reply]:
        if self.fails:
            raise RasaFailed("timeout")
        return [self.says]


class Chat:
    """A conversation and the steps of web; no server, no network."""

    def __init__(self, database: Database, clinic: ClinicInfo, folder: Path) -> None:
        settings = Settings()
        self.database, self.rasa = database, Rasa()
        rasa = cast(RasaClient, self.rasa)
        self._context = Context(
            settings, database, rasa, LiveHub(database), RateLimits(settings), Spool(folder), Refusals(database)
        )
        self.id, self._token = start(database, clinic)
        self._sent = 0

    def say(self, words: str, *, refusal: Refused | None = None) -> list[str]:
        self._sent += 1
        incoming = Incoming(f"message-{self._sent}", words, refusal=refusal)
        answer = in_own_loop(Turns(self._context).take(self.id, self._token, incoming))
        return [message["text"] for message in answer["messages"][1:]]

    def hold(self, state: ConversationState) -> None:
        with self.database.transaction() as session:
            conversation_of(session, self.id).state = state

    @property
    def question(self) -> str | None:
        with self.database.reading() as session:
            return session.get_one(Conversation, self.id).safety_question


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo, tmp_path: Path) -> Chat:
    return Chat(database, clinic_info, tmp_path / "spool")


def test_a_question_of_rasa_s_second_net_is_open_too(chat: Chat) -> None:
    found = Finding(risk="suicide", severity="acute", source="nlu")
    chat.rasa.says = crisis_reply(found, people=People.queued)
    chat.say("hello")
    assert chat.question == "ask_already"


def test_a_plain_no_does_not_reach_rasa(chat: Chat) -> None:
    chat.say("i want to die")
    assert chat.say("no") == [text("answered_no")]


def test_a_no_with_a_question_behind_it_is_answered_by_rasa(chat: Chat) -> None:
    chat.say("i want to die")
    assert chat.say("no, how does ketamine work?") == ["from Rasa"]
    assert chat.question is None


def test_while_staff_hold_the_chat_a_yes_is_for_them(chat: Chat) -> None:
    chat.say("i want to die")
    chat.hold(ConversationState.staff)
    assert chat.say("yes") == []


def test_after_staff_hand_back_the_old_question_is_closed(chat: Chat) -> None:
    chat.say("i want to die")
    chat.hold(ConversationState.staff)
    chat.say("thank you")
    chat.hold(ConversationState.waiting)
    assert chat.say("yes") == ["from Rasa"]


SPANISH = "¿cómo funciona la terapia con ketamina para la depresión?"


def test_who_writes_spanish_reads_the_safe_text_in_spanish(chat: Chat) -> None:
    chat.rasa.fails = True
    assert chat.say(SPANISH) == [text("safe_text", "es")]
    assert chat.say("ok") == [text("safe_text", "es")]
    assert chat.say("how does ketamine therapy work?") == [text("safe_text")]


def test_after_a_flag_the_language_of_the_message_counts_for_the_safety_lines(chat: Chat) -> None:
    chat.rasa.fails = True
    chat.say("i want to die")
    assert chat.say(SPANISH) == [text("safe_text", "es")]
    assert chat.say("thank you for this answer") == [text("safe_text")]


def test_a_refusal_of_a_spanish_message_is_in_spanish(chat: Chat) -> None:
    with pytest.raises(Refused) as refused:
        chat.say(SPANISH, refusal=Refused(413, "too_long", limit=2000))
    answer = error_response(413, "too_long", language=refused.value.language, limit=2000)
    assert text("refusal", "es") in json.loads(bytes(answer.body))["error"]["message"]
    assert set(wording()["errors_es"]) == set(wording()["errors"])
