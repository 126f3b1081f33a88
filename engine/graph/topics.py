"""Which topic a text is about: word and character n-grams, and the opinion of the fine-tuned encoder.

The encoder knows meaning ("bladder" ~ "peeing"), the n-grams know spelling, drug names and what was added to data/nlu
since the encoder was trained. One-against-rest linear SVMs read the n-grams; their margins and the encoder's
log-probabilities are weighed, added and made into probabilities. The two weights are fitted on the tenth of the
examples that neither has seen. The measurements are in docs/decisions/0003-topic-classifier.md.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import Callable, Dict, List, NamedTuple, Protocol, Sequence, Text, Tuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

NGRAM_SETTINGS = {"sublinear_tf": True, "strip_accents": "unicode"}
WEIGHTS_OF_FEW = (6.0, 1.0)  # where too few examples are held back; about what the full data gives
FEW = 200


class ReadsTopics(Protocol):
    """What the n-grams are joined with; engine.graph.encoder.Encoder is one."""

    topics: List[Text]

    def opinion(self, text: Text) -> np.ndarray: ...
    def opinions(self, texts: Sequence[Text]) -> np.ndarray: ...


def is_held_back(text: Text) -> bool:
    """Whether the encoder has not been trained on an example; scripts/encoder_examples.py splits by the same rule."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 == 0


def ngram_kinds() -> List[TfidfVectorizer]:
    return [
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, **NGRAM_SETTINGS),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), **NGRAM_SETTINGS),
    ]


class Vocabulary(NamedTuple):
    """What is left of a TfidfVectorizer for one text at a time: each n-gram's row of weights, and each row's rarity."""

    rows: Dict[Text, int]
    rarity: np.ndarray


class Unseen(NamedTuple):
    """Examples that neither the encoder nor these n-grams have seen: (rows,), (rows, intents), (rows, topics)."""

    intents: np.ndarray
    margins: np.ndarray
    opinions: np.ndarray


class TopicModel:
    """Texts in, a probability per intent out. The encoder is not part of it when it is stored."""

    def __init__(self, penalty: float, seed: int) -> None:
        self._penalty, self._seed = penalty, seed

    def fit(self, texts: List[Text], intents: np.ndarray, encoder: ReadsTopics) -> None:
        """An intent that the encoder does not know is found by its n-grams alone."""
        self.intents = np.unique(intents)
        places = {name: place for place, name in enumerate(encoder.topics)}
        self._columns = np.array([places.get(name, -1) for name in self.intents])
        self.weights = self._fit_weights(texts, intents, encoder)
        self._keep(*self._fit_margins(texts, intents))

    def probabilities(self, text: Text, encoder: ReadsTopics) -> np.ndarray:
        """One number an intent, in the order of `intents`; they sum to 1."""
        return self._joined(self._margins_of(text)[None, :], encoder.opinion(text)[None, :], self.weights)[0]

    def on_unseen(self, texts: List[Text], intents: np.ndarray, encoder: ReadsTopics) -> Tuple[np.ndarray, np.ndarray]:
        """Intents and probabilities of the examples held back, by n-grams that have not seen them; after `fit`."""
        unseen = self._unseen(texts, intents, encoder)
        return unseen.intents, self._joined(unseen.margins, unseen.opinions, self.weights)

    def _unseen(self, texts: List[Text], intents: np.ndarray, encoder: ReadsTopics) -> Unseen:
        held_back = np.array([is_held_back(text) for text in texts])
        ngrams, svm = self._fit_margins([text for text in texts if not is_held_back(text)], intents[~held_back])
        asked = [text for text in texts if is_held_back(text)]
        margins = svm.decision_function(self._features(ngrams, asked))
        return Unseen(intents[held_back], margins, encoder.opinions(asked))

    def _fit_weights(self, texts: List[Text], intents: np.ndarray, encoder: ReadsTopics) -> Tuple[float, float]:
        kept = [intent for text, intent in zip(texts, intents, strict=True) if not is_held_back(text)]
        if len(texts) - len(kept) < FEW or set(kept) != set(self.intents):
            return WEIGHTS_OF_FEW
        unseen = self._unseen(texts, intents, encoder)
        right = np.searchsorted(self.intents, unseen.intents)

        def surprise(weights: np.ndarray) -> float:
            chances = self._joined(unseen.margins, unseen.opinions, weights)[np.arange(len(right)), right]
            return float(-np.log(np.maximum(chances, 1e-12)).mean())

        scale, weight = minimize(surprise, WEIGHTS_OF_FEW, method="Nelder-Mead").x
        return float(scale), float(weight)

    def _joined(self, margins: np.ndarray, opinions: np.ndarray, weights: Sequence[float]) -> np.ndarray:
        known = self._columns >= 0
        meant = np.empty(margins.shape)
        meant[:, known] = opinions[:, self._columns[known]]
        if not known.all():
            meant[:, ~known] = meant[:, known].mean(axis=1, keepdims=True) if known.any() else 0.0
        return _softmax(margins * weights[0] + meant * weights[1])

    def _fit_margins(self, texts: List[Text], intents: np.ndarray) -> Tuple[List[TfidfVectorizer], LinearSVC]:
        ngrams = [kind.fit(texts) for kind in ngram_kinds()]
        features = self._features(ngrams, texts)
        return ngrams, LinearSVC(C=self._penalty, random_state=self._seed).fit(features, intents)

    def _features(self, ngrams: List[TfidfVectorizer], texts: List[Text]) -> csr_matrix:
        return hstack([kind.transform(texts) for kind in ngrams], format="csr")

    def _keep(self, ngrams: List[TfidfVectorizer], svm: LinearSVC) -> None:
        """Only what one text needs: sklearn's way over sparse matrices takes 4 ms of a text's 0.3."""
        self._offsets = svm.intercept_
        weights = np.ascontiguousarray(svm.coef_.T, dtype=np.float32)  # a row per n-gram
        self._ngrams: List[Tuple[Vocabulary, np.ndarray]] = []
        for kind in ngrams:
            size = len(kind.vocabulary_)
            rows = {ngram: int(row) for ngram, row in kind.vocabulary_.items()}
            self._ngrams.append((Vocabulary(rows, kind.idf_), weights[:size]))
            weights = weights[size:]

    def _margins_of(self, text: Text) -> np.ndarray:
        margins = self._offsets
        for split, (vocabulary, weights) in zip(SPLITTERS, self._ngrams, strict=True):
            counted = _counted(split(text), vocabulary.rows)
            if counted:
                rows = np.fromiter(counted, dtype=np.intp, count=len(counted))
                values = np.array([1.0 + math.log(number) for number in counted.values()]) * vocabulary.rarity[rows]
                margins = margins + (values / np.sqrt(values @ values)) @ weights[rows]
        return margins


def _counted(ngrams: List[Text], rows: Dict[Text, int]) -> Dict[int, int]:
    return Counter(rows[ngram] for ngram in ngrams if ngram in rows)


SPLITTERS: List[Callable[[Text], List[Text]]] = [kind.build_analyzer() for kind in ngram_kinds()]


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
