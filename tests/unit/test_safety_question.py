"""Which safety question is open, for how long, and what its answer means to staff."""

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.chat.reply import Reply
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import People, crisis_reply
from clinic.handoff.safety_answer import Answer, Question, Reading
from clinic.handoff.safety_question import (
    OPEN_FOR,
    OPEN_MESSAGES,
    Heard,
    close_question,
    count_message,
    hear_tap,
    hear_typed,
    note_question,
    open_question,
    with_answer,
)
from clinic.models import Conversation, ConversationState
from tests.unit.chats import NOW, finding

ALREADY, DIRECTLY = Question.already, Question.directly


@pytest.fixture
def conversation() -> Conversation:
    """One whose last crisis reply asked whether something has happened already."""
    asked = Conversation(id="chat", state=ConversationState.waiting, safety_messages=0)
    note_question(asked, crisis_reply(finding("acute"), people=People.queued), now=NOW)
    return asked


def heard(question: Question, answer: Answer, *, bare: bool = True) -> Heard:
    return Heard(question, Reading(answer, bare))


def result(found: Finding | None, one: Heard | None) -> Finding:
    after = with_answer(found, one, language="en", is_open=True)
    assert after
    return after


class TestWhichIsOpen:
    def test_it_is_the_one_that_the_reply_asks(self, conversation: Conversation) -> None:
        assert open_question(conversation, now=NOW) is ALREADY

    def test_a_reply_about_a_concern_opens_the_direct_one(self, conversation: Conversation) -> None:
        note_question(conversation, crisis_reply(finding("concern"), people=People.queued), now=NOW)
        assert open_question(conversation, now=NOW) is DIRECTLY

    def test_a_reply_that_asks_nothing_closes_it(self, conversation: Conversation) -> None:
        note_question(conversation, Reply("crisis", "text"), now=NOW)
        assert open_question(conversation, now=NOW) is None

    def test_it_is_closed_after_half_an_hour(self, conversation: Conversation) -> None:
        assert open_question(conversation, now=NOW + OPEN_FOR) is ALREADY
        assert open_question(conversation, now=NOW + OPEN_FOR + timedelta(seconds=1)) is None

    def test_it_is_closed_after_three_messages_that_do_not_answer(self, conversation: Conversation) -> None:
        for _ in range(OPEN_MESSAGES):
            assert open_question(conversation, now=NOW) is ALREADY
            count_message(conversation, None)
        assert open_question(conversation, now=NOW) is None

    def test_an_answer_closes_it(self, conversation: Conversation) -> None:
        count_message(conversation, heard(ALREADY, Answer.no))
        assert open_question(conversation, now=NOW) is None

    def test_a_late_answer_to_another_question_does_not(self, conversation: Conversation) -> None:
        count_message(conversation, heard(DIRECTLY, Answer.no))
        assert open_question(conversation, now=NOW) is ALREADY

    def test_while_staff_hold_the_chat_words_answer_them(self, conversation: Conversation) -> None:
        conversation.state = ConversationState.staff
        assert open_question(conversation, now=NOW) is None

    def test_it_stays_closed_when_staff_hand_back(self, conversation: Conversation) -> None:
        conversation.state = ConversationState.staff
        count_message(conversation, None)
        conversation.state = ConversationState.waiting
        assert open_question(conversation, now=NOW) is None

    def test_a_closed_one_leaves_nothing_behind(self, conversation: Conversation) -> None:
        count_message(conversation, None)
        close_question(conversation)
        assert (conversation.safety_question, conversation.safety_asked_at, conversation.safety_messages) == (
            None,
            None,
            0,
        )


class TestHearing:
    def test_nothing_is_an_answer_while_no_question_is_open(self) -> None:
        assert hear_typed("yes", None) is None

    def test_a_typed_yes_belongs_to_the_open_question(self) -> None:
        one = hear_typed("yes", DIRECTLY)
        assert one is not None
        assert (one.question, one.answer) == (DIRECTLY, Answer.yes)

    @pytest.mark.parametrize(
        ("payload", "question", "answer", "language"),
        [
            ("/safety_yes_directly", DIRECTLY, Answer.yes, "en"),
            ("/safety_no_already", ALREADY, Answer.no, "en"),
            ("/safety_yes_already_es", ALREADY, Answer.yes, "es"),
        ],
    )
    def test_a_tap_names_its_question_and_language(
        self, payload: str, question: Question, answer: Answer, language: str
    ) -> None:
        one = hear_tap(payload)
        assert one is not None
        assert (one.question, one.answer, one.language) == (question, answer, language)

    @pytest.mark.parametrize("payload", [None, "/affirm", "/safety_yes", "tel:988"])
    def test_another_payload_is_no_answer(self, payload: str | None) -> None:
        assert hear_tap(payload) is None


class TestMeaning:
    @pytest.mark.parametrize("answer", [Answer.yes, Answer.unsure, Answer.not_yet])
    def test_thinking_of_suicide_is_acute(self, answer: Answer) -> None:
        after = result(None, heard(DIRECTLY, answer))
        assert (after.risk, after.severity, after.about) == ("suicide", "acute", "self")

    @pytest.mark.parametrize("answer", [Answer.yes, Answer.unsure])
    def test_something_taken_or_unsure_is_an_imminent_overdose(self, answer: Answer) -> None:
        after = result(None, heard(ALREADY, answer))
        assert (after.risk, after.severity) == ("overdose", "imminent")

    def test_not_yet_is_an_intent_and_no_overdose(self) -> None:
        after = result(None, heard(ALREADY, Answer.not_yet))
        assert (after.risk, after.severity) == ("suicide", "imminent")

    @pytest.mark.parametrize("question", list(Question))
    def test_a_no_alerts_nobody(self, question: Question) -> None:
        assert with_answer(None, heard(question, Answer.no), language="en", is_open=True) is None

    @pytest.mark.parametrize("question", list(Question))
    def test_a_no_does_not_lower_what_the_screen_found(self, question: Question) -> None:
        found = finding("acute", risk="self_harm")
        assert result(found, heard(question, Answer.no, bare=False)) == found

    def test_without_an_answer_the_screen_s_finding_stays(self) -> None:
        assert result(finding(), None) == finding()

    def test_the_screen_s_finding_wins_where_it_is_as_severe(self) -> None:
        found = finding("imminent", risk="medical_emergency")
        after = result(found, heard(ALREADY, Answer.yes))
        assert (after.risk, after.severity, after.source) == ("medical_emergency", "imminent", "screen")

    def test_an_injury_named_with_the_yes_is_imminent_and_no_overdose(self) -> None:
        after = result(finding("acute", risk="self_harm"), heard(ALREADY, Answer.yes))
        assert (after.risk, after.severity) == ("suicide", "imminent")

    def test_an_answer_raises_what_the_screen_found(self) -> None:
        after = result(finding("concern"), heard(DIRECTLY, Answer.yes))
        assert (after.risk, after.severity) == ("suicide", "acute")

    def test_the_evidence_of_both_is_kept(self) -> None:
        after = result(finding("concern"), heard(DIRECTLY, Answer.yes))
        assert [one["rule"] for one in after.evidence] == ["concern", "answer.directly.yes"]

    def test_an_answer_is_news_only_while_its_question_is_open(self) -> None:
        late = with_answer(None, heard(ALREADY, Answer.yes), language="en", is_open=False)
        assert late == replace(result(None, heard(ALREADY, Answer.yes)), is_news=False)
