"""Questions about police, parents, doctor and secrecy are heard; other questions are left to Rasa."""

import pytest

from clinic.handoff.who_is_told import asks_who_is_told


@pytest.mark.parametrize(
    "text",
    [
        "will you call the police",
        "Will you call the cops on me?",
        "are you going to tell my parents",
        "are u gonna tell my mom",
        "do you have to report this",
        "will my mom find out",
        "can my parents see this",
        "are the cops coming",
        "is this confidential?",
        "is this chat private",
        "does my doctor see this",
        "will you tell my doctor",
        "please don't call the police",
        "dont tell anyone",
        "don't tell my wife",
        "who can read this",
        "who sees this chat",
        "does this stay between us",
        "are you gonna send someone to my house? will the police come",
        "if i say yes will you call the police",
        "can you call 911 for me",
        "will you tell anybody",
        "do you report this to anyone",
        "you won't tell my dad right",
        "will this get sent to my school? will my school know",
        "¿Van a llamar a la policía?",
        "van a decirle a mis padres",
        "le van a avisar a mi mamá?",
        "es confidencial?",
        "¿esto es privado?",
        "quién lee esto",
        "no llamen a la policía",
        "no le digan a nadie",
        "mis padres se van a enterar?",
        "le dirán a mi doctor?",
        "puede mi doctor ver esto? se va a enterar mi familia",
        "me van a mandar a la policia",
        "will you notify my psychiatrist",
        "are you going to report me",
        "will someone come to my house, will cops show up",
        "will the clinic call the police",
        "does anybody else read this",
        "can this be anonymous, are my messages private",
        "yes but will you call the police",
    ],
)
def test_who_asks_who_hears_of_it_is_heard(text: str) -> None:
    assert asks_who_is_told(text)


@pytest.mark.parametrize(
    "text",
    [
        "how does ketamine work",
        "should i tell my doctor about my meds",
        "can i call the clinic tomorrow",
        "do i need a therapist",
        "will my doctor prescribe ketamine",
        "can someone call me tomorrow",
        "what do you charge",
        "can you tell me about side effects",
        "can you tell me how people feel after",
        "does insurance cover it",
        "can my husband drive me home",
        "do i need my parents to come",
        "puedo manejar despues",
        "puede decirme cuanto cuesta",
        "me puede decir los efectos",
        "quiero que me llamen",
        "can you send me the address",
        "do people see results",
        "can i talk to a doctor",
        "is there someone i can talk to",
        "call me",
        "my mom told me about ketamine",
        "are you a doctor",
        "is the room private",
        "who is the doctor",
        "do you treat police officers",
        "el doctor puede verme manana?",
        "do you share a parking lot with others",
        "can you tell me if people work after",
    ],
)
def test_another_question_is_not_taken_for_it(text: str) -> None:
    assert not asks_who_is_told(text)
