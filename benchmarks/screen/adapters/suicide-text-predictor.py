"""suicide-text-predictor: the weights of its wheel, run by numpy instead of the torch 2.0.1 it asks for.

The same arithmetic as its `predict_tweet`: two bidirectional LSTM layers over 512 tokens, padding included. The
milliseconds are those of this port; the package itself reads 77 MB of weights anew for every message.
"""

import importlib.util
import pickle
import re
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np
from protocol import serve

TOKENS = 512
Weights = dict[str, np.ndarray]


class Vocabulary:
    """Stands for torchtext's two classes of that name. The inner one's state: version, [default number], words, []."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Reads what torch.save wrote, and nothing else: a pickle that names any other class is refused."""

    def __init__(self, file: IO[bytes], archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(file)
        self.archive, self.root = archive, root

    def find_class(self, module: str, name: str) -> Any:
        known = {
            "collections.OrderedDict": OrderedDict,
            "__builtin__.set": set,
            "torch.FloatStorage": np.float32,
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torchtext.vocab.vocab.Vocab": Vocabulary,
            "torchtext._torchtext.Vocab": Vocabulary,
        }
        return known[f"{module}.{name}"]

    def persistent_load(self, pid: Any) -> np.ndarray:
        _, dtype, key, *_ = pid
        return np.frombuffer(self.archive.read(f"{self.root}/data/{key}"), dtype)


def _tensor(storage: np.ndarray, offset: int, size: tuple, stride: tuple, *_: object) -> np.ndarray:
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)


def read_saved(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        inside = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        with archive.open(inside) as pickled:
            return _Reader(pickled, archive, inside.removesuffix("/data.pkl")).load()


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * values))


def lstm(steps: np.ndarray, weights: Weights, layer: int, direction: str) -> np.ndarray:
    """The hidden states of one layer in one direction ("" or "_reverse"), in the order of `steps`."""
    into, back, bias_into, bias_back = (
        weights[f"lstm.{kind}_l{layer}{direction}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    if direction:
        steps = steps[::-1]
    inputs = steps @ into.T + bias_into + bias_back
    width = back.shape[1]
    hidden, cell = np.zeros(width, np.float32), np.zeros(width, np.float32)
    states = np.empty((len(steps), width), np.float32)
    for number, entering in enumerate(inputs):
        gates = entering + back @ hidden
        enter, forget, output = sigmoid(gates[:width]), sigmoid(gates[width : 2 * width]), sigmoid(gates[3 * width :])
        cell = forget * cell + enter * np.tanh(gates[2 * width : 3 * width])
        hidden = states[number] = output * np.tanh(cell)
    return states[::-1] if direction else states


class Predictor:
    """The package's model; `package` is the folder that it was installed in."""

    def __init__(self, package: Path) -> None:
        self.weights: Weights = read_saved(package / "text_prediction.pt")
        _, [unknown], words, _ = read_saved(package / "vocab.pth").state["vocab"].state
        self.unknown: int = unknown
        self.numbers: dict[str, int] = {word: number for number, word in enumerate(words)}

    def tokens(self, text: str) -> list[int]:
        """As `predict_tweet` cleans and cuts; its tokenizer has nothing left to split but white space."""
        text = re.sub(r"http\S+|www.\S+", "", text.lower())
        text = re.sub(r"@\w+", "@user", text)
        text = re.sub(r"[^\w\s]", "", text)
        found = [self.numbers.get(word, self.unknown) for word in text.split()][:TOKENS]
        return found + [self.numbers["<pad>"]] * (TOKENS - len(found))

    def chance(self, text: str) -> float:
        """The softmax of the class that it calls SUICIDE."""
        steps = self.weights["embedding.weight"][self.tokens(text)]
        for layer in (0, 1):
            forward, reverse = (lstm(steps, self.weights, layer, direction) for direction in ("", "_reverse"))
            steps = np.concatenate([forward, reverse], axis=1)
        logits = self.weights["fc.weight"] @ np.concatenate([forward[-1], reverse[0]]) + self.weights["fc.bias"]
        return float(1 / (1 + np.exp(logits[0] - logits[1])))


if __name__ == "__main__":
    spec = importlib.util.find_spec("suicide_text_predictor")  # found, not imported: importing it imports torch
    if spec is None or spec.origin is None:
        raise SystemExit("suicide-text-predictor is not installed")
    predictor = Predictor(Path(spec.origin).parent)

    def judge(text: str) -> tuple[bool, float]:
        chance = predictor.chance(text)
        return chance > 0.5, chance

    serve(judge)
