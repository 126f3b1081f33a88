"""What the thresholds of clinic/answering.py give on 5-fold predictions of data/nlu.

Runs in the engine: `engine/.venv/bin/python -m scripts.calibrate_topics`. Prints, for pairs of thresholds, the share
of questions that are answered rightly, clarified (the right topic among three), wrong, or left to the fallback.
The held-out files play no part here.
"""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import yaml
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from engine.graph.classifier import LinearTopics
from engine.graph.encoder import SentenceEncoder

ROOT = Path(__file__).resolve().parent.parent
ASKABLE = {"answer", "boundary"}
ANSWER_FROM = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
CLARIFY_FROM = (0.04, 0.06, 0.08, 0.12)


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


def outcome(
    chances: np.ndarray, names: np.ndarray, right: str, kind_of: dict[str, str], answer: float, ask: float
) -> str:
    """As clinic.answering decides."""
    best = np.argsort(-chances)[:5]
    top = names[best[0]]
    kind = kind_of.get(top, "other")
    if kind not in ASKABLE | {"smalltalk"} or chances[best[0]] >= answer:
        return "correct" if top == right else "wrong"
    offered = [names[i] for i in best if chances[i] >= ask and kind_of.get(names[i]) in ASKABLE][:3]
    if not offered:
        return "correct" if right == "out_of_scope" else "fallback"
    return "clarified" if right in offered else "wrong"


def main() -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"][1]
    texts, intents = examples()
    encoder = SentenceEncoder(threads=2)
    vectors = np.vstack([encoder.encode([text]) for text in tqdm(texts, desc="encoding")])
    kind_of = kinds()
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(vectors, intents)
    chances, names = None, None
    for fit_on, ask in tqdm(list(folds), desc="folds"):
        model = LinearTopics(config["penalty"], config["ngram_weight"], seed=42)
        model.fit([texts[i] for i in fit_on], vectors[fit_on], intents[fit_on])
        if chances is None:
            names = model.intents
            chances = np.zeros((len(texts), len(names)))
        chances[ask] = model.probabilities([texts[i] for i in ask], vectors[ask])
    print(f"{len(texts)} examples, top-1 {np.mean(names[chances.argmax(1)] == intents):.3f}")
    rows = [index for index, intent in enumerate(intents) if intent in kind_of]
    print("answer  clarify  correct  clarified  wrong  fallback")
    for answer in ANSWER_FROM:
        for ask in CLARIFY_FROM:
            seen = Counter(outcome(chances[i], names, intents[i], kind_of, answer, ask) for i in rows)
            shares = [seen[name] / len(rows) for name in ("correct", "clarified", "wrong", "fallback")]
            print(f"{answer:6.2f}  {ask:7.2f}  " + "  ".join(f"{share:8.3f}" for share in shares))
    for intent in ("book_call", "express_crisis", "medical_emergency", "talk_to_human", "stop"):
        column = list(names).index(intent)
        taken = [i for i in range(len(texts)) if chances[i].argmax() == column]
        for least in (0.0, 0.2, 0.3, 0.4, 0.5):
            kept = [i for i in taken if chances[i, column] >= least]
            right = sum(intents[i] == intent for i in kept)
            print(f"{intent} from {least:.1f}: {right} of {sum(intents == intent)} found, {len(kept) - right} others")


if __name__ == "__main__":
    main()
