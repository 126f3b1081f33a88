"""The curated answers: complete, sourced, dated, balanced in form and readable."""

import re
import statistics
from datetime import timedelta

import pytest
from textstat import textstat

from clinic.answering import Visit, answer
from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.library import ANSWERS, SOURCES_FILE, Answer, read_library
from clinic.settings import ROOT, ClinicInfo
from clinic.understanding import Understood

BOOK = read_library()
WRITTEN = sorted(BOOK.answers.values(), key=lambda found: found.topic)
EDUCATION = [found for found in WRITTEN if BOOK.topics[found.topic].kind == "answer"]
TO_ANSWER = sorted(topic.id for topic in BOOK.topics.values() if topic.kind == "answer")

BANNED = (
    r"\b(safe(?:r|ly)?|miracles?|cur(?:e|es|ed|ing)|guarantee[sd]?|non-?addictive|life-?saving|unique"
    r"|breakthroughs?|life-?changing|powerful|transformative)\b"
)
DENIED = r"\b(no|not|never|none|nothing|cannot|isn't|doesn't|don't|nobody|without)\b"
NUMBER = r"\d+(?:\.\d+)?"
DRUG_NAMES = (
    "esketamine",
    "ketamine",
    "spravato",
    "aminophylline",
    "aripiprazole",
    "armodafinil",
    "benzodiazepine",
    "benzodiazepines",
    "clozapine",
    "haloperidol",
    "lamotrigine",
    "modafinil",
    "oxycodone",
    "quetiapine",
    "risperidone",
    "theophylline",
)
CLINICIANS_LIST = ROOT / "docs" / "clinician-review.md"


def named(found: Answer) -> str:
    return found.topic


def texts(found: Answer) -> str:
    return f"{found.short}\n\n{found.more}\n\n{found.not_known}"


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", " ".join(text.split()))


def shown(topic: str, clinic: ClinicInfo, *, intent: str | None = None) -> Reply:
    return answer(Understood([(intent or topic, 1.0)]), Visit(clinic, last_topic=topic))


@pytest.mark.parametrize("topic", TO_ANSWER)
def test_every_topic_to_answer_has_an_answer_or_says_that_it_has_none(clinic_info: ClinicInfo, topic: str) -> None:
    reply = shown(topic, clinic_info)
    missing = wording()["answers"]["missing"].replace("{phone}", clinic_info.phone).strip()
    assert reply.topic == topic
    assert (reply.kind == "answer") == (topic in BOOK.answers)
    assert (reply.text == missing) == (topic not in BOOK.answers)


def test_every_answer_file_is_named_as_its_topic() -> None:
    assert sorted(path.stem for path in ANSWERS.iterdir()) == sorted(BOOK.answers)


def test_every_answer_belongs_to_a_topic() -> None:
    assert set(BOOK.answers) <= set(BOOK.topics)


@pytest.mark.parametrize("found", EDUCATION, ids=named)
class TestEducation:
    def test_it_cites_at_least_one_source(self, found: Answer) -> None:
        assert found.sources

    def test_it_names_the_facts_it_rests_on(self, found: Answer) -> None:
        assert found.facts

    def test_it_points_to_two_to_four_other_answers(self, found: Answer) -> None:
        assert 2 <= len(set(found.related)) == len(found.related) <= 4
        assert found.topic not in found.related

    def test_another_answer_points_to_it(self, found: Answer) -> None:
        assert any(found.topic in other.related for other in EDUCATION)

    def test_it_says_what_is_not_known(self, found: Answer) -> None:
        assert found.not_known.strip()


