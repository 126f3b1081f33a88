"""What a visitor's words say to the one safety question of a crisis reply, in English and Spanish.

A yes may have anything behind it ("yes but can i drive after"). A no is only read where it is clearly one: "no one
cares" and "no puedo dormir" answer nothing. Where the evidence is even it is a yes; only `no` changes nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from clinic.handoff.plain_words import one_line, plain_words


class Question(StrEnum):
    """The names are keys of data/protocol.yml's texts."""

    directly = "ask_directly"
    already = "ask_already"


class Answer(StrEnum):
    """`not_yet` is "not yet" or "thinking about it": nothing was done, and it is no denial."""

    yes = "yes"
    unsure = "unsure"
    not_yet = "not_yet"
    no = "no"


@dataclass(frozen=True)
class Reading:
    """`bare`: nothing else was said, so there is nothing more to answer."""

    answer: Answer
    bare: bool = False


LEAD = one_line(
    r"""(?:(?:well|u+m+|u+h+|h+m+|honestly|tbh|to be honest|truthfully|i mean|so|like|lol|oh|ugh|omg|god|sorry|im sorry
    |pues|bueno|eh+|este|la verdad|honestamente|perdon|ay) )*"""
)


def begins(pattern: str) -> re.Pattern[str]:
    """Matches plain words that begin so, after a word or two that only lead up to it."""
    return re.compile(rf"{LEAD}(?:{one_line(pattern)})\b")


