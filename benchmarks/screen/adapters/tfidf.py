"""The plain baseline: TF-IDF of words and letters, logistic regression, trained here on data/screen/training.

Nothing is tuned: both n-gram ranges are usual ones, C is scikit-learn's default, and it flags from one half.
"""

import csv
from pathlib import Path

from protocol import serve
from sklearn.feature_extraction.text import TfidfVectorizer  # pyright: ignore[reportMissingImports]
from sklearn.linear_model import LogisticRegression  # pyright: ignore[reportMissingImports]
from sklearn.pipeline import make_pipeline, make_union  # pyright: ignore[reportMissingImports]

TRAINING = Path(__file__).resolve().parents[3] / "data" / "screen" / "training"
FLAG_FROM = 0.5


def examples() -> tuple[list[str], list[bool]]:
    """Texts, and whether each tells of any risk."""
    rows = []
    for file in sorted(TRAINING.glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as opened:
            rows += csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [row["text"] for row in rows], [row["risk"] != "none" for row in rows]


if __name__ == "__main__":
    model = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
        ),
        LogisticRegression(max_iter=1000),
    )
    model.fit(*examples())

    def judge(text: str) -> tuple[bool, float]:
        chance = float(model.predict_proba([text])[0, 1])
        return chance >= FLAG_FROM, chance

    serve(judge)