@pytest.mark.parametrize("found", WRITTEN, ids=named)
class TestEveryAnswer:
    def test_its_sources_exist_and_are_named_once(self, found: Answer) -> None:
        assert set(found.sources) <= set(BOOK.sources)
        assert len(found.sources) == len(set(found.sources))

    def test_its_related_topics_have_an_answer(self, found: Answer) -> None:
        assert set(found.related) <= set(BOOK.answers)

    def test_the_next_review_comes_within_a_year_after_the_last(self, found: Answer) -> None:
        assert found.reviewed_on < found.next_review <= found.reviewed_on + timedelta(days=366)

    def test_somebody_is_named_as_reviewer(self, found: Answer) -> None:
        assert found.reviewer.strip()

    def test_it_has_a_title_and_a_question(self, found: Answer) -> None:
        assert 0 < len(found.title) <= 60
        assert found.question.strip()

    def test_the_short_text_has_at_most_90_words(self, found: Answer) -> None:
        assert 0 < len(found.short.split()) <= 90

    def test_the_longer_text_has_at_most_250_words(self, found: Answer) -> None:
        assert len(found.more.split()) <= 250

    def test_a_percentage_stands_beside_what_it_is_compared_with(self, found: Answer) -> None:
        for sentence in sentences(texts(found)):
            if "%" in sentence:
                assert re.search(r"\bvs\b", sentence) or len(re.findall(NUMBER, sentence)) >= 2, sentence

    def test_the_phone_number_is_left_to_the_settings(self, found: Answer, clinic_info: ClinicInfo) -> None:
        assert re.sub(r"\D", "", clinic_info.phone) not in re.sub(r"[-. ()]", "", f"{found.title} {texts(found)}")
        assert "{" not in f"{found.title}{found.question}"

    def test_what_the_clinic_will_tell_comes_with_its_number(self, found: Answer) -> None:
        if re.search(r"(?i)the clinic (will tell|sets)|ask the clinic", texts(found)):
            assert "{phone}" in f"{found.short}{found.more}"

    def test_what_is_from_memory_is_among_its_facts(self, found: Answer) -> None:
        assert set(found.from_memory) <= set(found.facts)
        assert len(found.facts) == len(set(found.facts))

    def test_it_gives_no_dose(self, found: Answer) -> None:
        assert not re.search(r"(?i)\d\s*(mg|mcg|µg|milligrams?|micrograms?|ml)\b|\b(mg|mcg|mg/kg)\b", texts(found))

    def test_a_banned_word_stands_only_in_a_denial(self, found: Answer) -> None:
        for sentence in sentences(f"{found.title}. {texts(found)}"):
            if re.search(BANNED, sentence, re.IGNORECASE):
                assert re.search(DENIED, sentence, re.IGNORECASE), sentence

    def test_it_does_not_call_ketamine_fda_approved(self, found: Answer) -> None:
        assert not re.search(r"(?i)fda[- ]approved ketamine", texts(found))

    def test_each_text_that_speaks_of_suicide_carries_988(self, found: Answer) -> None:
        for text in (found.short, found.more):
            if re.search(r"(?i)suicid|kill(ing)? (your|my|them)sel", text):
                assert "988" in text

    def test_it_never_mentions_pressing_3(self, found: Answer) -> None:
        assert not re.search(r"(?i)press 3", texts(found))

    def test_no_placeholder_is_left_in_what_is_shown(self, found: Answer, clinic_info: ClinicInfo) -> None:
        for intent in (found.topic, "follow_up"):
            assert not re.search(r"[{}]", shown(found.topic, clinic_info, intent=intent).text)


@pytest.mark.parametrize("topic", ["suicidal_ideation_evidence", "crisis_resources"])
def test_answers_on_suicidality_carry_988_and_911_in_every_text(topic: str) -> None:
    found = BOOK.answers[topic]
    assert "call or text 988" in found.short
    for text in (found.short, found.more):
        assert "988" in text
        assert "911" in text


def test_the_privacy_answer_says_the_days_that_are_set(clinic_info: ClinicInfo) -> None:
    assert f"{clinic_info.retention_days} days" in shown("privacy", clinic_info).text


def test_the_clinician_finds_every_fact_from_memory_with_its_answers() -> None:
    rows = re.findall(r"^\| ([A-Z]\d\d) \| .* \| (`.*`) \|$", CLINICIANS_LIST.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {(fact, topic) for fact, topics in rows for topic in re.findall(r"`(\w+)`", topics)}
    assert listed == {(fact, found.topic) for found in WRITTEN for fact in found.from_memory}


def test_every_source_is_cited() -> None:
    assert set(BOOK.sources) - {key for found in WRITTEN for key in found.sources} == set()


def test_no_source_key_stands_twice_in_the_file() -> None:
    keys = re.findall(r"^'?([^\s#':]+)'?:", SOURCES_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(BOOK.sources)


@pytest.mark.parametrize("key", sorted(BOOK.sources))
def test_every_source_has_a_title_an_author_and_a_secure_address_or_none(key: str) -> None:
    source = BOOK.sources[key]
    assert set(source) == {"title", "by", "url"}
    assert source["title"]
    assert source["by"]
    assert source["url"] is None or re.fullmatch(r"https://[^\s<>\"]+", source["url"])


class TestReadingGrade:
    """Flesch-Kincaid grade of short and more, drug names set aside.

    textstat is pinned: 0.7.8 brings its pronouncing dictionary along, later ones download one.
    """

    def grade(self, found: Answer) -> float:
        text = re.sub(rf"\b({'|'.join(DRUG_NAMES)})\b", "drug", f"{found.short} {found.more}", flags=re.IGNORECASE)
        return textstat.flesch_kincaid_grade(" ".join(text.split()))

    def test_a_known_sentence_has_its_known_grade(self) -> None:
        # 9 words in one sentence, 12 syllables by the dictionary.
        assert textstat.flesch_kincaid_grade("The label asks for a review after four weeks.") == pytest.approx(
            0.39 * 9 + 11.8 * 12 / 9 - 15.59
        )

    def test_hard_words_and_long_sentences_are_noticed(self) -> None:
        hard = "Pharmacological considerations necessitate individualized multidisciplinary evaluation, " * 3
        assert textstat.flesch_kincaid_grade(hard) > 10

    @pytest.mark.parametrize("found", EDUCATION, ids=named)
    def test_no_answer_is_above_grade_10(self, found: Answer) -> None:
        assert 1 < self.grade(found) <= 10

    def test_the_median_answer_is_at_most_grade_8(self) -> None:
        assert statistics.median(map(self.grade, EDUCATION)) <= 8
