# Everything that a newcomer needs, and what CI runs. Each target sets up what it uses, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint requirements.lock

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check format docs lock image clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## watch an agent use the example APIs (first time: some minutes of set-up)
	@$(BIN)/toolalpaca demo

test: $(VENV)/.dev ## run the test suite, offline
	@scripts/test

test-slow: $(VENV)/.dev ## run the tests that take minutes, too
	@scripts/test -m 'slow or not slow'

check: $(VENV)/.dev ## lint, format and type checks, and the arrows between the packages
	@scripts/check

format: $(VENV)/.dev ## format the code
	@scripts/format

lock: $(VENV)/.dev ## pin the newest versions of all dependencies in requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --group dev \
		--no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
		--output-file requirements.lock pyproject.toml

docs: $(VENV)/.dev ## write docs/commands.md from the commands' help
	@$(BIN)/python scripts/commands

image: ## build the container image of the mock server
	docker build --tag toolalpaca .

clean: ## delete what was made, the environment included
	rm -rf $(VENV) dist build htmlcov .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The interpreter is checked first: an old one would fail later with a message that does not say why.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"ToolAlpaca needs Python 3.11 or later; $(PYTHON) is {v[0]}.{v[1]}. Choose another: make PYTHON=python3.12 ...")'
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(VENV)/.demo: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing ToolAlpaca and llama.cpp (about 90 MB) ..."
	@$(PIP) --editable '.[local]'
	@touch $@

$(VENV)/.dev: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing the development dependencies (torch among them) ..."
	@$(PIP) --editable '.[local,mcp,otel,scale,training]' --group dev
	@touch $@ $(VENV)/.demo
