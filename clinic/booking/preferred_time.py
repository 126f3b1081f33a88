"""Free words for a time ("tomorrow morning", "thurs after 3", "el lunes por la tarde") as a window.

dateparser reads the day and the hour; the parts of the day, "after", "before" and the call hours are rules here.
Windows are aware datetimes in the clinic's zone, whole minutes, end after start.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import dateparser

from clinic.errors import InvalidInput
from clinic.settings import ClinicInfo

HORIZON_DAYS = 30  # requests further ahead are refused; a later slot calendar replaces this
SHORTEST_CALL = timedelta(minutes=15)  # an overlap with the call hours shorter than this is no time for a call
EXACT_WINDOW = timedelta(minutes=30)  # "at 10" is taken as 10:00 to 10:30

MORNING, AFTERNOON, EVENING = (time(6), time(12)), (time(12), time(17)), (time(17), time(21))
PARTS_OF_DAY = (
    (r"\b(early morning|mornings?|(?:(?:por|en|de) la|esta) ma[nñ]ana|before noon)\b", MORNING),
    (r"\b(afternoons?|(?:(?:por|en|de) la|esta) tarde|after (?:work|school|lunch|noon))\b", AFTERNOON),
    (r"\b(lunch ?time|lunch|noon|midday|mediod[ií]a)\b", (time(12), time(13))),
    (r"\b(evenings?|tonight|at night|nights?|(?:(?:por|en|de) la|esta) noche)\b", EVENING),
)
WEEKDAYS = (
    r"mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo"
)
MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    r"|diciembre)"
)
TOMORROW = r"tomm?orr?ow|tmrw?|ma[nñ]ana"
RELATIVE_DAYS = rf"day after (?:{TOMORROW})|pasado ma[nñ]ana|today|tonight|hoy|yesterday|ayer|{TOMORROW}"
DAYS_AHEAD = {"today": 0, "tonight": 0, "hoy": 0, "yesterday": -1, "ayer": -1}
THIS_PART = re.compile(r"\btonight\b|\b(?:this|esta)(?= (?:morning|afternoon|evening|ma[nñ]ana|tarde|noche)\b)")
NOON_AS_HOUR = re.compile(r"\b(between|from|and|to|till|until|y) (?:el )?(?:noon|midday|mediod[ií]a)\b")
NUMERIC_DATE = r"\d{1,2}/\d{1,2}(?:/\d{2,4})?"
DAY = re.compile(
    rf"\b(?P<relative>{RELATIVE_DAYS})\b"
    rf"|\b(?P<next>next |pr[oó]ximo )?(?P<weekday>{WEEKDAYS})s?\b"
    rf"|\b(?P<date>{MONTHS}\.? \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}} (?:de )?{MONTHS}|{NUMERIC_DATE})\b"
    rf"|\b(?P<ahead>in \d{{1,2}} (?:days?|weeks?)|en \d{{1,2}} (?:d[ií]as?|semanas?))\b"
)
# "3", "3pm", "15:30"; a number that goes on with / or - belongs to a date or a phone number.
HOUR = r"(?P<{0}>\d{{1,2}}(?::\d{{2}}|(?=\s*[ap]\.?m)|(?=\s*o.?clock)|\b(?![/\d-]))\s*(?:[ap]\.?m\.?)?)"
START, END, HOUR = HOUR.format("start"), HOUR.format("end"), HOUR.format("hour")
RANGE = re.compile(rf"\b(?:between|from|entre|de)\s+(?:las )?{START}\s*(?:and|to|till|until|y|a|-)\s*(?:las )?{END}")
SPAN = r"\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\b\.?)?"
BARE_RANGE = re.compile(rf"(?<![\d/:.-])(?P<start>{SPAN})\s*(?:-|–|to|a)\s*(?P<end>{SPAN})(?![\d/:-])")
AFTER = re.compile(rf"\b(?:after|past|any ?time after|from|despu[eé]s de|a partir de)\s+(?:las? )?{HOUR}")
BEFORE = re.compile(rf"\b(?:before|by|until|till|antes de)\s+(?:las? )?{HOUR}")
BARE = r"(?P<bare>\d{1,2}(?::\d{2})?\s*[ap]\.?m\b\.?|\d{1,2}:\d{2}|\d{1,2}(?=\s?o.?clock))"
AT = re.compile(rf"(?:\b(?:at|around|about|@|a las?)\s*){HOUR}|\b{BARE}")
ANY_TIME = re.compile(
    r"\b(any ?time|whenever|any (?:week ?)?day|next working day|as soon as possible|asap"
    r"|cualquier (?:hora|d[ií]a)|cuando sea|lo antes posible|cuanto antes)\b"
)


@dataclass(frozen=True)
class Window:
    """From when to when a call suits; both in the clinic's zone."""

    starts_at: datetime
    ends_at: datetime


