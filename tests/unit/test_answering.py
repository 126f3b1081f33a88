"""Which reply belongs to what was understood."""

import dataclasses

import pytest

from clinic import answering
from clinic.answering import ANSWER_FROM, CLARIFY_FROM, SECOND_FROM, Visit, answer, replies
from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.handoff.aftermath import Aftermath
from clinic.handoff.protocol import text, withheld_reply, withheld_topics
from clinic.library import library
from clinic.settings import ClinicInfo
from clinic.understanding import Understood

FLAGGED = Aftermath(flagged=True, withhold=True)
AFTER_LINE = text("after_crisis_line")
SMALLTALK = sorted(topic.id for topic in library().topics.values() if topic.kind == "smalltalk")


def read(*ranking: tuple[str, float]) -> Understood:
    return Understood(list(ranking))


def payloads(reply: Reply) -> list[str]:
    return [button["payload"] for button in reply.buttons]


@pytest.fixture
def without_onset(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library as if nobody had written the answer on `onset` yet."""
    book = library()
    left = {topic: found for topic, found in book.answers.items() if topic != "onset"}
    monkeypatch.setattr(answering, "library", lambda: dataclasses.replace(book, answers=left))


def test_a_sure_question_gets_its_answer_with_sources(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("mechanism", ANSWER_FROM), ("onset", 0.2)), Visit(clinic_info))
    assert (reply.kind, reply.topic) == ("answer", "mechanism")
    assert reply.text == library().answers["mechanism"].short.strip()
    assert len(reply.sources) == len(library().answers["mechanism"].sources)


def test_an_answer_offers_more_and_what_is_related(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("mechanism", 0.9)), Visit(clinic_info))
    assert payloads(reply) == ["/follow_up", *(f"/{topic}" for topic in library().answers["mechanism"].related)]


def test_a_boundary_gives_no_dose_and_offers_a_call(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("dosing", 0.9)), Visit(clinic_info))
    assert (reply.kind, reply.topic) == ("boundary", "dosing")
    assert "/book_call" in payloads(reply)


def test_the_question_for_a_person_is_answered_with_no(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("are_you_a_bot", 0.9)), Visit(clinic_info))
    assert reply.kind == "smalltalk"
    assert reply.text.startswith("No. I'm an AI")


def test_below_the_threshold_it_asks_what_was_meant(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("mechanism", ANSWER_FROM - 0.01), ("onset", 0.2)), Visit(clinic_info))
    assert (reply.kind, reply.topic) == ("clarify", None)
    assert payloads(reply) == ["/mechanism", "/onset", "/out_of_scope"]


def test_at_most_three_choices_and_a_way_out_are_offered(clinic_info: ClinicInfo) -> None:
    topics = ["mechanism", "onset", "duration", "efficacy", "forms"]
    reply = answer(read(*((topic, 0.18) for topic in topics)), Visit(clinic_info))
    assert payloads(reply) == ["/mechanism", "/onset", "/duration", "/out_of_scope"]


def test_a_choice_below_the_lower_threshold_is_not_offered(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("mechanism", CLARIFY_FROM), ("onset", CLARIFY_FROM - 0.001)), Visit(clinic_info))
    assert payloads(reply) == ["/mechanism", "/out_of_scope"]


def test_only_what_can_be_asked_is_a_choice(clinic_info: ClinicInfo) -> None:
    ranking = read(("greet", 0.3), ("express_crisis", 0.2), ("book_call", 0.2), ("onset", 0.15))
    assert payloads(answer(ranking, Visit(clinic_info))) == ["/onset", "/out_of_scope"]


@pytest.mark.parametrize(
    "understood",
    [
        read(("mechanism", CLARIFY_FROM - 0.001)),
        read(("out_of_scope", 0.9), ("onset", 0.2)),
        read(("inform", 0.9)),
        read(("no_such_intent", 0.99)),
        read(),
    ],
)
def test_what_is_not_understood_gets_the_fallback_with_number_call_and_person(
    clinic_info: ClinicInfo, understood: Understood
) -> None:
    reply = answer(understood, Visit(clinic_info))
    assert reply.kind == "fallback"
    assert clinic_info.phone in reply.text
    assert payloads(reply) == ["/book_call", "/talk_to_human"]


@pytest.mark.parametrize("intent", ["affirm", "deny", "stop"])
def test_a_stray_yes_no_or_stop_is_met_kindly(clinic_info: ClinicInfo, intent: str) -> None:
    assert answer(read((intent, 0.9)), Visit(clinic_info)).text == wording()["answers"]["stray"]


def test_tell_me_more_goes_on_with_the_last_topic(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("follow_up", 1.0)), Visit(clinic_info, last_topic="mechanism"))
    found = library().answers["mechanism"]
    assert (reply.kind, reply.topic) == ("answer", "mechanism")
    assert reply.text.startswith(found.more.strip())
    assert found.not_known.strip() in reply.text
    assert reply.sources
    assert "/follow_up" not in payloads(reply)


@pytest.mark.parametrize("last_topic", [None, "no_such_topic", "out_of_scope"])
def test_tell_me_more_without_a_last_topic_is_the_fallback(clinic_info: ClinicInfo, last_topic: str | None) -> None:
    assert answer(read(("follow_up", 1.0)), Visit(clinic_info, last_topic=last_topic)).kind == "fallback"


@pytest.mark.usefixtures("without_onset")
def test_a_missing_answer_says_so_with_the_clinic_s_number(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("onset", 0.9)), Visit(clinic_info))
    assert (reply.kind, reply.topic) == ("fallback", "onset")
    assert reply.text == wording()["answers"]["missing"].replace("{phone}", clinic_info.phone).strip()
    assert clinic_info.phone in reply.text
    assert payloads(reply) == ["/book_call", "/talk_to_human"]


@pytest.mark.usefixtures("without_onset")
def test_no_answer_leads_to_one_that_is_missing(clinic_info: ClinicInfo) -> None:
    assert "onset" in library().answers["mechanism"].related
    assert "/onset" not in payloads(answer(read(("mechanism", 0.9)), Visit(clinic_info)))


@pytest.mark.parametrize(
    "understood",
    [
        read(("mechanism", 0.9)),
        read(("dosing", 0.9)),
        read(("medical_advice", 0.9)),
        read(("mechanism", 0.3), ("onset", 0.2)),
        read(("out_of_scope", 0.9)),
        read(("are_you_a_bot", 0.9)),
        read(("thanks", 0.9)),
        read(("goodbye", 0.9)),
        read(("greet", 0.9)),
        read(("affirm", 0.9)),
        read(("deny", 0.9)),
        read(("follow_up", 0.9)),
        read(),
    ],
)
class TestAfterACrisis:
    def test_every_reply_carries_988(self, clinic_info: ClinicInfo, understood: Understood) -> None:
        reply = answer(understood, Visit(clinic_info, last_topic="mechanism", aftermath=FLAGGED))
        assert AFTER_LINE in reply.text or reply == withheld_reply()
        assert "988" in reply.text

    def test_no_reply_offers_a_call_of_ours(self, clinic_info: ClinicInfo, understood: Understood) -> None:
        reply = answer(understood, Visit(clinic_info, last_topic="mechanism", aftermath=FLAGGED))
        assert "/book_call" not in payloads(reply)

    def test_no_reply_is_a_clarification_or_the_fallback(self, clinic_info: ClinicInfo, understood: Understood) -> None:
        reply = answer(understood, Visit(clinic_info, last_topic="mechanism", aftermath=FLAGGED))
        assert reply.kind not in ("clarify", "fallback")
        for ordinary in ("fallback", "stray", "clarify"):
            opening = wording()["answers"][ordinary].split("{")[0].strip()
            assert opening not in reply.text


def test_education_is_still_given_after_a_crisis(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("mechanism", 0.9)), Visit(clinic_info, aftermath=FLAGGED))
    assert reply.text == f"{library().answers['mechanism'].short.strip()}\n\n{AFTER_LINE}"


@pytest.mark.parametrize("topic", sorted(withheld_topics()))
def test_withheld_topics_are_left_to_people(clinic_info: ClinicInfo, topic: str) -> None:
    assert answer(read((topic, 0.9)), Visit(clinic_info, aftermath=FLAGGED)) == withheld_reply()


@pytest.mark.parametrize("topic", sorted(withheld_topics()))
def test_more_of_a_withheld_topic_is_left_to_people(clinic_info: ClinicInfo, topic: str) -> None:
    reply = answer(read(("follow_up", 0.9)), Visit(clinic_info, last_topic=topic, aftermath=FLAGGED))
    assert reply == withheld_reply()


@pytest.mark.parametrize("topic", sorted(withheld_topics()))
def test_after_another_risk_serious_topics_are_answered_with_the_resources(clinic_info: ClinicInfo, topic: str) -> None:
    reply = answer(read((topic, 0.9)), Visit(clinic_info, aftermath=Aftermath(flagged=True, withhold=False)))
    assert reply.topic == topic
    assert reply.text.endswith(AFTER_LINE)
    assert "/book_call" not in payloads(reply)


def test_the_resources_line_is_in_the_language_of_the_crisis(clinic_info: ClinicInfo) -> None:
    spanish = Aftermath(flagged=True, withhold=True, language="es")
    said = answer(read(("mechanism", 0.9)), Visit(clinic_info, aftermath=spanish)).text
    assert said.endswith(text("after_crisis_line", "es"))
    assert answer(read(("dosing", 0.9)), Visit(clinic_info, aftermath=spanish)) == withheld_reply("es")


@pytest.mark.parametrize("topic", [topic for topic in library().answers if topic not in withheld_topics()])
def test_no_reply_after_a_crisis_leads_to_a_withheld_topic(clinic_info: ClinicInfo, topic: str) -> None:
    for understood in (read((topic, 0.9)), read(("follow_up", 0.9))):
        reply = answer(understood, Visit(clinic_info, last_topic=topic, aftermath=FLAGGED))
        assert not {f"/{withheld}" for withheld in withheld_topics()} & set(payloads(reply))


@pytest.mark.parametrize("topic", [topic for topic in SMALLTALK if topic != "are_you_a_bot"])
def test_small_talk_after_a_crisis_is_the_resources_alone(clinic_info: ClinicInfo, topic: str) -> None:
    assert answer(read((topic, 0.9)), Visit(clinic_info, aftermath=FLAGGED)) == Reply("handoff", AFTER_LINE)


def asks(*questions: tuple[str, float]) -> Understood:
    """A message of several questions; as a whole it reads like the first."""
    return Understood([questions[0]], [read(question) for question in questions])


def test_two_questions_get_both_answers_in_their_order(clinic_info: ClinicInfo) -> None:
    said = replies(asks(("driving", 0.9), ("duration", 0.9)), Visit(clinic_info))
    assert [reply.topic for reply in said] == ["driving", "duration"]


def test_only_the_last_of_two_answers_offers_to_tell_more(clinic_info: ClinicInfo) -> None:
    first, second = replies(asks(("driving", 0.9), ("duration", 0.9)), Visit(clinic_info))
    assert "/follow_up" not in payloads(first)
    assert "/follow_up" in payloads(second)


def test_of_three_questions_two_are_answered(clinic_info: ClinicInfo) -> None:
    said = replies(asks(("driving", 0.9), ("duration", 0.9), ("ptsd", 0.9)), Visit(clinic_info))
    assert [reply.topic for reply in said] == ["driving", "duration"]


@pytest.mark.parametrize(
    "understood",
    [
        asks(("driving", 0.9), ("driving", 0.8)),
        asks(("driving", 0.9), ("duration", SECOND_FROM - 0.01)),
        asks(("driving", 0.9), ("out_of_scope", 0.9)),
    ],
)
def test_one_clear_question_beside_another_is_answered_once(clinic_info: ClinicInfo, understood: Understood) -> None:
    assert [reply.topic for reply in replies(understood, Visit(clinic_info))] == ["driving"]


def test_after_a_crisis_there_is_one_reply(clinic_info: ClinicInfo) -> None:
    said = replies(asks(("driving", 0.9), ("duration", 0.9)), Visit(clinic_info, aftermath=FLAGGED))
    assert len(said) == 1


def test_a_follow_up_turns_to_a_related_topic(clinic_info: ClinicInfo) -> None:
    related = library().answers["onset"].related[0]
    reply = answer(read(("follow_up", 0.6), (related, 0.2)), Visit(clinic_info, last_topic="onset"))
    assert reply.topic == related


def test_a_follow_up_that_names_nothing_related_gives_more_of_the_last_topic(clinic_info: ClinicInfo) -> None:
    ranking = read(("follow_up", 0.8), ("drug_test", 0.03), ("bladder", 0.03), ("pregnancy_breastfeeding", 0.03))
    reply = answer(ranking, Visit(clinic_info, last_topic="onset"))
    assert reply.text.startswith(library().answers["onset"].more.strip()[:40])


@pytest.mark.parametrize(
    "rest",
    [
        [("dosing", 0.03), ("out_of_scope", 0.01)],  # "tell me more"
        [("tolerance", 0.05), ("dosing", 0.03), ("number_of_sessions", 0.01)],  # "more"
        [("goodbye", 0.07), ("stop", 0.04), ("not_working", 0.03)],  # "keep going"
    ],
)
def test_asking_for_more_turns_to_nothing_else(rest: list[tuple[str, float]], clinic_info: ClinicInfo) -> None:
    reply = answer(read(("follow_up", 0.9), *rest), Visit(clinic_info, last_topic="bladder"))
    assert reply.text.startswith(library().answers["bladder"].more.strip()[:40])


def test_a_second_fallback_in_a_row_offers_a_person_first(clinic_info: ClinicInfo) -> None:
    reply = answer(read(("out_of_scope", 0.9)), Visit(clinic_info, fallbacks=1))
    assert reply.text == wording()["answers"]["fallback_again"].replace("{phone}", clinic_info.phone).strip()
    assert payloads(reply) == ["/talk_to_human", "/book_call"]


@pytest.mark.parametrize("topic", ["candidacy", "evaluation_process", "cost_insurance", "age_limits"])
def test_a_minor_who_asks_for_treatment_hears_about_age_and_a_parent(clinic_info: ClinicInfo, topic: str) -> None:
    reply = answer(read((topic, 0.9)), Visit(clinic_info, is_minor=True))
    assert reply.topic == "age_limits"
    assert "parent or guardian" in reply.text
    assert library().answers["age_limits"].short.strip()[:40] in reply.text


def test_a_minor_s_other_question_gets_its_answer(clinic_info: ClinicInfo) -> None:
    assert answer(read(("mechanism", 0.9)), Visit(clinic_info, is_minor=True)).topic == "mechanism"


class TestSpanish:
    def test_an_answer_says_in_spanish_that_it_is_in_english(self, clinic_info: ClinicInfo) -> None:
        reply = answer(read(("mechanism", 0.9)), Visit(clinic_info, language="es"))
        assert reply.text.startswith("Mis textos están en inglés.")
        assert clinic_info.phone in reply.text
        assert reply.text.endswith(library().answers["mechanism"].short.strip())

    def test_the_safety_lines_are_in_spanish(self, clinic_info: ClinicInfo) -> None:
        said = answer(read(("suicidal_ideation_evidence", 0.9)), Visit(clinic_info, language="es")).text
        assert "llame al 988 y oprima 2" in said
        assert "llame al 911" in said

    @pytest.mark.parametrize("topic", ["are_you_a_bot", "greet", "thanks", "goodbye", "dosing", "medical_advice"])
    def test_small_talk_and_boundaries_are_in_spanish_alone(self, clinic_info: ClinicInfo, topic: str) -> None:
        reply = answer(read((topic, 0.9)), Visit(clinic_info, language="es"))
        assert library().answers[topic].short.strip()[:30] not in reply.text
        assert "{" not in reply.text

    def test_what_is_not_understood_is_said_in_spanish(self, clinic_info: ClinicInfo) -> None:
        visit = Visit(clinic_info, language="es")
        assert answer(read(), visit).text.startswith("No estoy seguro")
        assert answer(read(("mechanism", 0.3), ("onset", 0.2)), visit).text.startswith("Quiero darle")

    def test_spanish_wording_has_every_key_of_the_english_one(self) -> None:
        assert wording()["answers_es"].keys() == wording()["answers"].keys()
