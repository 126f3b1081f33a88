"""The content-gap report: what is counted, what is grouped, and what is never in it."""

from datetime import date, datetime, timedelta
from itertools import count

import pytest

from clinic.chat.conversations import add_message, add_visitor_message
from clinic.chat.reply import Button, Reply
from clinic.db import Database
from clinic.gaps import EXAMPLES_FROM, RARE_WORD_FROM, Group
from clinic.insights import Report, report
from clinic.masking import HIDDEN, Vocabulary
from clinic.models import ConversationState
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, conversation_of, start

FALLBACK = Reply("fallback", "I'm not sure I understood")
ANSWER = Reply("answer", "text", "mechanism")
BOOKING = Reply("booking", "Which phone number may we call?", "book_call")
NONE_OF_THESE = "None of these"
RARE, COMMON = (
    "acne",
    "do you how much is here can fix my for aunt price help today work and then i had to go what about this ok yes sí",
)
KNOWN = Vocabulary(
    common=frozenset({"botox", "teeth", *COMMON.split()}),
    rare=frozenset({RARE}),
    capitalized=frozenset(),
    spread=dict.fromkeys(COMMON.split(), 9) | {"botox": 1, "teeth": 1, RARE: 1},
    texts=10,
)
number = count()


def clarify(*topics: str) -> Reply:
    buttons = [Button(title=f"About {topic}", payload=f"/{topic}") for topic in topics]
    return Reply("clarify", "One of these?", buttons=[*buttons, Button(title=NONE_OF_THESE, payload="/out_of_scope")])


class Clinic:
    """A database with conversations, and the report on them."""

    def __init__(self, database: Database, info: ClinicInfo) -> None:
        self.database, self.info = database, info

    def chat(self, *turns: tuple[str, Reply | None], ago: timedelta = timedelta(), flagged: bool = False) -> str:
        """A conversation; each turn a minute after the one before."""
        chat, _ = start(self.database, self.info, now=NOW - ago)
        for minute, (text, reply) in enumerate(turns):
            self.say(chat, text, reply, now=NOW - ago + timedelta(minutes=minute))
        with self.database.transaction() as session:
            conversation_of(session, chat).flagged = flagged
        return chat

    def say(self, chat: str, text: str, *replies: Reply | None, now: datetime = NOW) -> None:
        with self.database.transaction() as session:
            conversation = conversation_of(session, chat)
            asked = add_visitor_message(
                session, conversation=conversation, client_id=str(next(number)), text=text, now=now
            )
            for reply in filter(None, replies):
                add_message(session, conversation=conversation, reply=reply, now=now, turn_of=asked)

    def report(self, days: int = 30, examples_from: int = EXAMPLES_FROM) -> Report:
        with self.database.reading() as session:
            return report(
                session,
                days=days,
                zone=self.info.zone,
                known=KNOWN,
                now=NOW + timedelta(hours=1),
                examples_from=examples_from,
            )

    def only_group(self, examples_from: int = EXAMPLES_FROM) -> Group:
        [group] = self.report(examples_from=examples_from).groups
        return group


@pytest.fixture
def clinic(database: Database, clinic_info: ClinicInfo) -> Clinic:
    return Clinic(database, clinic_info)


