"""What must hold for every text, not only for examples."""

from hypothesis import given, settings
from hypothesis import strategies as st

from screen import Risk, assess
from screen.normalise import MOST_READ

FLAGGED = st.sampled_from(
    [
        "i want to die",
        "i don't want to be alive anymore",
        "everyone would be better off without me",
        "i'm going to kill myself",
        "i took all my pills",
        "my husband hits me",
        "i can't breathe",
        "i keep hurting myself",
        "i'm going to hurt my boss",
        "my son says he wants to end it",
        "quiero morirme",
        "ya no quiero vivir",
        "mi esposo me pega",
        "no puedo respirar",
    ]
)
IDIOM = st.sampled_from(
    [
        "this traffic is killing me",
        "i'm dying to try it",
        "shoot me an email",
        "no i'm not suicidal, just tired",
        "does ketamine help with suicidal thoughts?",
        "me muero de hambre",
    ]
)
HARMLESS = st.sampled_from(
    [
        "My name is Ana.",
        "How much is a session?",
        "I live in Provo.",
        "Thanks for your help.",
        "Hola, buenas tardes.",
        "The weather is nice today.",
        "Tuesday works for me.",
        "Do you have parking?",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=MOST_READ + 10))
def test_it_never_raises(text: str) -> None:
    assessment = assess(text)
    assert (assessment.severity is None) == (assessment.risk is Risk.none)
    for evidence in assessment.evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="kill myself'.-*@$1|!? \n\u200b\ud800й́💀", max_size=400),
    st.lists(st.text(max_size=60), max_size=4),
)
def test_it_never_raises_on_disguised_words(text: str, previous: list[str]) -> None:
    for evidence in assess(text, previous).evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(FLAGGED, st.randoms(use_true_random=False))
def test_case_keeps_the_flag(text: str, random) -> None:
    assert assess("".join(random.choice((c.upper(), c.lower())) for c in text)).is_risk


@settings(deadline=None)
@given(FLAGGED, st.sampled_from(["  ", "   ", "\t", "\u00a0", " \u200b"]))
def test_spacing_keeps_the_flag(text: str, space: str) -> None:
    assert assess(f"  {text.replace(' ', space)}  ").is_risk


@settings(deadline=None)
@given(FLAGGED, st.sampled_from("’‘ʼ´`"))
def test_quotes_keep_the_flag(text: str, quote: str) -> None:
    assert assess(text.replace("'", quote)).is_risk
    assert assess(text.replace("'", "")).is_risk


@settings(deadline=None)
@given(FLAGGED, HARMLESS, HARMLESS)
def test_harmless_sentences_around_it_keep_the_flag(text: str, before: str, after: str) -> None:
    assert assess(f"{before} {text}").is_risk
    assert assess(f"{text}. {after}").is_risk
    assert assess(f"{before} {text}. {after}").is_risk


@settings(deadline=None)
@given(IDIOM, HARMLESS, st.sampled_from([str.upper, str.lower, str.title]))
def test_an_idiom_stays_unflagged(text: str, around: str, case) -> None:
    assert not assess(case(text)).is_risk
    assert not assess(f"{around} {text}").is_risk
    assert not assess(f"{text} {around}").is_risk
