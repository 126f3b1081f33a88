"""Questions that a person in danger asks about police, parents, doctor and secrecy, typed in English or Spanish."""

import re

from clinic.handoff.plain_words import one_line, plain_words

READ = 2_000  # characters, as long as a message may be
WHOM = one_line(
    """(?:police|cops?|sheriff|law enforcement|authorities|911|988|ambulance|emt|paramedics|cps|dcfs|social services
    |(?:welfare|wellness) check|parents?|mom|mum|mother|dad|father|family|husband|wife|partner|boyfriend|girlfriend|kids
    |school|teachers?|counselor|doctors?|dr|psychiatrist|therapist|provider|insurance|boss|employer|my work|my job|army
    |command|anyone|anybody|someone|somebody)"""
)
TELL = one_line(
    """(?:call|calling|tell|telling|notify|notifying|alert|alerting|inform|contact|contacting|report|reporting|send
    |sending|text|share|rat)"""
)
LEARN = one_line(
    """(?:know|see|read|find out|hear about|hear of|learn|(?:be|get) (?:told|called|notified|contacted)|come|show up
    |get a call|get this|have access|access|coming|called|told|notified)"""
)
A_QUIEN = one_line(
    """(?:policia|autoridades|911|ambulancia|padres|papas|mama|papa|madre|padre|mami|papi|familia|esposo|esposa|marido
    |pareja|novio|novia|escuela|maestros?|doctora?|medico|medica|psiquiatra|terapeuta|psicologa?|seguro|jefe|jefa|trabajo
    |alguien|nadie|migracion|la migra)"""
)
DECIR = one_line(
    """(?:llamar|llaman?|llamaran?|llamen|avisar|avisan?|avisaran?|avisen|decir|decirles?|decirselo|diran?|dicen?|digan?
    |contar|contarles?|contaran?|cuenten?|informar|informan?|reportar|reportan?|denunciar|mandar|mandan?|mandaran?|enviar
    |envian?)"""
)
ENTERARSE = "se (?:van? a )?entera(?:r|n|ran?)?"
PATTERNS = (
    # will you call the police; are you going to tell my mom; you're not gonna report this to anyone
    rf"""\b(?:will|would|can|could|do|are|did|have|if|must|should|gonna|going to|might|required to)
    \s(?:you|u|ya|they|this|it|the clinic|staff)\b(?: \w+){{0,4}}? {TELL}\b(?: \w+){{0,4}}? {WHOM}\b""",
    rf"""\b(?:you|u|they)(?:re| are)? (?:not )?(?:gonna|going to|will|wont|have to|required to)(?: \w+){{0,2}}? {TELL}\b
    (?: \w+){{0,3}}? {WHOM}\b""",
    r"\b(?:do|will|are|must|can) (?:you|u|they)\b(?: \w+){0,3}? (?:report|reporting) (?:this|me|it|that)\b",
    # don't tell my wife
    rf"\b(?:dont|do not|never|cant|cannot|wont) (?:you )?(?:ever )?{TELL}\b(?: \w+){{0,3}}? {WHOM}\b",
    # will my parents find out; are the cops coming; does my doctor see this
    rf"\b(?:will|does|do|can|could|is|are|would) (?:my |the |any |his |her )*{WHOM}(?: \w+){{0,3}}? {LEARN}\b",
    # who reads this; is this chat private; confidential?
    r"""\bwho(?: else)? (?:\w+ ){0,2}?(?:reads?|sees?|gets?|knows?|hears?|told|tell|access)\b(?: \w+){0,3}?
    \s(?:this|it|these|chat|that|what)\b""",
    r"""\b(?:is|are|does|will|do) (?:\w+ ){0,2}?(?:this|it|that|chat|conversation|messages?|everything|i|we)\b
    (?: \w+){0,4}? (?:confidential|private|anonymous|a secret|secret|between us|just us)\b""",
    r"^(?:confidential|private|anonymous|confidentiality)$",
    # ¿van a llamar a la policía?; ¿le dicen a mis padres?; no se lo digan a nadie
    rf"""\b(?:van?|vas|pueden?|puedes|tienen?|tienes|usted|ustedes|tu|me|les?|se lo|lo|si)\b(?: \w+){{0,4}}? {DECIR}\b
    (?: \w+){{0,4}}? {A_QUIEN}\b""",
    rf"^(?:y )?{DECIR} (?:\w+ ){{0,3}}?{A_QUIEN}\b",
    rf"\bno (?:\w+ ){{0,2}}?{DECIR} (?:\w+ ){{0,3}}?{A_QUIEN}\b",
    # ¿se van a enterar mis padres?; ¿quién lee esto?; ¿es confidencial?
    rf"\b{A_QUIEN}\b(?: \w+){{0,3}}? (?:{ENTERARSE}|van? a saber|lo sabran?|pueden? (?:ver|leer))\b",
    rf"\b{ENTERARSE}\b(?: \w+){{0,3}}? {A_QUIEN}\b",
    r"\bqui(?:en|enes) (?:\w+ ){0,3}?(?:lee|leen|ve|ven|leer|ver|sabe|enterar)\b",
    r"""\b(?:es|sera|son|esto|queda|chat|todo)\b(?: \w+){0,3}?
    \s(?:confidencial|privad[oa]|anonim[oa]|secret[oa]|entre nosotros)\b""",
)


QUESTIONS = [re.compile(one_line(pattern)) for pattern in PATTERNS]


def asks_who_is_told(text: str) -> bool:
    """Whether the message asks who hears of it, or asks that somebody be told or not told."""
    said = plain_words(text[:READ])
    return any(question.search(said) for question in QUESTIONS)
