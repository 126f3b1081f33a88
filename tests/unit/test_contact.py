"""First names and phone numbers, as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.booking.contact import LONGEST_NAME, find_phone, read_first_name, read_phone
from clinic.errors import InvalidInput


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Anna", "Anna"),
        ("anna!", "Anna"),
        ("my name is anna", "Anna"),
        ("Hi, I'm Sam", "Sam"),
        ("it’s Maria", "Maria"),
        ("this is Pat.", "Pat"),
        ("me llamo José", "José"),
        ("mi nombre es Ana María", "Ana María"),
        ("soy Ana", "Ana"),
        ("Soyla", "Soyla"),
        ("Jean-Luc", "Jean-Luc"),
        ("D’Angelo", "D'Angelo"),
        ("Dr. Smith", "Dr. Smith"),
        ("J.", "J"),
    ],
)
def test_a_name_is_read_without_its_introduction(words: str, name: str) -> None:
    assert read_first_name(words) == name


@pytest.mark.parametrize(
    "name", ["Nguyễn", "Søren", "李小龙", "Мария", "عمر", "मोहन", "สมชาย", "Kaʻiulani", "İpek", "ßara"]
)
def test_names_of_every_script_are_taken_as_they_are(name: str) -> None:
    assert read_first_name(name) == name


def test_an_accent_typed_as_a_sign_of_its_own_is_taken() -> None:
    assert read_first_name("Zoe\u0308") == "Zoë"


def test_a_name_of_the_longest_length_is_taken() -> None:
    assert len(read_first_name("x" * LONGEST_NAME)) == LONGEST_NAME


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "...",
        "'",
        "123",
        "Anna123",
        "anna_b",
        "🙂",
        "/affirm",
        "  /book_call",
        "my name is",
        "Anna\nBob",
        "Anna\x00",
        "Anna@example.org",
        "one two three four five",
        "\u0301",
        "x" * (LONGEST_NAME + 1),
        "a'" * 5_000,
        "my name is " * 1_000,
        "Robert'); DROP TABLE appointments;--",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://x}",
        "=cmd()",
    ],
)
def test_what_is_no_name_is_refused(words: str) -> None:
    with pytest.raises(InvalidInput, match="name_unclear"):
        read_first_name(words)


@given(st.text(max_size=200))
def test_any_text_gives_a_name_that_fits_its_column_or_is_refused(words: str) -> None:
    try:
        name = read_first_name(words)
    except InvalidInput:
        return
    assert 1 <= len(name) <= LONGEST_NAME
    assert not set(name) & set("<>{}$/\\;=@\n\r\t\0")


@pytest.mark.parametrize(
    "words",
    [
        "801-555-0123",
        "8015550123",
        "(801) 555-0123",
        "801.555.0123",
        "801 555 0123",
        "8 0 1 5 5 5 0 1 2 3",
        "+1 801 555 0123",
        "1-801-555-0123",
        "801-555-0123 ext 5",
        "my number is 801-555-0123, thanks",
        "801-555-0123 or 385-272-4292",
        "８０１５５５０１２３",
    ],
)
def test_us_formats_all_give_the_same_number(words: str) -> None:
    assert read_phone(words) == "+18015550123"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("+44 20 7946 0958", "+442079460958"),
        ("011 44 20 7946 0958", "+442079460958"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+49 30 901820", "+4930901820"),
        ("+81 3-1234-5678", "+81312345678"),
    ],
)
def test_international_numbers_keep_their_country(words: str, number: str) -> None:
    assert read_phone(words) == number


@pytest.mark.parametrize(
    "words",
    [
        "",
        "abc",
        "911",
        "988",
        "12345",
        "555-0123",
        "801-555-012",
        "801-555-O123",
        "80155501234567890",
        "1" * 300,
        "000-000-0000",
        "111-111-1111",
        "1234567890",
        "+999 123456789",
        "11/24/2026",
        "2026-11-23 10:00",
        "tomorrow at 3",
        "123-45-6789",
        "4111 1111 1111 1111",
        "/inform 801-555-0123",
    ],
)
def test_what_nobody_can_dial_is_refused(words: str) -> None:
    with pytest.raises(InvalidInput, match="phone_unclear"):
        read_phone(words)


@pytest.mark.parametrize("words", ["'; DROP TABLE appointments;-- 8015550123", "<b>8015550123</b>"])
def test_nothing_but_the_number_is_kept_of_an_injection(words: str) -> None:
    assert read_phone(words) == "+18015550123"


def test_words_without_a_number_have_no_phone() -> None:
    assert find_phone("please call me tomorrow at 3") is None


@given(st.text(alphabet=st.sampled_from("0123456789+-(). ext/#abc\u00a0٣"), max_size=200))
def test_any_text_gives_a_short_e164_number_or_none(words: str) -> None:
    number = find_phone(words)
    assert number is None or (number[0] == "+" and number[1:].isascii() and number[1:].isdigit() and len(number) <= 16)
