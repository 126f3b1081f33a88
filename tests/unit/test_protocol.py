"""What a visitor reads in a crisis, for every risk, severity, language and person."""

import itertools
import re
from collections.abc import Iterable

import pytest

from clinic.chat.reply import Reply
from clinic.handoff.finding import SEVERITIES, Finding
from clinic.handoff.protocol import (
    People,
    answered_no_reply,
    crisis_reply,
    protocol,
    safe_text,
    text,
    who_is_told_reply,
    withheld_reply,
    withheld_topics,
)
from clinic.handoff.safety_answer import Answer, Question, Reading
from clinic.handoff.safety_question import Heard, hear_tap
from clinic.library import library
from clinic.settings import ClinicInfo
from screen import About, Risk, Severity

RISKS = [str(risk) for risk in Risk if risk is not Risk.none]
LANGUAGES = ["en", "es"]


def product(*values: Iterable[str]) -> list[tuple[str, ...]]:
    return list(itertools.product(*values))


EVERY = product(RISKS, SEVERITIES, [str(about) for about in About], LANGUAGES)
OPENS = "on Monday at 9:00 AM"
SUICIDAL = ["suicide", "self_harm"]


def reply_to(
    risk: str,
    severity: str = "acute",
    about: str = "self",
    language: str = "en",
    *,
    people: People = People.queued,
    earlier: int = 0,
) -> Reply:
    finding = Finding(risk=risk, severity=severity, source="screen", about=about, language=language)
    return crisis_reply(
        finding, people=people, earlier=earlier, closed_until="" if people is not People.waiting else OPENS
    )


def payloads(reply: Reply) -> list[str]:
    return [button["payload"].split("?")[0] for button in reply.buttons]


def test_severities_are_the_screen_s_in_the_same_order() -> None:
    assert list(SEVERITIES) == sorted(Severity, key=lambda severity: severity.rank)


@pytest.mark.parametrize(("risk", "severity", "about", "language"), EVERY)
class TestEveryReply:
    def test_it_names_911_and_links_it(self, risk: str, severity: str, about: str, language: str) -> None:
        reply = reply_to(risk, severity, about, language)
        assert "911" in reply.text
        assert "tel:911" in payloads(reply)

    def test_it_names_988(self, risk: str, severity: str, about: str, language: str) -> None:
        assert "988" in reply_to(risk, severity, about, language).text

    def test_it_promises_no_help_and_no_key_three(self, risk: str, severity: str, about: str, language: str) -> None:
        said = reply_to(risk, severity, about, language).text.casefold()
        for forbidden in ("help is on the way", "la ayuda va en camino", "press 3", "oprima 3", "{", "}"):
            assert forbidden not in said

    def test_its_kind_is_the_contract_s(self, risk: str, severity: str, about: str, language: str) -> None:
        bodily = risk in ("overdose", "medical_emergency")
        reply = reply_to(risk, severity, about, language)
        assert (reply.kind, reply.topic) == (("medical_emergency",) * 2 if bodily else ("crisis", None))

    def test_later_replies_carry_988_and_911_too(self, risk: str, severity: str, about: str, language: str) -> None:
        for earlier in (1, 2, 7):
            said = reply_to(risk, severity, about, language, earlier=earlier).text
            assert "988" in said
            assert "911" in said

    def test_it_says_when_nobody_was_reached(self, risk: str, severity: str, about: str, language: str) -> None:
        for earlier in (0, 1, 2):
            reply = reply_to(risk, severity, about, language, people=People.not_reached, earlier=earlier)
            assert text(People.not_reached, language) in reply.text

    def test_it_offers_nothing_but_resources(self, risk: str, severity: str, about: str, language: str) -> None:
        for button in reply_to(risk, severity, about, language).buttons:
            assert button["payload"].startswith(("tel:", "sms:", "https:")) or hear_tap(button["payload"])


@pytest.mark.parametrize(("risk", "language"), product(RISKS, LANGUAGES))
def test_imminent_puts_911_before_988(risk: str, language: str) -> None:
    reply = reply_to(risk, "imminent", language=language)
    assert reply.text.index("911") < reply.text.index("988")
    assert payloads(reply)[0] == "tel:911"


@pytest.mark.parametrize(("risk", "severity"), product(SUICIDAL, SEVERITIES))
def test_spanish_replies_to_suicide_and_self_harm_say_oprima_2_and_ayuda(risk: str, severity: str) -> None:
    said = reply_to(risk, severity, language="es").text
    assert "oprima 2" in said
    assert "AYUDA" in said


