"""Draws what was measured: `engine/.venv/bin/python -m benchmarks.plots`.

Reads .tools/bench/bench.json and growth.json and writes docs/images/performance.svg and growth.svg. Runs in the engine,
which has matplotlib because Rasa brings it.
"""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
KEPT, IMAGES = ROOT / ".tools/bench", ROOT / "docs/images"
STOCK, OURS, THIRD = "#9a9a9a", "#7a4fa3", "#2f8f83"
LEVELS = ("1", "8", "32")
# Curve: what it is drawn against, its axis' name, and the lines with their colors.
CURVES: dict = {
    "conversation": ("turn", "turns in the conversation", {"p50_ms": OURS, "p95_ms": STOCK}, False),
    "messages": ("stored", "stored messages", {"p50_ms": OURS, "p95_ms": STOCK, "crisis_p50_ms": THIRD}, True),
    "pages": ("pages", "open pages", {"p50_ms": OURS, "p95_ms": STOCK, "page_p50_ms": THIRD}, True),
    "examples": ("examples", "training examples", {"p50_ms": OURS, "p95_ms": STOCK, "train_s": THIRD}, False),
}
NAMES = {
    "p50_ms": "turn, median, ms",
    "p95_ms": "turn, p95, ms",
    "crisis_p50_ms": "crisis message, median, ms",
    "page_p50_ms": "reply on the open page, median, ms",
    "train_s": "training, s",
}


def bars(axes, title: str, stock: list, ours: list, labels: tuple) -> None:
    for place, (values, color, name) in enumerate(((stock, STOCK, "stock Rasa"), (ours, OURS, "ours"))):
        drawn = axes.bar([one + place * 0.4 for one in range(len(values))], values, 0.38, color=color, label=name)
        axes.bar_label(drawn, fmt="%g", fontsize=7)
    axes.set_xticks([one + 0.2 for one in range(len(labels))])
    axes.set_xticklabels(labels)
    axes.set_title(title, fontsize=9)
    axes.margins(y=0.15)


def draw_bench(measured: dict) -> None:
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(9, 3), constrained_layout=True)
    rest = measured["rest"]
    labels = tuple(f"{level} at once" for level in LEVELS)
    for axes, key, title in ((first, "per_second", "turns a second"), (second, "p95_ms", "p95 of a turn, ms")):
        bars(axes, title, *([rest[side][level][key] for level in LEVELS] for side in ("stock", "ours")), labels)
    memory = [rest["stock"]["rss_mb"]], [rest["ours"]["rss_mb"]]
    whole = sum(measured["web"]["memory"].values())
    bars(third, "memory, MB", [*memory[0], 0], [*memory[1], whole], ("Rasa alone", "everything"))
    first.legend(fontsize=7, frameon=False)
    save(figure, "performance.svg")


def draw_growth(measured: dict) -> None:
    figure, places = plt.subplots(2, 2, figsize=(9, 6), constrained_layout=True)
    for axes, (curve, (key, label, lines, logarithmic)) in zip(places.flat, CURVES.items(), strict=True):
        axes.set_xlabel(label, fontsize=8)
        points = measured.get(curve, {}).get("points", [])
        for name, color in lines.items():
            axes.plot([one[key] for one in points], [one[name] for one in points], ".-", color=color, label=NAMES[name])
        if logarithmic:
            axes.set_xscale("symlog", linthresh=100)
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=7, frameon=False)
    save(figure, "growth.svg")


def save(figure, name: str) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
    # Without a date and with fixed ids, a plot of the same figures is the same file.
    figure.savefig(IMAGES / name, metadata={"Date": None})
    plt.close(figure)
    print(f"drew {(IMAGES / name).relative_to(ROOT)}")


def main() -> None:
    plt.rcParams.update({"svg.hashsalt": "lotus", "svg.fonttype": "none", "font.family": "sans-serif"})
    for file, draw in (("bench.json", draw_bench), ("growth.json", draw_growth)):
        if (KEPT / file).is_file():
            draw(json.loads((KEPT / file).read_text()))


if __name__ == "__main__":
    main()
