# Every target sets up what it needs: a machine with Python 3.11 or later and make is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help conformance test record faults coverage clean

help:
	@echo "make conformance  run the suite on the shipped cassettes and write its report"
	@echo "make test         lint, types, the suite's own tests, the suite"
	@echo "make record       record the shipped cassettes again from the reference server"
	@echo "make faults       plant every fault and see whether its requirement turns red"
	@echo "make coverage     write reports/coverage.md again"

conformance: $(VENV)/installed
	$(BIN)/pytest

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/conformance coverage --check
	$(BIN)/pytest -q -n 2 --dist worksteal conformance/selftest
	$(BIN)/pytest -q --faults
	$(BIN)/pytest -q

record: $(VENV)/installed
	$(BIN)/pytest -q --record

faults: $(VENV)/installed
	$(BIN)/pytest -q --faults

coverage: $(VENV)/installed
	$(BIN)/conformance coverage

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/installed
