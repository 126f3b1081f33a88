"""The trained net: a small encoder fine-tuned on data/screen, with heads for risk, severity and whom it is about.

models/screen holds the int8 ONNX file, its tokenizer and card.json (data version, hash, scores). It is read from disk,
never downloaded. How it was made: scripts/finetune_encoder.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from screen.model import About, Risk, Severity
from screen.normalise import Sentence
from screen.reading import sentence_as_read

MODEL = Path(__file__).resolve().parent.parent / "models" / "screen"
WORD_PIECES = 96  # as in training
WINDOW = 4  # sentences read together; the next window starts two further on
MOST_WINDOWS = 16  # of an over-long text: half from its beginning, half from its end


@dataclass(frozen=True, slots=True)
class Opinion:
    """`chance` is the probability of any risk, the rest the likeliest kind if there is one.

    `start` and `end` are character offsets of the stretch that it is about, in the text as it was typed.
    """

    chance: float
    risk: Risk
    severity: Severity
    about: About
    start: int
    end: int


class Classifier:
    """Opinions on a message; one onnxruntime session, one thread."""

    def __init__(self, folder: Path = MODEL) -> None:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        self._heads: dict[str, list[str]] = card["heads"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(WORD_PIECES, direction="left")
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def opinion(self, read: list[Sentence], text: str) -> Opinion | None:
        """The most worried opinion on any window of the message; None where there are no words."""
        return max(self.opinions(read, text), key=lambda opinion: opinion.chance, default=None)

    def opinions(self, read: list[Sentence], text: str) -> list[Opinion]:
        """One a window, in the message's order."""
        stretches = list(windows(read))
        if not stretches:
            return []
        texts = [" ".join(sentence_as_read(sentence, text) for sentence in stretch) for stretch in stretches]
        encoded = self._tokenizer.encode_batch(texts)
        feed = {
            "input_ids": np.array([item.ids for item in encoded], dtype=np.int64),
            "attention_mask": np.array([item.attention_mask for item in encoded], dtype=np.int64),
        }
        logits = self._session.run(list(self._heads), feed)
        risk, severity, about = (_softmax(np.asarray(head)) for head in logits)
        return [
            Opinion(
                chance=1 - float(risk[row, 0]),
                risk=Risk(self._heads["risk"][1 + int(risk[row, 1:].argmax())]),
                severity=Severity(self._heads["severity"][int(severity[row].argmax())]),
                about=About(self._heads["about"][int(about[row].argmax())]),
                start=stretch[0].words[0].start,
                end=stretch[-1].words[-1].end,
            )
            for row, stretch in enumerate(stretches)
        ]


def windows(read: list[Sentence]) -> Iterator[list[Sentence]]:
    """The whole message where it is short, else overlapping stretches of it."""
    worded = [sentence for sentence in read if sentence.words]
    starts = range(0, max(len(worded) - WINDOW // 2, 1), WINDOW // 2) if worded else range(0)
    chosen = list(starts)
    if len(chosen) > MOST_WINDOWS:
        chosen = chosen[: MOST_WINDOWS // 2] + chosen[-MOST_WINDOWS // 2 :]
    for start in chosen:
        yield worded[start : start + WINDOW]


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


@cache
def classifier() -> Classifier:
    return Classifier()
