# Makegood. `make` alone prints the targets; `make run` and `make test` need python3 ≥ 3.11 and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest
IN_DATA := $(if $(DATA),--data $(DATA))

.DEFAULT_GOAL := help
.PHONY: help run test check lint bench bench-long demo test-long test-mutation lock

# An environment whose python is gone (upgraded, or never finished) is of no use: begin anew.
$(if $(wildcard $(BIN)/python),,$(shell rm -rf $(VENV)))

help: ## print this help
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

run: $(VENV)/run.stamp ## start Makegood on http://127.0.0.1:8000 with a demo book (PORT=8001, DATA=folder)
	@$(BIN)/makegood serve --demo $(if $(PORT),--port "$(PORT)") $(IN_DATA)

test: lint ## all checks and all tests but the long ones
	$(PYTEST) -n 2 -m "not long"

check: lint ## format, lint, strict types, architecture, openapi.json, every command documented
	$(PYTEST) -q -m "not long" tests/test_architecture.py tests/cli/test_docs.py tests/api/test_openapi.py

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --warnings

bench: $(VENV)/dev.stamp ## measure the REST path, the record and the read models, each beside a yardstick
	$(BIN)/python -m benchmarks

bench-long: $(VENV)/dev.stamp ## rebuild read models from 1 M and 10 M entries (half an hour, 21 GB in TMPDIR; ENTRIES=1000 for a trial)
	$(BIN)/python -m benchmarks long $(if $(ENTRIES),--entries "$(ENTRIES)")

demo: $(VENV)/run.stamp ## import 647 orders of a real shop and print the receipt (DATA=folder)
	$(BIN)/makegood import orders tests/data/online-retail-slice.csv.gz $(IN_DATA)
	@echo
	@echo "Look at the shop:      $(BIN)/makegood events tail --book online-retail $(IN_DATA)"
	@echo "By HTTP (make run):    $(BIN)/makegood persons add NAME --role owner --book online-retail $(IN_DATA)"
	@echo "                       $(BIN)/makegood keys create per_… --book online-retail $(IN_DATA)"

test-long: $(VENV)/dev.stamp ## the campaigns: the whole real shop (where ../shared is), kills under load, 10,000 reads of own writes
	$(PYTEST) -m long

test-mutation: $(VENV)/dev.stamp ## change every rule a little and see a test fail (FILES="domain/orders/account.py …")
	$(BIN)/python -m tests.mutation $(FILES)

lock: ## resolve the two lock files anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what requirements.lock lists into $(VENV) (once)"
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "installing what requirements-dev.lock lists into $(VENV) (once)"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Makegood needs Python 3.11 or newer as '$(PYTHON)'; name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' comes without venv; install it (Debian, Ubuntu: apt-get install python3-venv) and try again" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