SOFT = one_line(
    """maybe|perhaps|possibly|probably|kind of|kinda|sort of|sorta|mostly|almost|nearly|sometimes|a little(?: bit)?
    |a bit|a few|i guess(?: so)?|i suppose(?: so)?|i think so|i think i (?:am|do|did|have|might)|i believe so
    |i (?:might|may|could)|might be|could be|more or less|it depends|depends
    |quizas?|tal ?vez|a lo mejor|puede(?: ser)?(?: que si)?|posiblemente|probablemente|un po(?:co|quito)|poquito|algo
    |a veces|mas o menos|creo que si|supongo(?: que si)?|depende|casi"""
)
# Behind it comes more of the same, or a turn ("maybe but …"); "a little tired" and "i might call" are no answers.
UNSURE = begins(
    rf"""(?:{SOFT})(?: (?:{SOFT}|(?:but|pero|and|y|idk|i dont know|no se|not sure|yes|yeah|si)\b.*
    |i (?:am|do|dont|did|have|think|thought|took|want)\b.*|have|be|been|do|of|it|that|so|too|some|a few|both|something
    |everything|honestly|actually|lately|today|tonight|now|lol|sorry|a lot|mucho|la verdad|hoy|ultimamente))*$"""
)
DOUBT = begins(
    r"""(?:idk|(?:i )?dont know|(?:im )?not (?:so |really |too |entirely )?sure|unsure|no idea|not exactly|hard to say
    |no (?:lo )?se|no estoy segur[oa]|no exactamente|ni idea|no sabria)
    (?=$| (?:anymore|but|maybe|honestly|really|sorry|man|tbh|what to say|if i (?:am|did|do|have|want)
    |pero|la verdad|bien)\b)
    |(?:yes|yeah|si) (?:and|y) no"""
)
NOT_YET = begins(
    r"""(?:no )?(?:not yet|todavia no|aun no)|no (?:todavia|aun|yet)
    |(?:no )?(?:i )?(?:havent|have not|didnt|did not)(?: \w+){0,3} yet
    |(?:no )?(?:i(?:m|ve)? |have |been |just |only |always |do )*
    (?:think|thinking|thought|considering|considered|planning)(?: \w+)? (?:about |of |on )?(?:it|that|doing it)
    |(?:solo |ya )?lo (?:he pensado|estoy pensando|pienso|pense)|pensandolo
    |(?:solo |ya )?(?:estoy |he estado )?(?:pensando|pienso) en (?:eso|ello|hacerlo)"""
)
PLAIN_NO = "(?:no+|nope+|nop|nah+|naw)"
NO = begins(
    f"""{PLAIN_NO}|n|never|none|nothing|neither|not|of course not|absolutely not|definitely not|hell no|im not
    |(?:i )?(?:am not|do not|did not|have not|dont|didnt|havent|wasnt|wouldnt|would never)
    |nunca|jamas|para nada|en absoluto|nada|ninguna?|negativo|tampoco|claro que no|por supuesto que no|ya no"""
)
YES_THAT_DENIES = begins("(?:yeah|yea|ya) (?:no+|nah)")  # "ya no" is "not any more"
# A no is bare where all of it is made of these.
DENIAL_WORDS = """
no noo nope nop nah naw n not never none nothing neither of course absolutely definitely hell god way i im am ive
dont do did didnt have havent havnt wasnt would wouldnt that it this those these anything anyone any at all really
to or and either done doing taken took take hurt hurting harmed cut myself me kill killing die dying suicidal
thinking thought think about now today tonight right anymore more like promise swear sorry thanks thank you ok okay
fine good safe just only sad tired yeah ya yea well um uh oh lol honestly something else so
nada nunca jamas para en absoluto ninguno ninguna negativo tampoco claro que por supuesto he tomado tome hecho hice
dano lo eso estoy pensando pienso matarme morir morirme suicidarme quiero yo de ahora hoy mas solo bien triste
cansado cansada gracias perdon senor senora aun se lastimado lastime
"""
DENIAL = frozenset(DENIAL_WORDS.split())
NO_AND_MORE = re.compile(
    rf"^\W*{PLAIN_NO}\s*(?:[,.;:!\n–—-]|(?:but|pero|i|im|ive|i'm|i've|thanks|thank|gracias|just|solo|can|could|how|what"
    r"|will|is|does|do|when|where|why)\b)",
    re.IGNORECASE,
)
TAKEN_BACK = re.compile(
    one_line(
        rf"""\b(?:maybe|kind of|kinda|sort of|yes|quizas?|tal ?vez|un po(?:co|quito)|a (?:little|bit))$
        |\b(?:but|pero|well|or|though|aunque|except)(?: \w+)?
        (?: (?:{SOFT}|yes)\b| i (?:did|do|have|want)\b| (?:think|thought) about\b| lo pens\w+)"""
    )
)
YES = begins(
    """yes+|yeah*|yeh+|yea+h*|yep+|yup+|yah+|yas+|yessir|uh huh|m+ ?h+m+|affirmative|thats a yes|id say yes|afirmativo
    |claro que si|por supuesto que si"""
)
# "si" without its accent is also "if": "si tomo ketamina, puedo manejar".
SURE_SI = re.compile(r"^\W*(?:sí+|s[ií]+(?:\s*$|\s*[,.;!]))", re.IGNORECASE)
SI_GOES_ON = begins("si+ (?:pero|y|lo|ya|he|un|mucho|claro|creo|tod[oa]s?|muchas|siempre|a veces|senora?|la verdad)")
ASKS = re.compile(r"\?|\b(?:puedo|puede|podr[ií]a|debo)\b")
TAIL = one_line(
    """(?: (?:yes|yeah|it|that|this|so|already|just|sometimes|a little|a bit|some|both|now|today|tonight|yesterday
    |earlier|always|often|a lot|been|every ?day|all the time|actually|honestly|sadly|si|ya|hoy|todos los dias|anoche
    |ayer))*$"""
)
BARE_YES = begins(
    rf"""(?:y|ye|ya|aye|sip|simon|aja|afraid so|unfortunately|por desgracia|lamentablemente|desgraciadamente|sure
    |right|true|correct|exactly|definitely|absolutely|of course|obviously|certainly|totally|already
    |both|always|constantly|often|every ?day|all the time|a lot|very much|i (?:am|do|did|have|was)
    |i already (?:did|have)|i just did|(?:already|just) did|claro|por supuesto|obvio|exacto|correcto|cierto
    |asi es|efectivamente|desde luego|las dos(?: cosas)?|ambas|siempre|mucho
    |todo el tiempo|todos los dias|cada dia){TAIL}
    |ya i|ya but|(?:ya |si )*(?:lo hice|me (?:tome|corte|lastime|hice dano)|tome|trague)(?: \w+){{0,3}}$"""
)
WANTS = begins("(?:i )?(?:really |kinda |just )*(?:want to|wanna|wish(?: i could)?)$|(?:quiero|quisiera)(?: hacerlo)?$")
TOOK = begins(
    r"""(?:i )?(?:just |already |have |ive )*(?:took|taken|swallowed|drank|cut|hurt|burned)
    (?=$| (?:it|them|something|some|pills|all|too|a few|a bunch|a lot|everything|my meds|myself
    |my (?:arms?|wrists?|legs?)|\d+)\b)
    |(?:some |a few |all my |my |lots of |too many |unas |muchas |mis )?(?:pills|meds|tablets|pastillas|medicinas)$"""
)
# The offer of a call stands in the same reply: this takes it up, and does not answer the question.
WANTS_A_CALL = re.compile(
    r"^(?:yes+|yeah|yep|sure|ok|okay|si+|claro)(?: please| por favor)?"
    r"(?: (?:you|they|someone|somebody|a person) (?:can|may|could))?"
    r"(?: (?:please )?(?:call|phone|text|ring) me| (?:pueden?|podrian?) llamarme| me (?:pueden?|podrian?) llamar"
    r"| llamen?me)?"
    r"(?: (?:back|now|today|tonight|tomorrow|soon|later|please|ahora|hoy|manana|pronto|por favor))*$"
)
SIGNS = {Answer.no: "👎❌🙅🚫", Answer.yes: "✅✔💯☑", Answer.unsure: "👍🤷😐"}
SHORT = 6  # words; a longer "maybe you could tell me …" is about something else


