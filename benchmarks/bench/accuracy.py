"""How many topics a model finds: `engine/.venv/bin/python -m benchmarks.bench.accuracy MODEL FILE [--stock]`.

FILE as for `lotus evaluate answers`; a row is right with any acceptable topic. Only the understanding is asked, no
thresholds of ours; where stock's FallbackClassifier puts nlu_fallback first, what stands behind it counts. `--stock`
loads nothing of engine/. The last line is one JSON object, and no row is printed.
"""

import argparse
import asyncio
import csv
import importlib
import json
import logging
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("file")
    parser.add_argument("--stock", action="store_true")
    options = parser.parse_args()
    if not options.stock:
        importlib.import_module("engine.__main__").prepare()
    from rasa.core.agent import Agent  # pyright: ignore[reportMissingImports]

    logging.disable(logging.CRITICAL)
    with Path(options.file).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    agent = Agent.load(options.model)

    async def first_three(question: str) -> list:
        parsed = await agent.parse_message(question)
        return [one["name"] for one in parsed["intent_ranking"] if one["name"] != "nlu_fallback"][:3]

    async def count() -> tuple:
        first, three = 0, 0
        for row in rows:
            right = {row["topic"], *filter(None, (row.get("also_acceptable_topics") or "").split(","))}
            order = await first_three(row["question"])
            first += order[0] in right
            three += bool(right & set(order))
        return first, three

    first, three = asyncio.run(count())
    print(json.dumps({"n": len(rows), "first": round(first / len(rows), 4), "three": round(three / len(rows), 4)}))


if __name__ == "__main__":
    main()
