"""Which classifier finds the topic of a question best: one table, on the same folds and the same untouched questions.

Runs in the engine: `engine/.venv/bin/python -m benchmarks.topics [--folds 4] [--only NAME …] [--diet-folds 4]`.
Examples are data/nlu, or the same `--share` of each intent's for every way; "held-out" is a file of tests/data, of
which a row counts as right with any acceptable topic.
The row "DIET" trains Rasa's default pipeline (WhitespaceTokenizer … DIETClassifier, 100 epochs): hours for all folds.
The last line is one JSON object.
"""

import argparse
import csv
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from tqdm import tqdm

from benchmarks.frozen_encoder import SentenceEncoder
from engine.graph.topics import NGRAM_SETTINGS
from scripts.calibrate_topics import ROOT, examples

HELD_OUT = ROOT / "tests/data/answers_heldout.tsv"
SEED = 0
# Rasa 3.6's default for `language: en`, as `rasa init` writes it.
STOCK = """
recipe: default.v1
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: EntitySynonymMapper
"""

Scores = np.ndarray  # (texts, intents), higher is likelier
Fit = Callable[[list, np.ndarray, np.ndarray], Callable[[list, np.ndarray], Scores]]


def linear(texts: list, vectors: np.ndarray, intents: np.ndarray):
    model = LogisticRegression(C=10, max_iter=200).fit(vectors, intents)
    return lambda _, asked: model.predict_proba(asked)


def head(texts: list, vectors: np.ndarray, intents: np.ndarray):
    model = MLPClassifier((256,), alpha=1e-3, max_iter=30, random_state=SEED).fit(vectors, intents)
    return lambda _, asked: model.predict_proba(asked)


def nearest(texts: list, vectors: np.ndarray, intents: np.ndarray):
    names, labels = np.unique(intents, return_inverse=True)

    def scores(_: list, asked: np.ndarray) -> Scores:
        near = asked @ vectors.T
        votes = np.zeros((len(asked), len(names)))
        for row, best in enumerate(np.argsort(-near, 1)[:, :15]):
            np.add.at(votes[row], labels[best], np.exp(12 * (near[row, best] - 1)))
        return votes

    return scores


def with_ngrams(weight: float, dense: bool = True):
    def fit(texts: list, vectors: np.ndarray, intents: np.ndarray):
        grams = [
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, **NGRAM_SETTINGS).fit(texts),
            TfidfVectorizer(analyzer="word", ngram_range=(1, 2), **NGRAM_SETTINGS).fit(texts),
        ]

        def features(some: list, theirs: np.ndarray) -> csr_matrix:
            spelled = [weight * gram.transform(some) for gram in grams]
            return hstack([csr_matrix(theirs), *spelled] if dense else spelled, format="csr")

        model = LinearSVC(C=0.5, random_state=SEED).fit(features(texts, vectors), intents)
        return lambda some, theirs: model.decision_function(features(some, theirs))

    return fit


WAYS: dict = {
    "encoder, logistic regression": linear,
    "encoder, nearest 15 examples": nearest,
    "encoder, small trained head (256)": head,
    "n-grams alone, SVM": with_ngrams(1.0, dense=False),
    "encoder + n-grams 0.7, SVM": with_ngrams(0.7),
    "encoder + n-grams 1.0, SVM": with_ngrams(1.0),
}


def right_topics() -> tuple[list[str], list[set[str]]]:
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    right = [{row["topic"], *filter(None, (row.get("also_acceptable_topics") or "").split(","))} for row in rows]
    return [row["question"] for row in rows], right


def share_of(texts: list, intents: np.ndarray, share: float) -> tuple[list, np.ndarray]:
    """The same share of each intent's examples, always the same ones."""
    if share >= 1:
        return texts, intents
    kept, _ = train_test_split(np.arange(len(texts)), train_size=share, stratify=intents, random_state=SEED)
    return [texts[i] for i in sorted(kept)], intents[sorted(kept)]


def shares(order: np.ndarray, right: list[set[str]]) -> tuple[float, float]:
    """How often the right one came first, and among the first three; `order` holds names, best first."""
    first = np.mean([row[0] in one for row, one in zip(order, right, strict=True)])
    three = np.mean([bool(one & set(row[:3])) for row, one in zip(order, right, strict=True)])
    return float(first), float(three)


