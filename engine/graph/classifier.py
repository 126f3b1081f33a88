"""The topic classifier as a component of Rasa's graph; the model itself is in engine/graph/topics.py."""

from __future__ import annotations

import pickle
from pathlib import Path
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

from engine.graph.encoder import Encoder
from engine.graph.questions import QUESTIONS, questions
from engine.graph.topics import TopicModel

RANKING_LENGTH = 5
FILE = "topic_classifier.pkl"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Sets `intent` and `intent_ranking` (the best five), and `questions`: the ranking of each question of several."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`encoder`: its folder; `threads`: onnxruntime's while serving; `penalty`: the SVM's C.

        `at_least`: intents that start something (a form, an alert) and the probability they need; below it the next
        best intent is taken. `go_first`: intents whose reply is the safer one, and the probability from which they
        are named before a likelier one.
        """
        return {
            "encoder": "models/encoder",
            "threads": 1,
            "penalty": 0.5,
            "random_seed": 42,
            "at_least": {},
            "go_first": {},
        }

    @staticmethod
    def required_packages() -> List[Text]:
        return ["sklearn", "onnxruntime", "tokenizers"]

    def __init__(self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = storage, resource
        self._at_least: Dict[Text, float] = config["at_least"]
        self._go_first: Dict[Text, float] = config["go_first"]
        self._encoder = Encoder(Path(config["encoder"]), threads=int(config["threads"]))
        self._model = TopicModel(config["penalty"], config["random_seed"])

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
        """Raises ValueError where the encoder is not the one of the training: its opinions would be weighed wrongly."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            stored = pickle.loads((folder / FILE).read_bytes())  # noqa: S301 our own model archive
        if stored["encoder"] != component._encoder.version:
            raise ValueError("models/encoder has changed since this model was trained; run `make train`")
        component._model = stored["model"]
        return component

    def train(self, training_data: TrainingData) -> Resource:
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        if len({m.get(INTENT) for m in examples}) < 3:
            raise ValueError("the topic classifier needs examples of at least three intents in data/nlu")
        self._model.fit([m.get(TEXT) for m in examples], np.array([m.get(INTENT) for m in examples]), self._encoder)
        with self._storage.write_to(self._resource) as folder:
            stored = {"encoder": self._encoder.version, "model": self._model}
            (folder / FILE).write_bytes(pickle.dumps(stored))
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            ranking = self._ranking(text)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set(QUESTIONS, [self._ranking(question) for question in questions(text)], add_to_output=True)
        return messages

    def _ranking(self, text: Text) -> List[Dict[Text, Any]]:
        chances = self._model.probabilities(text, self._encoder)
        named = [(str(self._model.intents[i]), float(chances[i])) for i in np.argsort(-chances)]
        sure = [one for one in named if one[1] >= self._at_least.get(one[0], 0.0)]
        safer = [one for one in sure if one[1] >= self._go_first.get(one[0], 2.0)]
        ordered = safer + [one for one in sure if one not in safer]
        return [{"name": name, "confidence": chance} for name, chance in ordered[:RANKING_LENGTH]]