def read_answer(text: str, question: Question) -> Reading | None:
    """None where the message does not answer the question."""
    said = re.sub(r"(.)\1{2,}", r"\1\1", plain_words(text))  # "noooo" is "noo"
    if not said:
        return _sign(text)
    if " " in said and WANTS_A_CALL.match(said):
        return None
    asks = "?" in text
    short = len(said.split()) <= SHORT and not asks
    if DOUBT.match(said):
        return Reading(Answer.unsure)
    if NOT_YET.match(said) and not asks:
        return Reading(Answer.not_yet)
    if YES_THAT_DENIES.match(said):
        return _denial(text, said)
    if _affirms(text, said, question, short):
        return Reading(Answer.yes)
    if NO.match(said):
        if len(said.split()) <= SHORT + 2 and TAKEN_BACK.search(said.partition(" ")[2]):
            return Reading(Answer.unsure)
        return _denial(text, said)
    if UNSURE.match(said):
        return Reading(Answer.unsure)
    return None


def _affirms(text: str, said: str, question: Question, short: bool) -> bool:
    if YES.match(said) or SURE_SI.match(text) or BARE_YES.match(said):
        return True
    if SI_GOES_ON.match(said) and not ASKS.search(text.casefold()):
        return True
    if short and re.search(r"\b(?:yes|yeah|yep|que si)$", said) and not NO.match(said):
        return True  # "if i'm honest, yes"
    return bool((WANTS if question is Question.directly else TOOK).match(said)) and "?" not in text


def _denial(text: str, said: str) -> Reading | None:
    if "?" not in text and DENIAL.issuperset(said.split()):
        return Reading(Answer.no, bare=True)
    return Reading(Answer.no) if NO_AND_MORE.match(text) else None


def _sign(text: str) -> Reading | None:
    """An answer of emoji alone."""
    return next((Reading(answer, bare=True) for answer, signs in SIGNS.items() if set(signs) & set(text)), None)
