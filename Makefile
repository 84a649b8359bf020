# `make run` starts the app, `make test` checks everything. Neither needs anything but Python 3.11+.

PYTHON ?= python3
PORT ?= 8501
ARGS ?=

APP_VENV := .venv
DEV_VENV := .venv-dev
APP := $(APP_VENV)/bin
DEV := $(DEV_VENV)/bin

SOURCES := maskdet_core maskdet_app train testbed benchmarks pages streamlit_app.py server.py
PYTEST := $(DEV)/python -m pytest -q
# Processes of the tests that can share a machine.
WORKERS ?= 2
IN_PARALLEL := -n $(WORKERS) --dist worksteal
# Tests whose processes mostly wait for servers.
WITH_SERVERS := tests/loopback tests/e2e tests/repo/test_relay_peers.py tests/repo/test_wheel.py
# Decoding at the limits takes a minute.
COSTLY := tests/core/pictures/test_costly_files.py
# Tests that take seconds each, or start servers and browsers, are left out.
FAST_TESTS := tests/core tests/app
# Percent of the lines of library and app, a little below what the fast tests run: never lower it.
MIN_COVERAGE := 93

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without bytecode each process that the tests start compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

.NOTPARALLEL:
.PHONY: help run test lint types tests pytest coverage tools format train wheel lock hooks clean

help:
	@echo "make run     start the app on http://localhost:$(PORT) (PORT=... for another port)"
	@echo "make test    style, types and all tests, as the checks on GitHub do"
	@echo "make coverage  which lines of library and app the fast tests run"
	@echo "make format  format the code and fix what ruff can fix"
	@echo "make train   python -m train ARGS (ARGS='fit --help' explains the training)"
	@echo "make wheel   build sdist and wheel into dist/"
	@echo "make lock    renew requirements.lock, which the container installs"
	@echo "make hooks   run lint before every commit (pre-commit)"
	@echo "make clean   remove environments and caches"

$(APP_VENV)/.installed: requirements.txt
	@$(PYTHON) .ci/check_python.py
	@echo "First start: setting up $(APP_VENV), which takes a minute or two, once."
	@$(PYTHON) -m venv $(APP_VENV)
	@$(APP)/python .ci/install_packages.py -r requirements.txt
	@touch $@

$(DEV_VENV)/.installed: requirements.txt requirements-train.txt requirements-dev.txt \
		requirements-cloud.txt requirements-ray.txt requirements-mqtt.txt
	@$(PYTHON) .ci/check_python.py
	@echo "Setting up $(DEV_VENV) with the training and test tools (once, a few minutes)"
	@$(PYTHON) -m venv $(DEV_VENV)
	@$(DEV)/python -m pip install --quiet -r requirements.txt -r requirements-train.txt \
		-r requirements-dev.txt -r requirements-cloud.txt -r requirements-ray.txt \
		-r requirements-mqtt.txt
	@touch $@

run: $(APP_VENV)/.installed
	@$(APP)/python -m maskdet_app app --port $(PORT)

test: $(DEV_VENV)/.installed tools lint types tests

lint: $(DEV_VENV)/.installed
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/lint-imports --no-logo

types: $(DEV_VENV)/.installed
	$(DEV)/mypy $(SOURCES)

# Three runs, also where one fails: what computes; servers and pages, which mostly wait, a file a
# process; live video in a browser, which takes most of a core, alone: beside another, a machine of two
# slow cores shows too few frames. The modules are compiled before, since a test watches their
# folders for new files.
tests: $(DEV_VENV)/.installed
	@$(DEV)/python -m compileall -q $(SOURCES)
	@failed=; \
	$(PYTEST) --durations=10 $(IN_PARALLEL) $(WITH_SERVERS:%=--ignore %) \
		|| failed="$$failed parallel"; \
	$(PYTEST) --durations=10 -n 3 --dist loadfile -m "not live" $(WITH_SERVERS) \
		|| failed="$$failed servers"; \
	$(PYTEST) --durations=10 -m live tests/e2e || failed="$$failed live"; \
	if [ -n "$$failed" ]; then echo "Failed runs of tests:$$failed" >&2; exit 1; fi

pytest: $(DEV_VENV)/.installed
	$(PYTEST) --durations=10 $(ARGS)

coverage: $(DEV_VENV)/.installed
	$(PYTEST) $(FAST_TESTS) --ignore $(COSTLY) $(IN_PARALLEL) --cov=maskdet_core --cov=maskdet_app \
		--cov-report=term:skip-covered --cov-fail-under=$(MIN_COVERAGE) $(ARGS)

wheel: $(DEV_VENV)/.installed
	$(DEV)/python -m build

tools:
	@bash .ci/install-tools

format: $(DEV_VENV)/.installed
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

train: $(DEV_VENV)/.installed
	$(DEV)/python -m train $(ARGS)

# What the container installs: versions and hashes of everything in requirements.txt.
lock: $(DEV_VENV)/.installed
	$(DEV)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes \
		--constraint .ci/lock-constraints.txt --no-emit-index-url --no-header --quiet \
		--upgrade --output-file requirements.lock

hooks: $(DEV_VENV)/.installed
	$(DEV)/python -m pip install --quiet "pre-commit>=4,<5"
	$(DEV)/pre-commit install

clean:
	rm -rf $(APP_VENV) $(DEV_VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
		.coverage dist test-output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
