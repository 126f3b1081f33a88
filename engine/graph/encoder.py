"""The fine-tuned encoder of models/encoder, asked which topic a text is about.

It is read from disk, never downloaded; scripts/finetune_encoder.py made it. It has learnt the screen's examples beside
the topics, which made it better at topics (docs/decisions/0003); the screen has a net of its own (0010).
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import List, Sequence, Text

import numpy as np
import onnxruntime
from tokenizers import Tokenizer
from tqdm import tqdm

# A visitor's message is at most 2,000 characters. 96 word pieces hold about 400 of them; questions stand at the end of
# long stories, so the tokenizer cuts off on the left, as it did in training.
WORD_PIECES = 96
REMEMBERED = 1024  # texts whose opinion is kept: buttons and suggested questions come again and again


class Encoder:
    """`topics` are the names of the columns; `version` is the hash of the weights."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        self.topics: List[Text] = card["heads"]["topic"]
        self.version: Text = card["model_sha256"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(WORD_PIECES, direction="left")
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.opinion = lru_cache(REMEMBERED)(self._opinion)

    def opinions(self, texts: Sequence[Text]) -> np.ndarray:
        """Log-probabilities of shape (len(texts), topics), worked out on all cores."""
        # onnxruntime's own threads wait for each other after each of a hundred steps, and burn a core while they do.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(tqdm(pool.map(self._opinion, texts), desc="reading examples", unit="text", total=len(texts)))
        return np.array(found, np.float32).reshape(len(texts), len(self.topics))

    def _opinion(self, text: Text) -> np.ndarray:
        """Log-probabilities, one a topic."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        [logits] = self._session.run(["topic"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        highest = logits[0].max()
        return logits[0] - highest - np.log(np.exp(logits[0] - highest).sum())
