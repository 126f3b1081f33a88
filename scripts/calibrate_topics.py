"""What the thresholds of clinic/answering.py give on the tenth of data/nlu that the encoder has not seen.

Runs in the engine: `engine/.venv/bin/python -m scripts.calibrate_topics`. Prints, for pairs of thresholds, the share
of questions that are answered rightly, clarified (the right topic among three), wrong, or left to the fallback; then
what `at_least` and `go_first` of config.yml find and cost. The held-out files play no part here.
"""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

from engine.graph.encoder import Encoder
from engine.graph.topics import TopicModel

ROOT = Path(__file__).resolve().parent.parent
ASKABLE = {"answer", "boundary"}
ANSWER_FROM = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
CLARIFY_FROM = (0.04, 0.06, 0.1)
BOUNDARY_FROM, OUT_OF_SCOPE_FROM, DOUBTED_FROM = 0.35, 0.35, 0.2  # as in clinic/answering.py


def examples() -> tuple[list[str], np.ndarray]:
    texts, intents = [], []
    for path in sorted((ROOT / "data/nlu").glob("*.yml")):
        [entry] = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in entry["examples"].splitlines():
            texts.append(line.strip().removeprefix("- "))
            intents.append(entry["intent"])
    return texts, np.array(intents)


def kinds() -> dict[str, str]:
    with (ROOT / "data/topics.tsv").open(encoding="utf-8", newline="") as file:
        return {row["topic"]: row["kind"] for row in csv.DictReader(file, delimiter="\t")}


def ranked(chances: np.ndarray, names: np.ndarray, config: dict) -> list[tuple[str, float]]:
    """As engine.graph.classifier orders them."""
    best = [(str(names[i]), float(chances[i])) for i in np.argsort(-chances)[:10]]
    sure = [one for one in best if one[1] >= config["at_least"].get(one[0], 0.0)]
    safer = [one for one in sure if one[1] >= config["go_first"].get(one[0], 2.0)]
    return (safer + [one for one in sure if one not in safer])[:5]


def outcome(ranking: list[tuple[str, float]], right: str, kind_of: dict[str, str], answer: float, ask: float) -> str:
    """As clinic.answering decides."""
    top, chance = ranking[0]
    kind = kind_of.get(top, "other")
    doubted = dict(ranking).get("out_of_scope", 0.0) >= DOUBTED_FROM
    said = (
        kind not in ASKABLE | {"smalltalk", "fallback"}
        or (kind == "boundary" and chance >= BOUNDARY_FROM)
        or (kind == "smalltalk" and chance >= answer)
        or (kind == "answer" and chance >= answer and not doubted)
    )
    if said:
        return "correct" if top == right else "wrong"
    offered = [name for name, one in ranking if one >= ask and kind_of.get(name) in ASKABLE][:3]
    if not offered or (top == "out_of_scope" and chance >= OUT_OF_SCOPE_FROM):
        return "correct" if right == "out_of_scope" else "fallback"
    return "clarified" if right in offered else "wrong"


def main() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"][0]
    model, encoder = TopicModel(config["penalty"], seed=42), Encoder(ROOT / config["encoder"])
    everything = examples()
    model.fit(*everything, encoder)
    intents, chances = model.on_unseen(*everything, encoder)
    names = model.intents
    print(f"weights of n-grams and encoder: {model.weights[0]:.2f}, {model.weights[1]:.2f}")
    print(f"{len(intents)} examples held back, top-1 {np.mean(names[chances.argmax(1)] == intents):.3f}")
    kind_of = kinds()
    rows = [index for index, intent in enumerate(intents) if intent in kind_of]
    rankings = {i: ranked(chances[i], names, config) for i in rows}
    print("answer  clarify  correct  clarified  wrong  fallback")
    for answer in ANSWER_FROM:
        for ask in CLARIFY_FROM:
            seen = Counter(outcome(rankings[i], intents[i], kind_of, answer, ask) for i in rows)
            shares = [seen[name] / len(rows) for name in ("correct", "clarified", "wrong", "fallback")]
            print(f"{answer:6.2f}  {ask:7.2f}  " + "  ".join(f"{share:8.3f}" for share in shares))
    for intent in config["at_least"]:
        column = list(names).index(intent)
        taken = [i for i in range(len(intents)) if chances[i].argmax() == column]
        for least in (0.0, 0.2, 0.3, 0.4, 0.5):
            kept = [i for i in taken if chances[i, column] >= least]
            right = sum(intents[i] == intent for i in kept)
            print(
                f"{intent} at least {least:.1f}: {right} of {sum(intents == intent)} found, {len(kept) - right} others"
            )
    for intent in config["go_first"]:
        column = list(names).index(intent)
        for first in (0.2, 0.25, 0.3, 0.35, 0.4):
            more = [i for i in range(len(intents)) if chances[i, column] >= first and chances[i].argmax() != column]
            right = sum(intents[i] == intent for i in more)
            print(f"{intent} first from {first:.2f}: {right} more found, {len(more) - right} others")


if __name__ == "__main__":
    main()
