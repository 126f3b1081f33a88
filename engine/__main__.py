"""Rasa's own command line without TensorFlow and with a few run-time patches: `python -m engine serve|run|train …`.

Nothing that is installed is changed; docs/decisions/0002-engine-patches.md and 0015-without-tensorflow.md give reasons
and figures.
"""

import os
import sys

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
# numpy's threads wait for their next sum by turning in a circle: sums of 0.02 ms kept a core busy all through a turn.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from engine import without_tensorflow

without_tensorflow.install()

import rasa.__main__  # noqa: E402

from engine import patches  # noqa: E402


def prepare() -> None:
    """Everything that has to happen before Rasa's main."""
    without_tensorflow.refuse_in_config()
    patches.apply()
    if os.environ.get("LOTUS_FAULT_POINT"):
        from engine import faults

        faults.install()


if __name__ == "__main__":
    prepare()
    if sys.argv[1:] == ["serve"]:
        from engine import serving

        sys.argv[1:] = serving.arguments()
    rasa.__main__.main()
