"""A linear model over the sentence vector, word n-grams and character n-grams.

The vector knows meaning ("bladder" ~ "peeing"), the n-grams know spelling, drug names and word order of two.
One-against-rest linear SVMs are fast on both. Their margins become probabilities by a softmax whose scale is fitted on
a fifth of the examples that another fit has not seen. The measurements are in
docs/decisions/0003-topic-classifier.md.
"""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, List, NamedTuple, Text, Tuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.svm import LinearSVC

NGRAM_SETTINGS = {"sublinear_tf": True, "strip_accents": "unicode"}
SCALE_OF_FEW = 4.0  # where no examples can be held back; about what the full data gives


def ngram_kinds() -> List[TfidfVectorizer]:
    return [
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, **NGRAM_SETTINGS),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), **NGRAM_SETTINGS),
    ]


class Vocabulary(NamedTuple):
    """What is left of a TfidfVectorizer for one text at a time: each n-gram's row of weights, and each row's rarity."""

    rows: Dict[Text, int]
    rarity: np.ndarray


class LinearTopics:
    """The model itself: texts and their vectors in, a probability per intent out."""

    def __init__(self, penalty: float, ngram_weight: float, seed: int) -> None:
        self._penalty, self._ngram_weight, self._seed = penalty, ngram_weight, seed

    def fit(self, texts: List[Text], vectors: np.ndarray, intents: np.ndarray) -> None:
        with ThreadPoolExecutor(2) as pool:  # liblinear works outside of Python's lock
            scale = pool.submit(self._fit_scale, texts, vectors, intents)
            ngrams, svm = self._fit_margins(texts, vectors, intents)
            self.scale = scale.result()
        self._keep(ngrams, svm)

    def probabilities(self, texts: List[Text], vectors: np.ndarray) -> np.ndarray:
        """Shape (len(texts), number of intents), columns in the order of `intents`; rows sum to 1."""
        margins = [self._margins_of(text, vector) for text, vector in zip(texts, vectors, strict=True)]
        return _softmax(np.array(margins) * self.scale)

    def _fit_scale(self, texts: List[Text], vectors: np.ndarray, intents: np.ndarray) -> float:
        if min(np.unique(intents, return_counts=True)[1]) < 2:
            return SCALE_OF_FEW
        rows = np.arange(len(texts))
        fit_on, ask = train_test_split(rows, test_size=0.2, random_state=self._seed, stratify=intents)
        ngrams, svm = self._fit_margins([texts[i] for i in fit_on], vectors[fit_on], intents[fit_on])
        margins = svm.decision_function(self._features(ngrams, [texts[i] for i in ask], vectors[ask]))
        right = np.searchsorted(svm.classes_, intents[ask])

        def surprise(scale: float) -> float:
            chances = _softmax(margins * scale)[np.arange(len(ask)), right]
            return float(-np.log(np.maximum(chances, 1e-12)).mean())

        return float(minimize_scalar(surprise, bounds=(0.5, 20.0), method="bounded").x)

    def _fit_margins(
        self, texts: List[Text], vectors: np.ndarray, intents: np.ndarray
    ) -> Tuple[List[TfidfVectorizer], LinearSVC]:
        ngrams = [kind.fit(texts) for kind in ngram_kinds()]
        features = self._features(ngrams, texts, vectors)
        return ngrams, LinearSVC(C=self._penalty, random_state=self._seed).fit(features, intents)

    def _features(self, ngrams: List[TfidfVectorizer], texts: List[Text], vectors: np.ndarray) -> csr_matrix:
        spelled = [self._ngram_weight * kind.transform(texts) for kind in ngrams]
        return hstack([csr_matrix(vectors), *spelled], format="csr")

    def _keep(self, ngrams: List[TfidfVectorizer], svm: LinearSVC) -> None:
        """Only what one text needs: sklearn's way over sparse matrices takes 4 ms of a text's 0.3."""
        self.intents = svm.classes_
        self._offsets = svm.intercept_
        weights = np.ascontiguousarray(svm.coef_.T, dtype=np.float32)  # a row per feature
        dimensions = len(weights) - sum(len(kind.vocabulary_) for kind in ngrams)
        self._vector_weights, weights = weights[:dimensions], weights[dimensions:]
        self._ngrams: List[Tuple[Vocabulary, np.ndarray]] = []
        for kind in ngrams:
            size = len(kind.vocabulary_)
            rows = {ngram: int(row) for ngram, row in kind.vocabulary_.items()}
            self._ngrams.append((Vocabulary(rows, kind.idf_), weights[:size] * np.float32(self._ngram_weight)))
            weights = weights[size:]

    def _margins_of(self, text: Text, vector: np.ndarray) -> np.ndarray:
        margins = self._offsets + vector @ self._vector_weights
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
