"""Whether a writer says that they are under 18. Only their own words count; nothing is guessed."""

import re

ADULT = 18
YOUNGEST = 8
I_AM = r"\b(?:i\s?['’]?\s?m|i\ am)\s+"
SOFTLY = r"(?:(?:only|just|still|a|like|almost|turning)\s+)*"
OWN_AGE = [
    re.compile(pattern, re.IGNORECASE | re.VERBOSE)
    for pattern in (
        rf"{I_AM}{SOFTLY}(\d{{1,2}})\b(?P<then>[^.?!,]{{0,14}})",  # im 16, I'm only 15 yrs old
        r"\b(?:my\ age\ is|age[:=]?|as\ a)\s*(\d{1,2})\b(?P<then>[^.?!,]{0,14})",
        r"^\s*(\d{1,2})\s*(?:y/?o|years?\ old|yrs?\ old)\b",
        r"\b(\d{1,2})\s*(?:y/?o|yr\ old|year\ old)\s*(?:girl|boy|kid|teen|[mf])?\s+here\b",
        r"\btengo\s+(?:solo\s+|apenas\s+)?(\d{1,2})\s+a[ñn](?:it)?os\b",
    )
]
# "i'm 16 weeks pregnant", "i'm 10 sessions in", "i am 14 days sober"
NOT_YEARS = re.compile(
    r"""^\s*(?:%|st\b|lbs?|pounds|kg|cm|ft|feet|min|hours?|hrs?|days?|weeks?|wks?|months?|out\ of|/|:|am\b|pm\b
    |sessions?|infusions?|treatments?|shots?|d[ií]as|semanas|meses|sesiones)""",
    re.IGNORECASE | re.VERBOSE,
)
IN_WORDS = re.compile(
    rf"""{I_AM}{SOFTLY}(?:minor|teen(?:ager)?|under\s*(?:18|age)|underage|not\s+(?:yet\s+)?18
        |in\s+(?:middle|high)\s*school|in\s+(?:7|8|9|10|11|12)th\s+grade
        |(?:freshman|sophomore)\s+in\s+(?:high\s*school|hs)
        |thirteen|fourteen|fifteen|sixteen|seventeen)\b
    |\bsoy\s+(?:menor(?:\s+de\s+edad)?|adolescente)\b
    |\b(?:voy|estoy)\s+en\s+(?:la\s+)?(?:secundaria|preparatoria|prepa)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def says_minor(text: str) -> bool:
    """True where the writer gives an own age below 18, or says it in words; English and Spanish."""
    if IN_WORDS.search(text):
        return True
    for pattern in OWN_AGE:
        for found in pattern.finditer(text):
            behind = found.groupdict().get("then") or ""
            if YOUNGEST <= int(found[1]) < ADULT and not NOT_YEARS.match(behind):
                return True
    return False
