# `make run` starts the app, `make test` checks everything. Neither needs anything but Python 3.11+.

PYTHON ?= python3
PORT ?= 8501
ARGS ?=

APP_VENV := .venv
DEV_VENV := .venv-dev
APP := $(APP_VENV)/bin
DEV := $(DEV_VENV)/bin

# Existing Python folders only: mypy refuses a folder without a module in it.
SOURCES := $(sort $(dir $(wildcard maskdet_core/*.py maskdet_app/*.py train/*.py testbed/*.py \
	benchmarks/*.py pages/*.py))) $(wildcard streamlit_app.py server.py)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.NOTPARALLEL:
.PHONY: help run test lint types pytest tools format train lock hooks clean

help:
	@echo "make run     start the app on http://localhost:$(PORT) (PORT=... for another port)"
	@echo "make test    style, types and all tests, as the checks on GitHub do"
	@echo "make format  lay out the code and mend what ruff can mend"
	@echo "make train   python -m train ARGS (ARGS='fit --help' explains the training)"
	@echo "make lock    renew requirements.lock, which the container installs"
	@echo "make hooks   run lint before every commit (pre-commit)"
	@echo "make clean   remove environments and caches"

$(APP_VENV)/.installed: requirements.txt
	@$(PYTHON) .ci/check_python.py
	@echo "Setting up $(APP_VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(APP_VENV)
	@$(APP)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(DEV_VENV)/.installed: requirements.txt requirements-train.txt requirements-dev.txt
	@$(PYTHON) .ci/check_python.py
	@echo "Setting up $(DEV_VENV) with the training and test tools (once, a few minutes)"
	@$(PYTHON) -m venv $(DEV_VENV)
	@$(DEV)/python -m pip install --quiet -r requirements.txt -r requirements-train.txt \
		-r requirements-dev.txt
	@touch $@

run: $(APP_VENV)/.installed
	$(APP)/python -m streamlit run server.py --server.port $(PORT) \
		--server.showEmailPrompt false

test: $(DEV_VENV)/.installed tools lint types pytest

lint: $(DEV_VENV)/.installed
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .

types: $(DEV_VENV)/.installed
	$(DEV)/mypy $(SOURCES)

pytest: $(DEV_VENV)/.installed
	$(DEV)/python -m pytest -q --durations=10 $(ARGS)

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
	rm -rf $(APP_VENV) $(DEV_VENV) .pytest_cache .mypy_cache .ruff_cache test-output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
