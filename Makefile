# The two commands: `make run` starts Kompas, `make test` tests it. Each sets up what it needs first.
PYTHON ?= python3
KOMPAS := .venv/bin/kompas

.PHONY: run chat test check setup setup-tests docs encoder clean

run: setup
	@exec $(KOMPAS) run

chat:
	@exec $(KOMPAS) chat

test: setup-tests
	.venv/bin/python -m pytest

check: setup-tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(KOMPAS) knowledge check

setup:
	@$(PYTHON) tools/setup.py

setup-tests:
	@$(PYTHON) tools/setup.py --tests

# Transcript and screenshots of the README, made by asking the running assistant, and the pictures of the two desks.
docs: setup-tests
	.venv/bin/python tools/readme.py
	.venv/bin/python tools/pictures.py

# Trains the sentence encoder anew: up to three hours on two cores (retrieval/training/).
encoder: setup-tests
	.venv/bin/python -m retrieval.training.pipeline

# Keeps what cannot be made again offline: fetched encoders, their thresholds, the text the encoder is trained on,
# and the accounts of the editors' desk with what else is in state/.
clean:
	rm -rf .venv .venv-rasa .rasa
	find .cache -mindepth 1 -maxdepth 1 ! -name encoder ! -name encoders ! -name calibrations ! -name state -exec rm -rf {} + 2>/dev/null || true