def parse_window(words: str, *, now: datetime, clinic: ClinicInfo) -> Window:
    """The first window within the call hours that the words allow.

    Raises InvalidInput with reason time_unclear, time_past, time_closed or time_too_far.
    """
    text = NOON_AS_HOUR.sub(r"\1 12pm", re.sub(r"\s+", " ", words.lower()).strip())
    local_now = now.astimezone(clinic.zone)
    rest, part = _part_of_day(text)
    wanted_hours = _hours(rest) or part
    day, rolls_on = _day(rest if part else text, local_now)
    if day is None:
        if wanted_hours is None and not ANY_TIME.search(text):
            raise InvalidInput("time_unclear")
        return _next_open(wanted_hours, local_now, clinic)
    if day > local_now.date() + timedelta(days=HORIZON_DAYS):
        raise InvalidInput("time_too_far")
    if day < local_now.date():
        raise InvalidInput("time_past")
    window = _on(day, wanted_hours, local_now, clinic)
    if window is None and rolls_on:
        window = _on(day + timedelta(days=7), wanted_hours, local_now, clinic)
    if window is None:
        raise InvalidInput("time_past" if _is_over(day, wanted_hours, local_now, clinic) else "time_closed")
    return window


def find_window(words: str, *, now: datetime, clinic: ClinicInfo) -> Window | None:
    """As parse_window, for a sentence that may hold no time at all: then None."""
    try:
        return parse_window(words, now=now, clinic=clinic)
    except InvalidInput:
        return None


def _part_of_day(text: str) -> tuple[str, tuple[time, time] | None]:
    for pattern, hours in PARTS_OF_DAY:
        if re.search(pattern, text):
            return re.sub(pattern, " ", THIS_PART.sub("today", text)), hours
    return text, None


def _hours(text: str) -> tuple[time, time] | None:
    if found := RANGE.search(text) or _bare_range(text):
        start, end = _clock(found["start"]), _clock(found["end"])
        if start and end and end <= start and end.hour < 12 and not re.search(r"[ap]", found["end"]):
            end = end.replace(hour=end.hour + 12)  # "between 5 and 9": both in the evening
        return (start, end) if start and end and start < end else None
    if (found := AFTER.search(text)) and (hour := _clock(found["hour"])):
        return hour, time(23, 59)
    if (found := BEFORE.search(text)) and (hour := _clock(found["hour"])):
        return time(0), hour
    if (found := AT.search(text)) and (hour := _clock(found["hour"] or found["bare"])):
        end = (datetime.combine(date.min, hour) + EXACT_WINDOW).time()
        return (hour, end) if end > hour else None
    return None


def _bare_range(text: str) -> re.Match[str] | None:
    """ "tomorrow 2-4", "1pm to 3"; without a day, am, pm or minutes two numbers may be anything."""
    found = BARE_RANGE.search(DAY.sub(" ", text))
    return found if found and (DAY.search(text) or re.search(r"\d\s*[ap]\.?m|:", found[0])) else None


def _clock(words: str) -> time | None:
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


def _day(text: str, local_now: datetime) -> tuple[date | None, bool]:
    """The day meant, and whether the same weekday a week on will do where it is over."""
    found = DAY.search(text)
    if not found:
        return None, False
    words = found.group(0).strip()
    if found["weekday"]:
        name = found["weekday"]
        day = _read(name[:3] if re.fullmatch(r"tues?|thurs?|weds", name) else name, local_now)
        if day is None:
            return None, False
        if day == local_now.date() and found["next"]:
            day += timedelta(days=7)
        return day, True
    if found["relative"]:
        ahead = DAYS_AHEAD.get(words, 2 if words.startswith(("day after", "pasado")) else 1)
        return local_now.date() + timedelta(days=ahead), False
    return _read(words, local_now), False


def _read(words: str, local_now: datetime) -> date | None:
    """dateparser's reading; a weekday is the coming one, today included."""
    yesterday = local_now - timedelta(days=1) if re.fullmatch(WEEKDAYS, words) else local_now
    read = dateparser.parse(
        words,
        languages=["en", "es"],
        settings={
            "RELATIVE_BASE": yesterday.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "MDY",
        },
    )
    return read.date() if read else None


def _open_hours(day: date, clinic: ClinicInfo) -> tuple[time, time] | None:
    return clinic.call_hours.get(day.strftime("%A").lower())  # type: ignore[arg-type]


def _on(day: date, wanted: tuple[time, time] | None, local_now: datetime, clinic: ClinicInfo) -> Window | None:
    """The wanted hours within that day's call hours and after now; None where nothing useful is left."""
    hours = _open_hours(day, clinic)
    if hours is None:
        return None
    start, end = (max(hours[0], wanted[0]), min(hours[1], wanted[1])) if wanted else hours
    starts_at = datetime.combine(day, start, clinic.zone)
    ends_at = datetime.combine(day, end, clinic.zone)
    if day == local_now.date():
        starts_at = max(starts_at, local_now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return Window(starts_at, ends_at) if ends_at - starts_at >= SHORTEST_CALL else None


def _is_over(day: date, wanted: tuple[time, time] | None, local_now: datetime, clinic: ClinicInfo) -> bool:
    hours = _open_hours(day, clinic)
    last = min(wanted[1], hours[1]) if wanted and hours else (wanted or hours or (None, time(23, 59)))[1]
    return day == local_now.date() and datetime.combine(day, last, clinic.zone) - SHORTEST_CALL <= local_now


def _next_open(wanted: tuple[time, time] | None, local_now: datetime, clinic: ClinicInfo) -> Window:
    for ahead in range(HORIZON_DAYS):
        if window := _on(local_now.date() + timedelta(days=ahead), wanted, local_now, clinic):
            return window
    raise InvalidInput("time_closed")
