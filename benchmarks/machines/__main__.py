"""`.venv/bin/python -m benchmarks.machines`: about five minutes on two free processors.

Needs redis-server and nginx (`python3 scripts/setup.py --machines` brings them on Debian).
Two `web`, two Rasa, two action servers and two workers on PostgreSQL and Redis behind nginx. Visitors talk to it over
HTTPS and event streams while each process in turn is killed (SIGKILL) and started again. Then the database is compared
with what the visitors sent and were shown. Prints a table for docs/reliability.md and, last, one JSON line; the status
is 1 where anything was lost, doubled or out of order, or the service was not up again in time.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict

from benchmarks.machines.run import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", help="which to kill, for example web-1 rasa-2 redis; all where none is named"
    )
    parser.add_argument("--visitors", type=int, default=3, help="how many talk at the same time")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    report = run(chosen.names or None, visitors=chosen.visitors, say=lambda line: print(line, flush=True))
    print("\n| killed | messages meanwhile | sent again | safe texts | up again after | slowest | slowest crisis |")
    print("|---|---|---|---|---|---|---|")
    for kill in [report.calm, *report.kills]:
        up_again = "–" if kill.up_again is None else f"{kill.up_again:.1f} s"
        print(
            f"| {kill.name} | {kill.messages} | {kill.sent_again} | {kill.safe_texts} | {up_again} "
            f"| {kill.slowest:.1f} s | {kill.slowest_crisis:.1f} s |"
        )
    for problem in report.problems:
        print(problem)
    verdict = {name: len(found) if isinstance(found, list) else found for name, found in asdict(report.verdict).items()}
    print(json.dumps({"kills": len(report.kills), **verdict, "passed": not report.problems}))
    raise SystemExit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
