"""What is left of a visitor's message once everything that could tell who wrote it is hidden."""

import pytest

from clinic.masking import HIDDEN, mask, vocabulary

NAMES = """
    james robert john michael david william richard joseph thomas christopher charles daniel matthew anthony donald
    steven andrew joshua kevin brian george edward jason ryan jacob gary nicholas eric jonathan tyler aaron jose adam
    henry nathan logan mary patricia jennifer linda elizabeth barbara susan jessica sarah karen nancy lisa betty
    margaret sandra ashley kimberly emily donna michelle amanda melissa deborah stephanie rebecca sharon laura cynthia
    amy angela emma maria juan guadalupe josé luis carmen rosa jesús smith johnson garcia hernández lee wilson olsen
    dan max salt lake provo ogden lehi orem logan sandy murray draper bountiful tooele st park boise
"""


def shown(text: str) -> str:
    return " ".join(mask(text, vocabulary()))


def test_words_of_the_clinics_texts_stay_in_lower_case() -> None:
    assert shown("Does Spravato hurt my BLADDER?") == "does spravato hurt my bladder"


@pytest.mark.parametrize("name", NAMES.split())
@pytest.mark.parametrize("written", [str.lower, str.capitalize, str.upper])
def test_a_common_name_or_a_place_is_hidden_however_it_is_written(name: str, written: type[str]) -> None:
    assert shown(f"i am {written(name)}") == f"i am {HIDDEN}"


@pytest.mark.parametrize(
    "text",
    ["my name is hope young", "My name's Will", "me llamo paz", "mi nombre es Esperanza", "dr. long", "Mrs Price"],
)
def test_an_ordinary_word_is_hidden_where_it_is_said_to_be_a_name(text: str) -> None:
    assert not {"hope", "young", "will", "paz", "esperanza", "long", "price"} & set(shown(text).split())


def test_an_ordinary_word_with_a_capital_inside_a_sentence_is_taken_for_a_name() -> None:
    assert shown("can I ask Hope about the price") == f"can i ask {HIDDEN} about the price"


def test_a_capital_that_the_answers_write_too_is_no_name() -> None:
    assert shown("is there an FDA study on Spravato in Utah") == "is there an fda study on spravato in utah"


def test_a_shout_is_not_taken_for_names() -> None:
    assert shown("HOW MUCH DOES IT COST") == "how much does it cost"


@pytest.mark.parametrize(
    "text",
    [
        "801-555-0123",
        "(801) 555 0123",
        "+18015550123",
        "٨٠١٥٥٥",
        "８０１５５５",
        "④②",
        "Ⅷ",
        "x²",
        "eight five five",
        "ocho cinco",
        "3/14/1990",
        "1990-03-14",
        "march third",
        "tres de marzo",
        "room12",
    ],
)
def test_no_number_or_date_is_shown(text: str) -> None:
    assert set(shown(text).split()) <= {HIDDEN, "de"}


@pytest.mark.parametrize(
    "text",
    [
        "mail.me@example.com",
        "you@home",
        "https://example.com/about/me",
        "www.help.com",
        "help.com",
        "you_can_help",
        "help.me.please",
    ],
)
def test_an_address_of_the_net_is_hidden_even_where_it_is_made_of_known_words(text: str) -> None:
    assert shown(text) == HIDDEN


@pytest.mark.parametrize(
    "text", ["123 Clinic Drive Road", "1200 high street", "45 hope ave", "calle Paz 12", "avenida de la paz #4"]
)
def test_a_street_goes_with_its_number(text: str) -> None:
    assert shown(f"i live at {text}") == f"i live at {HIDDEN}"


def test_spanish_stays_and_its_names_go() -> None:
    assert shown("¿Cuánto cuesta para mi hermana Lupita Peña?") == f"cuánto cuesta para mi hermana {HIDDEN}"


def test_an_accent_makes_another_word() -> None:
    assert shown("hópe") == HIDDEN


@pytest.mark.parametrize("text", ["Zebu\u200blon", "zebu\u00adlon", "Z e b u l o n", "m-a-r-i-a"])
def test_a_name_in_pieces_is_hidden(text: str) -> None:
    assert shown(text) == HIDDEN


def test_several_hidden_words_in_a_row_are_one_sign() -> None:
    assert shown("ask Zebulon Quxley 801-555-0123 about ketamine") == f"ask {HIDDEN} about ketamine"


def test_an_emoji_leaves_nothing() -> None:
    assert shown("🤔 ?!") == ""


def test_words_of_the_booking_examples_alone_are_not_the_clinics() -> None:
    known = vocabulary()
    assert not {"deshawn", "priya", "tran", "flores", "carol"} & (known.common | known.rare)
