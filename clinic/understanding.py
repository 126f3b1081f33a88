"""What was understood of a message: Rasa's ranking, and how it is read in the light of the conversation."""

from dataclasses import dataclass, field

from clinic.library import Library

# Shares of what is left of a follow-up's ranking once `follow_up` is set aside. "and how long?" after side effects: the
# best of the related topics needs the first, one that leads nowhere from here needs the second.
RELATED_FROM = 0.25
UNRELATED_FROM = 0.7


@dataclass(frozen=True)
class Understood:
    """Rasa's reading of a message: intents with their probabilities, best first.

    `questions` are the readings of its single questions, in their order, where it asks more than one.
    """

    ranking: list[tuple[str, float]]
    questions: list["Understood"] = field(default_factory=list)

    @property
    def intent(self) -> str:
        return self.ranking[0][0] if self.ranking else "out_of_scope"

    @property
    def confidence(self) -> float:
        return self.ranking[0][1] if self.ranking else 0.0

    def chance(self, intent: str) -> float:
        """The probability of an intent, 0 where it is not among the likeliest."""
        return dict(self.ranking).get(intent, 0.0)


def lean(understood: Understood, last_topic: str, book: Library) -> str | None:
    """The topic that a follow-up ("and at home?") turns to from the last one; None where it asks for more of that.

    It never turns to a boundary: "tell me more" leaves a little of dosing, and nothing else that can be answered.
    """
    left = [(topic, chance) for topic, chance in understood.ranking if topic != "follow_up"]
    total = sum(chance for _, chance in left)
    near = {last_topic, *book.answers[last_topic].related}
    for topic, chance in left:
        if topic not in book.topics or book.topics[topic].kind != "answer":
            continue
        if chance / total >= (RELATED_FROM if topic in near else UNRELATED_FROM):
            return None if topic == last_topic else topic
    return None
