"""Which days the words name. dateparser reads dates; weekdays, weeks, ranges and exclusions are rules here.

All days are the clinic's local ones. `Days` may be empty where the words name days that do not exist or are over.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import dateparser

from clinic.booking.time_words import MONTHS, WEEKDAYS

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPANISH = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")
PLAIN_VOWELS = str.maketrans("áéíóú", "aeiou")
DAY_WORD = rf"(?:{WEEKDAYS})s?"
THE = r"(?:on |the |this |coming |el |los |en |este |del? )*"
AMONG = r"(?:, ?| and | or | y | o |/| & | nor | ni )"
EXCLUDED = re.compile(
    r"(?:\bnot?\b(?: (?:available|free|possible|good))?|\bexcept(?: for)?\b|\b(?:any ?thing|any ?time"
    r"|any ?day|every ?day|all) but\b|\bbut not\b"
    r"|\bcan'?t(?: do| make| on)?\b|\bcannot(?: do| make)?\b|\bexcepto\b|\bmenos\b|\bno puedo\b) "
    rf"{THE}(?P<days>(?:{DAY_WORD}|today|tomorrow|hoy|ma[nñ]ana)(?:{AMONG}+{THE}(?:{DAY_WORD}|today|tomorrow))*)\b"
    rf"|\b(?P<after>{DAY_WORD}|today|tomorrow)(?= (?:doesn'?t work|is (?:out|bad|no good)|won'?t work|no puedo))"
)
SPAN = re.compile(rf"\b(?P<first>{WEEKDAYS})s? ?(?:-|to|through|thru|a|al|hasta el) ?(?:el )?(?P<last>{WEEKDAYS})s?\b")
FROM_ON = re.compile(
    rf"\b(?:not (?:until|before|till)|starting(?: on)?|beginning|from|a partir del?"
    rf"|desde el) (?P<inclusive>{WEEKDAYS}|tomorrow|ma[nñ]ana)\b"
    rf"(?! ?(?:to|through|thru|until|-|a)\b)|\b(?P<inclusive2>{WEEKDAYS}|tomorrow) (?:on|onwards?|or later)\b"
    rf"|\b(?:after|despu[eé]s del?) (?P<exclusive>{WEEKDAYS})\b"
)
UP_TO = re.compile(
    rf"\b(?:(?P<by>by|until|till|no later than) |(?P<before>before|antes del?) ){THE}(?P<day>{WEEKDAYS})\b"
)
NEXT_WEEK = (
    r"(?:(?:the )?next week|(?:la )?pr[oó]xima semana|la semana que viene|la semana pr[oó]xima|the week after this)"
)
THIS_WEEK = r"(?:this week|esta semana)"
WEEKS = (
    (re.compile(rf"\b(?:early|beginning of|start of|first half of|a principios de) {NEXT_WEEK}"), 1, (0, 1)),
    (re.compile(rf"\b(?:mid(?:dle of)?) {NEXT_WEEK}"), 1, (1, 3)),
    (re.compile(rf"\b(?:late(?:r)?|end of|later in|second half of|a finales de) {NEXT_WEEK}"), 1, (3, 4)),
    (re.compile(rf"\b{NEXT_WEEK}\b"), 1, (0, 6)),
    (re.compile(rf"\b(?:(?:later|end of|late|rest of) (?:in )?(?:the |this )?week|end of {THIS_WEEK})"), 0, (3, 4)),
    (re.compile(rf"\b{THIS_WEEK}\b"), 0, (0, 6)),
    (re.compile(r"\bnext weekend\b"), 1, (5, 6)),
    (re.compile(r"\b(?:weekends?|fin de semana)\b"), 0, (5, 6)),
)
WORKDAYS = re.compile(
    r"\b(?:(?:any |a |during the )?(?:week ?days?|work ?days?|working days)|entre semana|d[ií]as? laborables?)\b"
)
RELATIVE = re.compile(
    r"\b(?:(?P<two>(?:the )?day after tomorrow|pasado ma[nñ]ana|overmorrow)|(?P<zero>today|tonight|hoy)"
    r"|(?P<past>yesterday|ayer)"
    r"|(?P<one>tomorrow|ma[nñ]ana))\b"
)
AHEAD = re.compile(
    r"\b(?:in|within|en|dentro de) (?:the next )?(?P<count>\d{1,2}|a|an|una?"
    r"|a couple(?: of)?) (?P<unit>days?|weeks?|d[ií]as?|semanas?)\b"
    r"|\b(?P<count2>\d{1,2}|a|two|three) (?P<unit2>days?|weeks?) from (?P<from>now|today|tomorrow)\b"
)
WEEK_FROM = re.compile(rf"\ba week from (?P<day>{WEEKDAYS}|today|tomorrow)\b|\b(?P<day2>{WEEKDAYS}) week\b")
DATE = re.compile(
    rf"\b(?:{MONTHS}\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{1,2}}(?:st|nd|rd|th)?(?: de"
    rf"| of)? {MONTHS}"
    r"|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{4}-\d{2}-\d{2})(?=\W|$)"
)
OF_MONTH = re.compile(
    r"\b(?:the |on the )(?P<day>\d{1,2})(?:st|nd|rd|th)\b|\bel (?:d[ií]a )?(?P<day2>\d{1,2})(?=$| (?:por|a|de la|en)\b)"
)
WEEKDAY = re.compile(
    rf"\b(?P<next>next |pr[oó]ximo "
    rf"|following )?(?P<weekday>{WEEKDAYS})(?P<many>s(?<!ss))?\b(?P<coming> que viene| after next)?"
)
THE_DAY_AFTER = re.compile(r"\bthe (?:next |following )?day(?: after(?: that)?)?\b|\bal d[ií]a siguiente\b")


@dataclass
class Days:
    """The days named, in the words' order of preference, and whether a week later will do where one is over.

    `is_too_far`: something was named beyond the horizon; `is_past`: something that is over.
    """

    days: list[date] = field(default_factory=list)
    rolls_on: set[date] = field(default_factory=set)


def number_of(name: str) -> int:
    """0 for Monday, in English or Spanish, short or long."""
    return NAMES.index(name[:3]) if name[:3] in NAMES else SPANISH.index(name[:3].translate(PLAIN_VOWELS))


def excluded(text: str, today: date) -> tuple[str, Callable[[date], bool]]:
    """The text without what it rules out ("not monday"), and whether a day is ruled out."""
    weekdays: set[int] = set()
    dates: set[date] = set()
    for found in EXCLUDED.finditer(text):
        named = found["days"] or found["after"]
        weekdays |= {number_of(name) for name in re.findall(rf"\b({WEEKDAYS})s?\b", named)}
        dates |= {today + timedelta(days=1 if word[0] in "tm" and word != "today" else 0)
                  for word in re.findall(r"\b(?:today|tomorrow|hoy|ma[nñ]ana)\b", named)}  # fmt: skip
    return EXCLUDED.sub(" ", text), lambda day: day.weekday() in weekdays or day in dates


def days_in(text: str, local_now: datetime, horizon: int, before: date | None = None) -> Days | None:
    """The days that plain words name; None where they name none. `before` is what "the day after" follows."""
    today = local_now.date()
    whole = [today + timedelta(days=ahead) for ahead in range(horizon + 1)]
    monday = today - timedelta(days=today.weekday())
    if found := WEEK_FROM.search(text):
        return Days([_coming(found["day"] or found["day2"], today) + timedelta(days=7)])
    if found := FROM_ON.search(text):
        inclusive = found["inclusive"] or found["inclusive2"]
        first = _coming(inclusive or found["exclusive"], today)
        return Days([day for day in whole if day >= first + timedelta(days=0 if inclusive else 1)])
    if found := UP_TO.search(text):
        last = _coming(found["day"], today) - timedelta(days=0 if found["by"] else 1)
        return Days([day for day in whole if day <= last])
    if found := SPAN.search(text):
        first, last = number_of(found["first"]), number_of(found["last"])
        start = _coming(found["first"], today)
        if re.search(NEXT_WEEK, text):
            start = monday + timedelta(days=7 + first)
        elif (today.weekday() - first) % 7 <= (last - first) % 7:
            start = today  # we are in the middle of it
        end = start + timedelta(days=(last - start.weekday()) % 7)
        return Days([start + timedelta(days=n) for n in range((end - start).days + 1)])
    weekdays = list(WEEKDAY.finditer(text))
    if not weekdays:
        for pattern, weeks, (first, last) in WEEKS:
            if pattern.search(text):
                start = monday + timedelta(days=7 * weeks)
                return Days(
                    [start + timedelta(days=n) for n in range(first, last + 1) if start + timedelta(days=n) >= today]
                )
        if WORKDAYS.search(text):
            return Days([day for day in whole if day.weekday() < 5])
    if found := AHEAD.search(text):
        return Days([_ahead(found, today)])
    if found := RELATIVE.search(text):
        named = [today + timedelta(days={"two": 2, "zero": 0, "past": -1, "one": 1}[one.lastgroup or "one"])
                 for one in RELATIVE.finditer(text)]  # fmt: skip
        return Days(named if not weekdays else [*named, *_weekdays(weekdays, text, local_now, horizon).days])
    if found := DATE.search(text):
        dates = [day for one in DATE.finditer(text) if (day := _read(one[0], local_now))]
        return Days(dates) if dates else None
    if found := OF_MONTH.search(text):
        dates = [day for one in OF_MONTH.finditer(text) if (day := _of_month(int(one["day"] or one["day2"]), today))]
        return Days(dates) if dates else None
    if weekdays:
        return _weekdays(weekdays, text, local_now, horizon)
    if before and THE_DAY_AFTER.search(text):
        return Days([before + timedelta(days=1)])
    return None


def _weekdays(found: list[re.Match[str]], text: str, local_now: datetime, horizon: int) -> Days:
    today = local_now.date()
    made = Days()
    next_week = re.search(NEXT_WEEK, text)
    for one in found:
        day = _coming(one["weekday"], today)
        if one["coming"] == " after next":
            day += timedelta(days=7)
        elif next_week:
            day = today - timedelta(days=today.weekday()) + timedelta(days=7 + day.weekday())
        elif one["next"]:
            # "next tuesday" on a Monday: some mean tomorrow, some the week after. Both are offered, nothing is guessed.
            named = [day + timedelta(days=7)] if day == today else [day]
            if day != today and day.isocalendar().week == today.isocalendar().week:
                named.append(day + timedelta(days=7))
            made.days += named
            continue
        if one["many"] and not one["weekday"].endswith("s"):
            made.days += [day + timedelta(days=n) for n in range(0, horizon - (day - today).days + 1, 7)]
        else:
            made.days.append(day)
        made.rolls_on.add(day)
    return made


def _coming(name: str, today: date) -> date:
    """The coming day of that name, today included."""
    if name in ("tomorrow", "mañana", "manana"):
        return today + timedelta(days=1)
    if name == "today":
        return today
    return today + timedelta(days=(number_of(name) - today.weekday()) % 7)


def _ahead(found: re.Match[str], today: date) -> date:
    words, unit = found["count"] or found["count2"], found["unit"] or found["unit2"]
    count = int(words) if words.isdigit() else {"two": 2, "three": 3}.get(words, 2 if "couple" in words else 1)
    start = today + timedelta(days=1 if found["from"] == "tomorrow" else 0)
    return start + timedelta(days=count * (7 if unit.startswith(("week", "semana")) else 1))


def _of_month(number: int, today: date) -> date | None:
    """The next day of that number in a month."""
    for ahead in range(3):
        year, month = divmod(today.month - 1 + ahead, 12)
        try:
            day = date(today.year + year, month + 1, number)
        except ValueError:
            continue
        if day >= today:
            return day
    return None


def _read(words: str, local_now: datetime) -> date | None:
    read = dateparser.parse(
        words,
        languages=["en", "es"],
        settings={
            "RELATIVE_BASE": local_now.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "MDY",
        },
    )
    return read.date() if read else None
