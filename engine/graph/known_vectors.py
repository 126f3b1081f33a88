"""Sentence vectors of earlier trainings, so that a training encodes only the examples that are new."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Callable, Dict, List, Text

import numpy as np


class KnownVectors:
    """A file of texts and their vectors. Good for one encoder only: `made_by` names it, another's is left unread."""

    def __init__(self, path: Path, made_by: Text) -> None:
        self._path, self._made_by = path, made_by

    def complete(self, texts: List[Text], encode: Callable[[List[Text]], np.ndarray]) -> Dict[Text, np.ndarray]:
        """The vector of each text. Those that are not known go through `encode`, and the file is written anew."""
        known = self._read()
        new = sorted({text for text in texts if text not in known})
        if new:
            known.update(zip(new, encode(new), strict=True))
        vectors = {text: known[text] for text in texts}
        if new or len(known) > 2 * len(vectors):
            self._write(vectors)
        return vectors

    def _read(self) -> Dict[Text, np.ndarray]:
        try:
            with np.load(self._path, allow_pickle=False) as kept:
                if str(kept["made_by"]) != self._made_by:
                    return {}
                return dict(zip(json.loads(kept["texts"].tobytes()), kept["vectors"], strict=True))
        except (OSError, ValueError, KeyError):
            return {}  # none yet, or half written: then all are encoded

    def _write(self, vectors: Dict[Text, np.ndarray]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half_written = self._path.with_name(f"{self._path.stem}.{os.getpid()}.npz")
        texts = np.frombuffer(json.dumps(list(vectors)).encode(), dtype=np.uint8)
        np.savez(half_written, made_by=self._made_by, texts=texts, vectors=np.stack(list(vectors.values())))
        half_written.replace(self._path)


def fingerprint(*files: Path) -> Text:
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
