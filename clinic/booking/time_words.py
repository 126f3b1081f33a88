"""The words people use for times, English and Spanish: brought into one plain form, and the hours read from them."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

EXACT_WINDOW = timedelta(minutes=30)  # "at 10" is taken as 10:00 to 10:30
Hours = tuple[time, time]

MORNING, AFTERNOON, EVENING = (time(6), time(12)), (time(12), time(17)), (time(17), time(21))
PARTS_OF_DAY = (
    (r"\b(?:first thing(?: in the morning)?|(?:very )?early (?:in the )?morning|a primera hora)\b",
     (time(6), time(10))),
    (r"\blate(?:r in the)? morning\b", (time(10), time(12))),
    (r"\bmid[- ]?morning\b", (time(9, 30), time(11, 30))),
    (r"\bearly afternoon\b", (time(12), time(14))),
    (r"\bmid[- ]?afternoon\b", (time(14), time(16))),
    (r"\b(?:late(?:r in the)? afternoon|end of (?:the )?(?:work ?)?day|eod|close of business|cob|a [uú]ltima hora)\b",
     (time(15), time(17))),
    (r"\b(?:mornings?|a\.m\. only|(?:(?:por|en|de) la|esta) ma[nñ]anas?|(?:por|en) las ma[nñ]anas"
    r"|before (?:noon|lunch))\b",
     MORNING),
    (r"\b(?:afternoons?|(?:(?:por|en|de) la|esta) tarde|(?:por|en) las tardes|after (?:work|school|lunch|noon)"
     r"|despu[eé]s (?:del trabajo|de comer|del almuerzo))\b", AFTERNOON),
    (r"\b(?:(?:around |at )?(?:lunch ?time|lunch|noon|midday)|(?:al |a )?mediod[ií]a)\b", (time(12), time(13))),
    (r"\b(?:evenings?|tonight|at night|nights?|(?:(?:por|en|de) la|esta) noche|(?:por|en) las noches)\b", EVENING),
)  # fmt: skip
WEEKDAYS = (
    r"mon(?:day)?|tue(?:sday|s)?|wed(?:nesday|s)?|thu(?:rsday|rs|r)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo"
)
NUMBERS = (
    dict(
        zip(
            ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
            range(1, 13),
            strict=True,
        )
    )
    | dict(
        zip(
            ["una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"],
            range(1, 13),
            strict=True,
        )
    )
    | {"un": 1, "a couple": 2, "a couple of": 2, "an": 1, "half an": 0}
)
NUMBER = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
NUMERO = "una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce"
# Before a number word that is an hour or a count of days; elsewhere "one" is just a word.
LEADS = r"at|around|about|after|before|by|between|and|to|until|till|past|in|from|las?|a las?|or|dentro de|en|y"


def plain(words: str) -> str:
    """Lower case, digits for number words, "3:30" for "half past 3", "after" for "not before", and the like."""
    text = re.sub(r"\s+", " ", words.lower().replace("–", "-").replace("—", "-").replace("’", "'")).strip()
    for pattern, plainer in PLAINER:
        text = pattern.sub(plainer, text)
    return text


def _digits(found: re.Match[str]) -> str:
    return f"{found[1]} {NUMBERS[found[2]]}"


def _to_hour(found: re.Match[str]) -> str:
    return f"{(int(found['hour']) - 2) % 12 + 1}:45"


Plainer = str | Callable[[re.Match[str]], str]
PLAIN_FORMS: list[tuple[str, Plainer]] = [
    (rf"\b({LEADS}) ({NUMBER}|{NUMERO})\b(?! (?:of|or))", _digits),
    (rf"\b({LEADS}) ({NUMBER}|{NUMERO})\b(?! of)", _digits),
    (rf"^()({NUMBER})(?= (?:pm|am|o.?clock)\b)", _digits),
    (r"\b(\d{1,2})[.](\d{2})(?= ?[ap]\.?m)", r"\1:\2"),
    (r"\b(\d{1,2})h(\d{2})?\b", lambda found: f"{found[1]}:{found[2] or '00'}"),
    (r"\b(?:half past|half) (\d{1,2})\b", r"\1:30"),
    (r"\b(?:quarter|15) (?:past|after) (\d{1,2})\b", r"\1:15"),
    (r"\b(?:a )?quarter (?:to|till|til|of) (?P<hour>\d{1,2})\b", _to_hour),
    (r"\b(\d{1,2}) y media\b", r"\1:30"),
    (r"\b(\d{1,2}) y cuarto\b", r"\1:15"),
    (r"\b(?P<hour>\d{1,2}) menos cuarto\b", _to_hour),
    (r"\b(\d{1,2}(?::\d{2})?)[- ]?ish\b", r"at \1"),
    (r"\bb4\b", "before"),
    (r"\b(\d{1,2}(?::\d{2})?(?: ?[ap]\.?m\.?)?) (?:or|and) (?:later|after|onwards?)\b", r"after \1"),
    (r"\b(\d{1,2}(?::\d{2})?(?: ?[ap]\.?m\.?)?) (?:or|and) (?:earlier|before)\b", r"before \1"),
    (r"\b(?:a las? |las? )?(\d{1,2}(?::\d{2})?) o m[aá]s tarde\b", r"after \1"),
    (r"\bnoon-?ish\b", "noon"),
    (r"\b(\d{1,2}:\d{2}|\d{1,2}) de la tarde\b", r"\1 pm"),
    (r"\b(\d{1,2}:\d{2}|\d{1,2}) de la ma[nñ]ana\b", r"\1 am"),
    (r"\b(\d{1,2}:\d{2}|\d{1,2}) (?:in the|of the|this) (?:afternoon|evening)\b", r"\1 pm"),
    (r"\b(\d{1,2}:\d{2}|\d{1,2}) in the morning\b", r"\1 am"),
    (r"\b(?:not before|no earlier than|not earlier than|no sooner than|anytime after|no antes de)\b", "after"),
    (r"\b(?:not after|no later than|not later than|up until|no despu[eé]s de)\b", "before"),
    (r"\b(?:not?|never) (?:in the )?mornings?\b|\bno (?:por|en) la ma[nñ]ana\b", "afternoon"),
    (r"\b(?:not?|never) (?:in the )?(?:afternoon|evening)s?\b|\bno (?:por|en) la tarde\b", "morning"),
    (r"\b(between|from|and|to|till|until|y) (?:el )?(?:noon|midday|mediod[ií]a)\b", r"\1 12pm"),
    (r"\b(after) (?:noon|midday)\b", r"\1 12pm"),
    (r"\b(?:tomm?orr?ow|tomor+ow|tommorrow|tmrw?|tmw|2mrw|2moro|tomoz)\b", "tomorrow"),
    (r"\bafter ?noons?\b", "afternoon"),
]
PLAINER = [(re.compile(pattern), plainer) for pattern, plainer in PLAIN_FORMS]

# "3", "3pm", "15:30"; a number that goes on with / or - belongs to a date or a phone number.
HOUR = (
    r"(?P<{0}>\d{{1,2}}(?::\d{{2}}|(?=\s*[ap]\.?m)|(?=\s*o.?clock)|\b(?![/\d-]|(?:st|nd|rd|th)\b))\s*(?:[ap]\.?m\.?)?)"
)
START, END, HOUR = HOUR.format("start"), HOUR.format("end"), HOUR.format("hour")
RANGE = re.compile(rf"\b(?:between|from|entre|de)\s+(?:las? )?{START}\s*(?:and|to|till|until|y|a|-)\s*(?:las? )?{END}")
SPAN = r"\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\b\.?)?"
BARE_RANGE = re.compile(
    rf"(?<![\d/:.-])(?P<start>{SPAN})\s*(?:-|to|till|until|a(?: las)?)\s*(?P<end>{SPAN})(?![\d/:-])"
)
AFTER = re.compile(
    rf"\b(?:after|past|from|despu[eé]s de|a partir de|desde)\s+(?:las? )?{HOUR}"
    rf"|{HOUR.replace('hour', 'onwards')}\s*(?:onwards?|and up)"
)
BEFORE = re.compile(
    rf"\b(?:before|by|until|till|antes de|hasta)\s+(?:las? )?{HOUR}|{HOUR.replace('hour', 'latest')}\s*at the latest"
)
BARE = r"(?P<bare>\d{1,2}(?::\d{2})?\s*[ap]\.?m\b\.?|\d{1,2}:\d{2}|\d{1,2}(?=\s?o.?clock))"
AT = re.compile(rf"(?:\b(?:at|around|about|@|a las?|sobre las?|como a las?)\s*){HOUR}|\b{BARE}")
MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    r"|diciembre)"
)
# A day's number is no hour: dates are taken out before hours are looked for.
DATES = re.compile(
    rf"\b{MONTHS}\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: de"
    rf"| of)? {MONTHS}\b"
    r"|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\b\d{4}-\d{2}-\d{2}\b|\bd[ií]a \d{1,2}\b|\bthe \d{1,2}(?:st|nd|rd"
    r"|th)\b|\bel \d{1,2}(?= de\b|$)"
)


def hours_in(text: str, *, has_day: bool) -> tuple[Hours | None, bool]:
    """The hours that plain words name, and whether they name one moment ("at 10").

    Without a day, am, pm or minutes two bare numbers may be anything, so `has_day` decides on them.
    """
    text = DATES.sub(" ", text)
    found = RANGE.search(text)
    if not found:
        found = BARE_RANGE.search(text)
        found = found if found and (has_day or re.search(r"\d\s*[ap]\.?m|:", found[0])) else None
    if found:
        return _span(found["start"], found["end"]), False
    if (found := AFTER.search(text)) and (hour := clock(found["hour"] or found["onwards"])):
        return (hour, time(23, 59)), False
    if (found := BEFORE.search(text)) and (hour := clock(found["hour"] or found["latest"])):
        return (time(0), hour), False
    if (found := AT.search(text)) and (hour := clock(found["hour"] or found["bare"])):
        end = (datetime.combine(date.min, hour) + EXACT_WINDOW).time()
        return ((hour, end) if end > hour else None), True
    return None, False


def part_of_day(text: str) -> tuple[str, Hours | None]:
    """The text without its part of the day, and that part's hours; "this morning" and "tonight" leave "today"."""
    for pattern, hours in PARTS_OF_DAY:
        if re.search(pattern, text):
            return re.sub(pattern, " ", THIS_PART.sub(r"today \g<0>", text)), hours
    return text, None


THIS_PART = re.compile(r"\btonight\b|\b(?:this|esta)(?= (?:morning|afternoon|evening|ma[nñ]ana|tarde|noche)\b)")


def _span(first: str, last: str) -> Hours | None:
    start, end = clock(first), clock(last)
    if start is None or end is None:
        return None
    if re.search("p", last) and not re.search("[ap]", first) and start.hour < 12 and start.hour + 12 < end.hour:
        start = start.replace(hour=start.hour + 12)  # "7-8pm"
    if end <= start and end.hour < 12 and not re.search(r"[ap]", last):
        end = end.replace(hour=end.hour + 12)  # "between 5 and 9": both in the evening
    return (start, end) if start < end else None


def clock(words: str) -> time | None:
    """ "3", "3pm", "15:30" as a time; without am or pm, 1 to 6 are in the afternoon."""
    found = re.match(r"(\d{1,2})(?::(\d{2}))?\s*([ap])?", words.strip())
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    elif half is None and 1 <= hour <= 6:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None
