"""The topic classifier as a component of Rasa's graph; the model itself is in engine/graph/linear.py."""

from __future__ import annotations

import pickle
from typing import Any, Dict, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.graph.linear import LinearTopics
from engine.graph.questions import QUESTIONS

RANKING_LENGTH = 5
FILE = "topic_classifier.pkl"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Sets `intent` and `intent_ranking` (the best five), and `questions`: the ranking of each question of several."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`penalty`: the SVM's C; `ngram_weight`: n-grams against the vector, whose length is 1.

        `at_least`: intents that start something (a form, an alert) and the probability they need; below it the next
        best intent is taken. `go_first`: intents whose reply is the safer one, and the probability from which they
        are named before a likelier one.
        """
        return {"penalty": 0.5, "ngram_weight": 0.7, "random_seed": 42, "at_least": {}, "go_first": {}}

    @staticmethod
    def required_packages() -> List[Text]:
        return ["sklearn"]

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource
        self._at_least: Dict[Text, float] = config["at_least"]
        self._go_first: Dict[Text, float] = config["go_first"]
        self._model = LinearTopics(config["penalty"], config["ngram_weight"], config["random_seed"])

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TopicClassifier:
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model = pickle.loads((folder / FILE).read_bytes())  # noqa: S301 our own model archive
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        if len({m.get(INTENT) for m in examples}) < 2:
            raise ValueError("the topic classifier needs examples of at least two intents in data/nlu")
        self._model.fit(
            [m.get(TEXT) for m in examples],
            np.vstack([_vector(m) for m in examples]),
            np.array([m.get(INTENT) for m in examples]),
        )
        with self._storage.write_to(self._resource) as folder:
            (folder / FILE).write_bytes(pickle.dumps(self._model))
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            ranking = self._ranking(message.get(TEXT) or "", _vector(message))
            asked = [self._ranking(question, vector[None, :]) for question, vector in message.get(QUESTIONS) or []]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(QUESTIONS, asked, add_to_output=True)
        return messages

    def _ranking(self, text: Text, vector: np.ndarray) -> List[Dict[Text, Any]]:
        chances = self._model.probabilities([text], vector)[0]
        named = [(str(self._model.intents[i]), float(chances[i])) for i in np.argsort(-chances)]
        sure = [one for one in named if one[1] >= self._at_least.get(one[0], 0.0)]
        safer = [one for one in sure if one[1] >= self._go_first.get(one[0], 2.0)]
        ordered = safer + [one for one in sure if one not in safer]
        return [{"name": name, "confidence": chance} for name, chance in ordered[:RANKING_LENGTH]]


def _vector(message: Message) -> np.ndarray:
    """The sentence vector that the featurizer left, shape (1, 384)."""
    features = message.get_dense_features(TEXT)[1]
    if features is None:
        raise ValueError("TopicClassifier needs SentenceEncoderFeaturizer before it in config.yml")
    return features.features