def measure(fit, texts: list, vectors: np.ndarray, intents: np.ndarray, folds: list, asked: tuple) -> dict:
    names, seen, seconds = np.unique(intents), [], []
    for fit_on, ask in folds:
        started = time.monotonic()
        scores = fit([texts[i] for i in fit_on], vectors[fit_on], intents[fit_on])
        seconds.append(time.monotonic() - started)
        order = names[np.argsort(-scores([texts[i] for i in ask], vectors[ask]), 1)]
        seen.append(shares(order, [{intents[i]} for i in ask]))
    questions, question_vectors, right = asked
    scores = fit(texts, vectors, intents)
    held = shares(names[np.argsort(-scores(questions, question_vectors), 1)], right)
    return row(np.mean(seen, 0), held, float(np.mean(seconds)), len(folds))


def row(cross: np.ndarray, held: tuple[float, float], seconds: float, folds: int) -> dict:
    names = ("cross_first", "cross_three", "held_first", "held_three")
    return {
        **{n: round(float(v), 4) for n, v in zip(names, (*cross, *held), strict=True)},
        "fit_s": round(seconds),
        "folds": folds,
    }


def measure_diet(texts: list, intents: np.ndarray, folds: list, asked: tuple, epochs: int) -> dict:
    """Rasa's own default pipeline. Its held-out figure is the mean over the folds' models."""
    import asyncio

    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    seen, held, seconds = [], [], []
    for fit_on, ask in folds:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "config.yml").write_text(STOCK.replace("{epochs}", str(epochs)))
            by_intent: dict = {}
            for index in fit_on:
                by_intent.setdefault(intents[index], []).append(texts[index])
            entries = [
                f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in some)
                for intent, some in by_intent.items()
            ]
            (place / "nlu.yml").write_text('version: "3.1"\nnlu:\n' + "".join(entries))
            started = time.monotonic()
            model = train_nlu(str(place / "config.yml"), str(place / "nlu.yml"), str(place))
            seconds.append(time.monotonic() - started)
            agent = Agent.load(model)

            def order(some: list, agent: Agent = agent) -> list:
                parsed = [asyncio.run(agent.parse_message(text)) for text in tqdm(some, desc="asking DIET")]
                return [[one["name"] for one in result["intent_ranking"]] for result in parsed]

            seen.append(shares(order([texts[i] for i in ask]), [{intents[i]} for i in ask]))
            held.append(shares(order(asked[0]), asked[2]))
            print(f"DIET fold: {seen[-1]} held-out {held[-1]} {seconds[-1]:.0f} s", flush=True)
    return row(np.mean(seen, 0), tuple(np.mean(held, 0)), float(np.mean(seconds)), len(folds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--diet-folds", type=int, default=0, help="how many of the folds DIET is trained on")
    parser.add_argument("--diet-epochs", type=int, default=100)
    parser.add_argument("--share", type=float, default=1.0, help="of the examples of each intent")
    parser.add_argument("--only", nargs="*", default=list(WAYS), choices=list(WAYS))
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    texts, intents = share_of(*examples(), options.share)
    questions, right = right_topics()
    folds = list(StratifiedKFold(options.folds, shuffle=True, random_state=SEED).split(texts, intents))
    results: dict = {}
    if options.only:
        encoder = SentenceEncoder()
        vectors, question_vectors = encoder.encode_many(texts), encoder.encode_many(questions)
        for name in options.only:
            asked = (questions, question_vectors, right)
            results[name] = measure(WAYS[name], texts, vectors, intents, folds, asked)
            print(name, results[name], flush=True)
    if options.diet_folds:
        asked = (questions, None, right)
        results["DIET (Rasa's default pipeline)"] = measure_diet(
            texts, intents, folds[: options.diet_folds], asked, options.diet_epochs
        )
    print(f"\n{len(texts)} examples ({options.share:.0%}), {len(questions)} held-out questions")
    print("| way | folds: first | first three | held-out: first | first three | fit, s |\n|---|---|---|---|---|---|")
    for name, one in results.items():
        figures = " | ".join(f"{one[key]:.3f}" for key in ("cross_first", "cross_three", "held_first", "held_three"))
        print(f"| {name} | {figures} | {one['fit_s']} |")
    print(json.dumps({"examples": len(texts), "share": options.share, "folds": options.folds, "results": results}))


if __name__ == "__main__":
    main()
