# One command for each thing a person does here. All of them set up what they need; Python 3.11 or later is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test check browser format lock clean

setup: $(STAMP)  ## the virtual environment with the command .venv/bin/lifecycle

# uv where it is there, otherwise plain pip; the pins and hashes are the same. --no-deps: the lock is complete, and pip would
# otherwise ask for `sqlalchemy[asyncio]` beside the `sqlalchemy` that is pinned.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what lifecycle needs (a few minutes the first time) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.txt && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $(STAMP)

demo: setup  ## simulate a company, backfill its 18 months, say where the report is
	@$(BIN)/lifecycle demo

test: setup check browser  ## everything that CI runs
	$(BIN)/pytest -n auto --dist loadfile

browser: setup  ## one to test Prefect's pages with, where the machine has none
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || $(BIN)/playwright install chromium

check: setup  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup  ## pins and hashes of everything, from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --extra dev pyproject.toml --output-file requirements.txt

clean:
	rm -rf $(VENV) demo
