# Every target sets up what it needs: a machine with Python 3.11 or later and make is enough.

PYTHON ?= python3
# `make test-newest` and `make test-oldest` set it: highest or lowest-direct instead of what is locked.
RESOLUTION :=
# Further requirements for such a resolution, e.g. WITH=PyYAML==6.0.3
WITH :=

VENV := .venv$(subst /,-,$(patsubst %,-%,$(filter-out python3,$(PYTHON)) $(RESOLUTION)))
VENV := $(subst $() ,,$(VENV))
BIN := $(VENV)/bin
# uv where it works, which installs in a second what takes pip a minute; what needs it gets one of its own.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
OWN_UV := .venv-uv/bin/uv
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: help conformance test test-newest test-oldest test-wheel record faults fuzz mutants bench coverage lock wheel shell clean

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name does; do \
	  printf '%-18s %s\n' "$$name" "$$does"; done
	@echo "PYTHON=python3.12  another Python, in an environment of its own"

conformance: $(VENV)/installed ## run the suite on the shipped cassettes and write its report
	$(BIN)/pytest

test: $(VENV)/installed ## lint, types, the suite's own tests, the suite: with what is locked
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/conformance coverage --check
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  echo "Chromium is missing, so the report's page is not tested: apt-get install chromium" >&2
	@command -v redis-server >/dev/null || \
	  echo "redis-server is missing, so a rate that machines share is not tested: apt-get install redis-server" >&2
	$(BIN)/pytest -q -n 3 --dist worksteal conformance/selftest
	$(BIN)/pytest -q -n 2 --faults
	$(BIN)/pytest -q -n 2

test-newest: ## the same with the newest versions that pyproject.toml allows
	$(MAKE) test RESOLUTION=highest

test-oldest: ## the same with the oldest versions that pyproject.toml allows
	$(MAKE) test RESOLUTION=lowest-direct

test-wheel: $(VENV)/installed ## the suite's own tests, and the suite, on the built wheel
	$(BIN)/python -m conformance.selftest.on_wheel

record: $(VENV)/installed ## record the shipped cassettes again from the reference server
	$(BIN)/pytest -q --record

faults: $(VENV)/installed ## plant every fault and see whether its requirement turns red
	$(BIN)/pytest -q -n 2 --faults

fuzz: $(VENV)/installed ## feed the readers of cassettes and specs what is nearly right
	$(BIN)/python -m conformance.selftest.fuzz

# What it needs is not in the lock: a part of it ships as source only. Another major version may draw other mutants.
mutants: $(VENV)/installed ## change the code a little, many times: does a test fail?
	$(if $(UV),$(UV) pip install --python $(BIN)/python,$(BIN)/python $(PIP)) --quiet "cosmic-ray>=8.7,<9" "coverage>=7.10"
	$(BIN)/python -m conformance.selftest.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

bench: $(VENV)/installed ## wall seconds of the usual runs, and how processes keep to one rate
	$(BIN)/python -m conformance.selftest.bench
	$(BIN)/python -m conformance.selftest.pacing

coverage: $(VENV)/installed ## write reports/coverage.md and specs/README.md again
	$(BIN)/conformance coverage

lock: $(or $(UV),$(OWN_UV)) ## renew requirements.lock from pyproject.toml
	$< pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url \
	  --custom-compile-command 'make lock' --group dev --output-file requirements.lock pyproject.toml

wheel: $(VENV)/installed ## build dist/conformance-*.whl
	rm -rf dist
	$(BIN)/python -m hatchling build -t wheel

shell: $(VENV)/installed ## a shell in which the commands of README work as they are typed
	@. $(BIN)/activate && exec "$${SHELL:-/bin/sh}"

clean: ## remove what the other targets made
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .hypothesis .pytest_cache dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(OWN_UV):
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python $(PIP) uv

ifneq ($(RESOLUTION),)
.PHONY: $(VENV)/installed
$(VENV)/installed: $(BIN)/python $(or $(UV),$(OWN_UV))
	$(or $(UV),$(OWN_UV)) pip install --quiet --python $(BIN)/python --upgrade --resolution $(RESOLUTION) \
	  --group dev --editable . $(WITH)
else
# The project itself is built with what the lock has installed, so nothing that is not locked is fetched.
$(VENV)/installed: $(BIN)/python pyproject.toml requirements.lock
ifneq ($(UV),)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	$(BIN)/python $(PIP) --require-hashes --requirement requirements.lock
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
endif
	@touch $@
endif
