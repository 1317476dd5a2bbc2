# Two commands need nothing but Python >= 3.11 (with venv) and make:
#   make demo   solve a sample portfolio and print the plan
#   make test   run every check
# Both create $(VENV) once and need no network afterwards.

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$p; break; fi; done)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
TYPED := pmo_optimizer solvers/pmo_solvers scenarios/pmo_scenarios benchmarks tests

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgres drill format lock schema install clean

help:
	@echo "make demo     solve a sample portfolio and print the plan"
	@echo "make test     run every check: ruff, mypy, import contracts, tests"
	@echo "make test-postgres  run the tests of the service; fails where no PostgreSQL answers"
	@echo "make drill    run the long tests"
	@echo "make format   format the code and mend what ruff can mend"
	@echo "make schema   write docs/portfolio.schema.json and docs/scenario.schema.json again"
	@echo "make lock     pin the newest allowed versions in requirements.lock"
	@echo "make clean    remove the environment and all caches"

# The packages, at the pinned versions; again only where the lock has changed.
$(LOCKED): requirements.lock
	@if ! test -x $(BIN)/python; then \
		if test -z "$(PYTHON)"; then \
			echo "Python 3.11 or newer, with venv, is needed; set PYTHON=/path/to/python"; exit 1; \
		fi; \
		echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); \
	fi
	@echo "Installing the pinned packages into $(VENV) ..."
	@$(PIP) install --requirement requirements.lock
	@touch $@

# The project itself, editable; its build tools are among the pinned packages.
$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

install: $(INSTALLED)

demo: $(INSTALLED)
	$(BIN)/pmo-optimizer demo

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

# PMO_TEST_POSTGRES names a server on which databases may be created; by default the local one.
test-postgres: $(INSTALLED)
	PMO_TEST_POSTGRES_REQUIRED=1 $(BIN)/python -m pytest -n 2 tests/api

drill: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 -m drill
	mkdir -p build
	$(BIN)/python -m benchmarks run generated --projects 60 --periods 24 --skills 8 --seeds 0-4 \
		--time-limit 30 --workers 2 --jsonl build/drill.jsonl

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(INSTALLED)
	$(BIN)/pmo-optimizer schema > docs/portfolio.schema.json
	$(BIN)/pmo-optimizer schema --scenario > docs/scenario.schema.json

# uv keeps the pins that still fit; `make lock UPGRADE=--upgrade` takes the newest.
lock: $(INSTALLED)
	@test -x $(BIN)/uv || $(PIP) install uv
	$(BIN)/uv pip compile pyproject.toml --extra test --group build --python-version 3.11 \
		--no-header --no-annotate $(UPGRADE) --output-file requirements.lock
	@{ echo "# Exact versions for make demo and make test; refresh with: make lock"; \
		cat requirements.lock; } > requirements.tmp && mv requirements.tmp requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
