"""A writer under 18 says so in many ways; a number is not always an age."""

import pytest

from clinic.minors import says_minor


@pytest.mark.parametrize(
    "text",
    [
        "im 16 can i get this",
        "I'm 15, is it possible",
        "i’m only 17 years old and depressed",
        "hi i am a 14 year old girl",
        "16yo here, would it help me",
        "i'm a minor do i need my parents",
        "im in high school",
        "I am not 18 yet... i am not yet 18",
        "tengo 15 años y quiero saber",
        "soy menor de edad",
        "i'm seventeen",
    ],
)
def test_a_writer_under_18_is_heard(text: str) -> None:
    assert says_minor(text)


@pytest.mark.parametrize(
    "text",
    [
        "im 16 weeks pregnant",
        "i am 10 sessions in and it works",
        "I'm 68 and my heart is weak",
        "my son is 16",
        "im 14 days sober",
        "call me at 10",
        "i'm 5 ft 4",
        "tengo 15 dias sin dormir",
        "i'm 18",
        "is 17 too young",
        "",
    ],
)
def test_a_number_that_is_no_own_age_under_18_is_left_alone(text: str) -> None:
    assert not says_minor(text)