@pytest.mark.parametrize(("risk", "severity", "language"), product(SUICIDAL, SEVERITIES, LANGUAGES))
def test_suicide_and_self_harm_link_988_by_call_and_text(risk: str, severity: str, language: str) -> None:
    assert {"tel:988", "sms:988"} <= set(payloads(reply_to(risk, severity, language=language)))


def test_english_names_the_spanish_and_the_veterans_line() -> None:
    said = reply_to("suicide").text
    assert "press 1" in said
    assert "press 2" in said
    assert "AYUDA" in said


@pytest.mark.parametrize(
    ("risk", "severity"),
    product(["suicide", "self_harm", "harm_to_others", "danger_from_others"], ["concern", "acute"]),
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_second_and_later_replies_get_shorter(risk: str, severity: str, language: str) -> None:
    first, second, third = (len(reply_to(risk, severity, language=language, earlier=n).text) for n in (0, 1, 2))
    assert first > second > third


@pytest.mark.parametrize("risk", RISKS)
def test_imminent_is_never_shortened(risk: str) -> None:
    assert reply_to(risk, "imminent", earlier=5).text == reply_to(risk, "imminent").text


@pytest.mark.parametrize("risk", ["overdose", "medical_emergency"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_bodily_emergencies_are_never_shortened(risk: str, severity: str) -> None:
    assert reply_to(risk, severity, earlier=5).text == reply_to(risk, severity).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_concern_asks_directly_about_suicide(language: str) -> None:
    assert text("ask_directly", language) in reply_to("suicide", "concern", language=language).text


@pytest.mark.parametrize(("severity", "language"), product(["acute", "imminent"], LANGUAGES))
def test_a_stated_wish_asks_what_has_happened_already(severity: str, language: str) -> None:
    said = reply_to("suicide", severity, language=language).text
    assert text("ask_already", language) in said
    assert text("ask_directly", language) not in said


@pytest.mark.parametrize(("severity", "language"), product(SEVERITIES, LANGUAGES))
def test_the_question_s_yes_and_no_come_after_the_resources(severity: str, language: str) -> None:
    found = reply_to("suicide", severity, language=language)
    asked = Question.directly if severity == "concern" else Question.already
    assert [hear_tap(payload) for payload in payloads(found)[-2:]] == [
        Heard(asked, Reading(Answer.yes, bare=True), "Sí" if language == "es" else "Yes", language),
        Heard(asked, Reading(Answer.no, bare=True), "No", language),
    ]


@pytest.mark.parametrize(("risk", "severity", "about", "language"), EVERY)
def test_only_a_reply_that_asks_has_a_yes_and_a_no(risk: str, severity: str, about: str, language: str) -> None:
    found = reply_to(risk, severity, about, language)
    asks = any(text(question, language) in found.text for question in Question)
    assert any(hear_tap(payload) for payload in payloads(found)) == asks


def test_no_two_answers_share_a_payload() -> None:
    book = protocol()["buttons"]
    names = [f"{question}_{answer}" for question in Question for answer in ("yes", "no")]
    used = [book[language][name]["payload"] for language in LANGUAGES for name in names]
    assert len(set(used)) == len(used) == 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_just_said_that_something_happened_is_not_asked_that_again(language: str) -> None:
    answered = Finding("suicide", "imminent", "answer", language=language, answers=Question.already)
    assert text("ask_already", language) not in crisis_reply(answered, people=People.queued).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_yes_gets_an_opening_of_its_own_and_the_next_question(language: str) -> None:
    answered = Finding("suicide", "acute", "answer", language=language, answers=Question.directly)
    said = crisis_reply(answered, people=People.queued).text
    assert said.startswith(protocol()["replies"]["suicide"][language]["answered"])
    assert text("ask_already", language) in said


@pytest.mark.parametrize(("risk", "severity", "about", "language"), EVERY)
@pytest.mark.parametrize("earlier", [0, 1, 2])
def test_under_18_the_reply_is_the_same_plus_safeut(
    risk: str, severity: str, about: str, language: str, earlier: int
) -> None:
    finding = Finding(risk=risk, severity=severity, source="screen", about=about, language=language)
    young = crisis_reply(finding, people=People.queued, earlier=earlier, also=["safeut"])
    usual = crisis_reply(finding, people=People.queued, earlier=earlier)
    assert text("safeut", language) in young.text
    assert young.text.replace(text("safeut", language), "").split() == usual.text.split()
    assert set(payloads(young)) - set(payloads(usual)) == {"https://safeut.org/"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_truth_about_police_and_parents_promises_neither_secrecy_nor_rescue(language: str) -> None:
    said = who_is_told_reply(language).text
    for number in ("911", "988"):
        assert number in said
    assert re.search(r"can't promise|no puedo prometer", said)
    assert re.search(r"may read this whole chat|puede leer todo este chat", said)
    assert not re.search(r"confidential|on the way|en camino", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_no_is_answered_with_the_resources_and_without_a_question(language: str) -> None:
    reply = answered_no_reply(language)
    assert {"tel:988", "sms:988", "tel:911"} <= set(payloads(reply))
    assert "988" in reply.text
    assert "?" not in reply.text


@pytest.mark.parametrize(("severity", "language"), product(SEVERITIES, LANGUAGES))
def test_worry_about_another_tells_how_to_help_and_does_not_question_the_writer(severity: str, language: str) -> None:
    said = reply_to("suicide", severity, "other", language).text
    assert protocol()["replies"]["suicide"][language]["help_other"] in said
    assert text("ask_directly", language) not in said
    assert text("ask_already", language) not in said


@pytest.mark.parametrize(("risk", "severity", "about", "language"), EVERY)
def test_at_most_one_question_is_asked(risk: str, severity: str, about: str, language: str) -> None:
    assert reply_to(risk, severity, about, language).text.count("?") <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_from_others_names_the_violence_line_and_asks_if_calling_is_safe(language: str) -> None:
    said = reply_to("danger_from_others", language=language).text
    assert "1-800-799-7233" in said
    assert text("ask_safe_to_call", language) in said


@pytest.mark.parametrize(("risk", "language"), product(["overdose", "medical_emergency"], LANGUAGES))
def test_poison_control_comes_after_911_and_only_for_an_accident(risk: str, language: str) -> None:
    said = reply_to(risk, language=language).text
    assert said.index("911") < said.index("1-800-222-1222")
    assert re.search(r"accident", said)


@pytest.mark.parametrize(("people", "language"), list(itertools.product(People, LANGUAGES)))
def test_the_line_about_people_claims_no_more_than_is_known(people: People, language: str) -> None:
    said = text(people, language).casefold()
    assert not re.search(r"\b(on (the|their) way|will (call|join|answer)|en camino|le llamar[aá]n?|ya lo vi)", said)


@pytest.mark.parametrize(("people", "others"), [(one, set(People) - {one}) for one in People])
def test_a_reply_says_the_one_line_about_people_that_is_true(people: People, others: set[People]) -> None:
    said = reply_to("suicide", people=people).text
    assert text(people).format(opens=OPENS) in said
    assert not [other for other in others if text(other).format(opens=OPENS) in said]


def test_only_the_line_for_not_reached_says_so() -> None:
    assert [people for people in People if "could not reach" in text(people)] == [People.not_reached]
    assert [people for people in People if "No pude avisar" in text(people, "es")] == [People.not_reached]


@pytest.mark.parametrize("people", [People.trying, People.queued, People.waiting])
@pytest.mark.parametrize(("language", "wait"), [("en", "don't wait"), ("es", "no espere")])
def test_nobody_is_told_to_wait_for_the_clinic(people: People, language: str, wait: str) -> None:
    assert wait in text(people, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_safe_text_carries_988_911_and_the_clinic_s_number(clinic_info: ClinicInfo, language: str) -> None:
    reply = safe_text(language)
    assert reply.kind == "safe_text"
    for number in ("988", "911", clinic_info.phone):
        assert number in reply.text
    assert {"tel:988", "sms:988", "tel:911"} <= set(payloads(reply))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_withheld_question_gets_988_and_people(clinic_info: ClinicInfo, language: str) -> None:
    reply = withheld_reply(language)
    assert "988" in reply.text
    assert clinic_info.phone in reply.text


def test_every_withheld_topic_exists() -> None:
    assert withheld_topics() <= set(library().topics)


def test_both_languages_have_the_same_texts_and_buttons() -> None:
    book = protocol()
    for part in ("texts", "buttons", "notices", "opens"):
        assert set(book[part]["en"]) == set(book[part]["es"])


def test_the_clinic_s_button_dials_the_clinic(clinic_info: ClinicInfo) -> None:
    digits = re.sub(r"\D", "", clinic_info.phone)
    for language in LANGUAGES:
        button = protocol()["buttons"][language]["call_clinic"]
        assert button["payload"] == f"tel:+1{digits}"
        assert clinic_info.phone in button["title"]
