"""`python -m benchmarks.faults --rounds 3`: every marked point, again and again; a table for docs/reliability.md."""

import argparse
import tempfile
from pathlib import Path

from benchmarks.faults.loop import Outcome, break_at, put_on_call
from cli.scratch import running
from clinic.faults import POINTS
from tests.receivers import web_server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--points", nargs="*", default=POINTS)
    chosen = parser.parse_args()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, web_server() as one, web_server() as two:
        settings = {"LOTUS_FAULT_POINT": "file", "LOTUS_MESSAGES_PER_MINUTE": "100000"}
        with running(Path(folder), **settings) as service:
            put_on_call(service, one.address, two.address)
            for _ in range(chosen.rounds):
                for point in chosen.points:
                    outcomes.append(break_at(service, point))
                    print(outcomes[-1], flush=True)
    print("\n| killed at | kills | escalations lost | alerts lost | resources shown | slowest alert |")
    print("|---|---|---|---|---|---|")
    for point in chosen.points:
        found = [one for one in outcomes if one.point == point]
        slowest = max((one.alerted_after or 0 for one in found), default=0)
        kills, shown = sum(one.died for one in found), sum(one.resources for one in found)
        lost, silent = sum(not one.escalations for one in found), sum(one.alerted_after is None for one in found)
        print(f"| {point} | {kills} | {lost} | {silent} | {shown} | {slowest:.0f} s |")
    raise SystemExit(0 if all(one.passed for one in outcomes) else 1)


if __name__ == "__main__":
    main()