class TestCounting:
    def test_each_turn_counts_once_by_its_outcome(self, clinic: Clinic) -> None:
        clinic.chat(("a", ANSWER), ("b", clarify("onset")), ("c", FALLBACK), ("d", Reply("handoff", "x")), ("e", None))
        total = clinic.report().total
        assert (total.turns, total.answered, total.clarified, total.fell_back, total.other) == (5, 1, 1, 1, 2)
        assert total.share("fell_back") == 0.2

    def test_small_talk_and_a_boundary_are_answers(self, clinic: Clinic) -> None:
        clinic.chat(("a", Reply("smalltalk", "x", "greet")), ("b", Reply("boundary", "x", "dosing")))
        assert clinic.report().total.answered == 2

    def test_two_answers_to_one_message_are_one_turn(self, clinic: Clinic) -> None:
        clinic.say(clinic.chat(), "how does it work and how long", ANSWER, ANSWER)
        assert clinic.report().total.turns == 1

    def test_days_are_the_clinics_and_not_utc(self, clinic: Clinic) -> None:
        clinic.chat(("late in the evening of the 22nd in Utah", ANSWER), ago=timedelta(hours=12))
        clinic.chat(("today", ANSWER))
        assert {day: counts.turns for day, counts in clinic.report().days.items()} == {
            date(2026, 11, 22): 1,
            date(2026, 11, 23): 1,
        }

    def test_days_before_the_period_are_left_out(self, clinic: Clinic) -> None:
        chat = clinic.chat(("botox", FALLBACK), ago=timedelta(days=2))
        clinic.say(chat, "thanks", ANSWER)
        assert clinic.report(days=2).total.turns == 1
        assert clinic.report(days=3).total.turns == 2

    def test_more_conversations_than_a_batch_are_counted_once_each(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clinic.insights.BATCH", 2)
        for _ in range(5):
            clinic.chat(("botox", FALLBACK))
        assert clinic.report().total.turns == 5
        assert clinic.only_group().conversations == 5

    def test_without_turns_a_share_is_unknown(self, clinic: Clinic) -> None:
        assert clinic.report().total.share("answered") is None


class TestLeftOut:
    def test_a_flagged_conversation_is_nowhere_but_in_its_number(self, clinic: Clinic) -> None:
        clinic.chat(("do you do botox", FALLBACK), ("hm", clarify("onset")), flagged=True)
        found = clinic.report()
        assert (found.total.turns, found.groups, found.flagged_conversations) == (0, [], 1)

    def test_a_flagged_conversation_is_left_out_in_whatever_state_it_is(self, clinic: Clinic) -> None:
        chat = clinic.chat(("do you do botox", FALLBACK), flagged=True)
        with clinic.database.transaction() as session:
            conversation_of(session, chat).state = ConversationState.staff
        assert clinic.report().groups == []

    def test_a_booking_turn_is_nowhere_but_in_its_number(self, clinic: Clinic) -> None:
        clinic.chat(("botox call me", BOOKING), ("Maria", BOOKING))
        found = clinic.report()
        assert (found.total.turns, found.groups, found.booking_turns) == (0, [], 2)

    def test_a_question_inside_the_booking_is_left_out_too(self, clinic: Clinic) -> None:
        clinic.say(clinic.chat(), "botox, and its Maria", FALLBACK, BOOKING)
        assert clinic.report().groups == []

    def test_nothing_that_a_visitor_said_of_themselves_is_in_the_report(self, clinic: Clinic) -> None:
        text = "botox for Zebulon Quxley 801-555-0123 z.q@example.com"
        for _ in range(4):
            clinic.chat((text, FALLBACK), (text, clarify("onset")), (text, Reply("fallback", "x", "onset")))
        printed = str(clinic.report(examples_from=1))
        assert "botox" in printed
        assert [
            secret for secret in ("zebulon", "quxley", "801", "555", "z.q", "example.com") if secret in printed
        ] == []


class TestFallbacks:
    def test_messages_meet_under_the_word_they_share(self, clinic: Clinic) -> None:
        clinic.chat(("do you do botox", FALLBACK))
        clinic.chat(("how much is botox here", FALLBACK))
        clinic.chat(("can you fix my teeth", FALLBACK))
        groups = clinic.report().groups
        assert [(group.outcome, group.about, group.count) for group in groups] == [
            ("fell_back", ["botox"], 2),
            ("fell_back", ["teeth"], 1),
        ]

    def test_a_group_says_how_often_from_how_many_and_when(self, clinic: Clinic) -> None:
        clinic.chat(("botox", FALLBACK), ("botox please", FALLBACK), ago=timedelta(days=3))
        clinic.chat(("botox", FALLBACK))
        group = clinic.only_group()
        assert (group.count, group.conversations) == (3, 2)
        assert (group.first, group.last) == (date(2026, 11, 20), date(2026, 11, 23))

    def test_the_group_of_most_conversations_comes_first(self, clinic: Clinic) -> None:
        clinic.chat(*[("teeth", FALLBACK)] * 3)
        for _ in range(2):
            clinic.chat(("botox", FALLBACK))
        assert [group.about for group in clinic.report().groups] == [["botox"], ["teeth"]]

    def test_words_that_say_nothing_make_no_subject(self, clinic: Clinic) -> None:
        clinic.chat(("what about this", FALLBACK))
        clinic.chat(("ok", FALLBACK), ("yes", FALLBACK), ("Sí", FALLBACK))
        clinic.chat(("Xyzzy", FALLBACK))
        clinic.chat(("🤔", FALLBACK))
        assert clinic.only_group().about == []

    def test_a_topic_whose_answer_nobody_has_written_is_a_group_of_its_own(self, clinic: Clinic) -> None:
        clinic.chat(("how soon", Reply("fallback", "no answer yet", "onset")))
        group = clinic.only_group()
        assert (group.outcome, group.about) == ("missing", ["onset"])


class TestClarified:
    def test_the_same_topics_in_another_order_are_one_group(self, clinic: Clinic) -> None:
        clinic.chat(("how long", clarify("onset", "duration")))
        clinic.chat(("how long is it", clarify("duration", "onset")))
        group = clinic.only_group()
        assert (group.outcome, group.about, group.count) == ("clarified", ["duration", "onset"], 2)

    def test_a_tapped_topic_is_counted_as_what_was_meant(self, clinic: Clinic) -> None:
        clinic.chat(("how long", clarify("onset", "duration")), ("About onset", ANSWER))
        assert clinic.only_group().then == {"onset": 1}
        assert clinic.report().total.resolved == 1

    def test_none_of_these_is_counted_and_its_fallback_is_no_group(self, clinic: Clinic) -> None:
        clinic.chat(("how long", clarify("onset", "duration")), (NONE_OF_THESE, FALLBACK))
        assert clinic.only_group().then == {"none_of_these": 1}
        total = clinic.report().total
        assert (total.none_of_these, total.fell_back, total.resolved) == (1, 1, 0)

    def test_the_message_after_that_fallback_is_grouped_again(self, clinic: Clinic) -> None:
        clinic.chat(("how long", clarify("onset")), (NONE_OF_THESE, FALLBACK), ("botox", FALLBACK))
        assert {group.outcome for group in clinic.report().groups} == {"clarified", "fell_back"}

    def test_who_writes_on_or_leaves_has_chosen_nothing(self, clinic: Clinic) -> None:
        clinic.chat(("how long", clarify("onset", "duration")), ("i mean the effect", ANSWER))
        clinic.chat(("how long", clarify("onset", "duration")))
        assert clinic.only_group().then == {"wrote_on": 1, "left": 1}
        assert clinic.report().total.resolved == 0


class TestWordings:
    def test_one_conversation_alone_shows_words_but_no_wording(self, clinic: Clinic) -> None:
        clinic.chat(("do you do botox", FALLBACK), ("botox price", FALLBACK))
        group = clinic.only_group()
        assert "botox" in group.words
        assert group.examples == []

    def test_two_conversations_show_their_masked_wordings(self, clinic: Clinic) -> None:
        clinic.chat(("do you do botox", FALLBACK))
        clinic.chat(("Botox for my aunt Zebulonia", FALLBACK))
        assert clinic.only_group().examples == ["do you do botox", f"botox for my aunt {HIDDEN}"]

    def test_the_number_of_conversations_can_be_asked_for(self, clinic: Clinic) -> None:
        clinic.chat(("do you do botox", FALLBACK))
        assert clinic.only_group(examples_from=1).examples == ["do you do botox"]
        clinic.chat(("do you do botox", FALLBACK))
        assert clinic.only_group(examples_from=3).examples == []

    def test_there_are_at_most_three_and_one_of_each_conversation(self, clinic: Clinic) -> None:
        clinic.chat(("botox", FALLBACK), ("botox price", FALLBACK))
        assert clinic.only_group(examples_from=1).examples == ["botox"]
        for word in ("help", "here", "today", "work"):
            clinic.chat((f"botox {word}", FALLBACK))
        assert len(clinic.only_group().examples) == 3

    def test_a_long_story_is_cut(self, clinic: Clinic) -> None:
        story = "botox " + "and then i had to go to work and " * 5
        for _ in range(2):
            clinic.chat((story, FALLBACK))
        [example] = clinic.only_group().examples
        assert example.endswith(HIDDEN)
        assert len(example.split()) == 17

    def test_a_rare_word_is_shown_once_enough_conversations_have_it(self, clinic: Clinic) -> None:
        for conversations in range(1, RARE_WORD_FROM + 1):
            clinic.chat((f"teeth {RARE}", FALLBACK))
            assert (RARE in str(clinic.report(examples_from=1))) is (conversations == RARE_WORD_FROM)

    def test_a_word_that_is_not_the_clinics_stays_hidden_however_many_say_it(self, clinic: Clinic) -> None:
        for _ in range(RARE_WORD_FROM):
            clinic.chat(("teeth xyzzy", FALLBACK))
        assert clinic.only_group().words == ["teeth"]
        assert clinic.only_group().examples == [f"teeth {HIDDEN}"]
