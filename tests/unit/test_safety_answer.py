"""What answers the safety question, in English and Spanish, and what only looks like it."""

import time

import pytest

from clinic.handoff.safety_answer import Answer, Question, Reading, read_answer

EITHER = pytest.mark.parametrize("question", list(Question))


def answer_in(text: str, question: Question) -> Answer | None:
    reading = read_answer(text, question)
    return reading.answer if reading else None


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "yeah i did",
        "sí",
        "si",
        "Sí, un poco",
        "yes but can i drive after",
        "ya",
        "yesss",
        "YEAH",
        "yep",
        "y",
        "i did",
        "i have",
        "i am",
        "i already did",
        "well yes",
        "honestly yeah",
        "if i'm honest, yes",
        "uh huh",
        "claro",
        "claro que sí",
        "si pero no quiero hablar",
        "sí, ya tomé algo",
        "ya lo hice",
        "all the time",
        "every day",
        "yes i took them",
        "si lo hice",
        "✅",
        "mhm",
        "i do sometimes",
        "definitely",
        "yes 801-555-0123",
        "yes, my number is 801-555-0123",
        "unfortunately yes",
        "ya i did",
        "yea kinda",
        "of course",
        "yes!!! can u help?",
        "Si.",
        "i'm sorry but yes",
        "creo que sí",
        "sort of yeah",
        "sip",
        "ajá",
        "simón",
        "unfortunately",
        "sadly yes",
        "lamentablemente sí",
    ],
)
def test_a_yes_is_read_whatever_follows_it(text: str, question: Question) -> None:
    assert answer_in(text, question) is Answer.yes


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "maybe",
        "i think so",
        "un poco",
        "kind of",
        "a little",
        "idk",
        "i don't know",
        "not sure",
        "no sé",
        "no lo sé",
        "quizás",
        "tal vez",
        "a veces",
        "sometimes",
        "more or less",
        "yes and no",
        "sí y no",
        "no but sometimes",
        "no... well maybe",
        "i guess",
        "no estoy segura",
        "👍",
        "🤷",
        "maybe but i dont want to talk",
        "i might",
        "no not really but kind of",
        "casi",
        "maybe a little",
        "i might have",
        "maybe i did",
        "a few",
        "sometimes i do",
        "kind of but not really",
        "quizás un poco",
        "no, well kind of",
        "no pero a veces",
        "maybe. i don't want to talk about it",
    ],
)
def test_an_unsure_answer_is_no_denial(text: str, question: Question) -> None:
    assert answer_in(text, question) is Answer.unsure


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "not yet",
        "no not yet",
        "todavía no",
        "aún no",
        "no, todavía no",
        "i haven't yet",
        "I haven't done it yet",
        "thinking about it",
        "ive thought about it",
        "lo he pensado",
        "lo estoy pensando",
        "i think about it all the time",
    ],
)
def test_not_yet_is_no_denial_either(text: str, question: Question) -> None:
    assert answer_in(text, question) is Answer.not_yet


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "no",
        "nope",
        "nah",
        "no i havent",
        "No, I haven't.",
        "no i have not taken anything",
        "not really",
        "no, nunca",
        "para nada",
        "nada",
        "no he tomado nada",
        "i'm not",
        "im not suicidal",
        "never",
        "not at all",
        "yeah no",
        "ya no",
        "no estoy pensando en eso",
        "claro que no",
        "👎",
        "noooo",
        "no thanks",
        "no just tired",
        "of course not",
        "no me hice daño",
        "i didnt",
        "nothing",
        "no, solo estoy cansada",
        "not anymore",
        "no, i'm just sad",
    ],
)
def test_a_plain_no_leaves_nothing_to_answer(text: str, question: Question) -> None:
    assert read_answer(text, question) == Reading(Answer.no, bare=True)


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "no how much does it cost",
        "no, i was just asking about the price",
        "no but can i drive after",
        "no, pero cuánto cuesta?",
        "nope, i'm with my mom",
        "no can you call me at 801-555-0123",
    ],
)
def test_a_no_with_a_question_behind_it_leaves_that_to_answer(text: str, question: Question) -> None:
    assert read_answer(text, question) == Reading(Answer.no, bare=False)


@EITHER
@pytest.mark.parametrize(
    "text",
    [
        "how does ketamine work?",
        "ok",
        "okay",
        "thanks",
        "thank you",
        "no one cares",
        "no puedo dormir",
        "no tengo dinero",
        "i don't have insurance",
        "never mind",
        "nothing matters",
        "si tomo ketamina puedo manejar?",
        "si estoy embarazada puedo recibirla",
        "will you call the police",
        "maybe you could tell me how long it takes",
        "i think i need to sleep",
        "yes please",
        "yes please call me",
        "yes you can call me",
        "sí, por favor",
        "sí, llámeme",
        "pueden llamarme",
        "801-555-0123",
        "hello",
        "gracias",
        "what does it cost",
        "i have a question",
        "i am 45 years old",
        "i do want to book",
        "sometimes people say it works, does it?",
        "i don't know how to book a call",
        "call me",
        "not sure how to book",
        "i have been on zoloft for years",
        "what do you mean",
        "can i take my pills before?",
        "sure i can wait until tomorrow then",
        "si me llaman",
        "quiero una cita",
        "🙏",
        "...",
        "i am fine",
        "i am tired",
        "algo de información sobre precios por favor y gracias",
        "Simon 801-555-0123",
        "my name is Simon",
        "unfortunately i can't afford it",
        "i may come tomorrow",
        "i could use some help booking",
        "i might call them",
        "casi nunca",
        "almost never",
        "maybe tomorrow",
        "probably tuesday",
        "kind of sad",
        "a little tired",
        "un poco cansada",
        "algo para dormir",
        "yesterday i slept badly",
        "mucho gusto",
        "sometimes it hurts",
        "ok i'll call",
        "i'll call 988",
    ],
)
def test_what_is_about_something_else_is_no_answer(text: str, question: Question) -> None:
    assert read_answer(text, question) is None


@pytest.mark.parametrize("text", ["i took some", "just took them", "pills", "took too many", "me tomé todas"])
def test_what_was_taken_answers_whether_something_was(text: str) -> None:
    assert answer_in(text, Question.already) is Answer.yes


@pytest.mark.parametrize("text", ["i want to", "i wish", "quisiera"])
def test_a_wish_answers_whether_there_is_one(text: str) -> None:
    assert answer_in(text, Question.directly) is Answer.yes


@EITHER
def test_the_longest_message_is_read_at_once(question: Question) -> None:
    started = time.perf_counter()
    for unit in ("no ", "um ", "i have been ", "not sure ", "si "):
        read_answer(unit * 2_000, question)
    assert time.perf_counter() - started < 1
