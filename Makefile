# The two commands: `make run` starts Kompas, `make test` tests it. Each sets up what it needs first.
PYTHON ?= python3
KOMPAS := .venv/bin/kompas

.PHONY: run chat test check setup setup-tests docs clean

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

# Transcript and screenshots of the README, made by asking the running assistant.
docs: setup-tests
	.venv/bin/python tools/readme.py

clean:
	rm -rf .venv .venv-rasa .cache .rasa
