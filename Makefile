# Needs python3 (3.11 or newer) and nothing else: every target makes .venv with all that it needs.
#   make demo [FILE=movie.mp4]      a clip through upload, profiles and worker, with every output checked
#   make serve [PORT=8000] [WORKERS=1]
#   make test                       lint, then the suite on SQLite, PostgreSQL and MariaDB
#   make test-quick                 lint, then the quick part of the suite on SQLite
#   make lint | bench | docs | matrix | clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
export PORT WORKERS

.PHONY: help demo serve test test-quick lint bench docs matrix clean

help:
	@sed -n 's/^#//p' Makefile

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the project needs into .venv; this may take some minutes."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/python example_project/demo.py $(if $(FILE),'$(FILE)')

serve: $(STAMP)
	@exec $(BIN)/python example_project/serve.py

test: lint
	$(BIN)/python -m tests.databases

test-quick: lint
	$(BIN)/python -m tests.databases --only sqlite -- -m 'not slow and not big'

# The code knows its own rules: style, types, layers, models that agree with their migrations, and a book that builds.
lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python example_project/manage.py makemigrations --check --dry-run
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html

bench: $(STAMP)
	$(BIN)/python -m tests.bench

docs: $(STAMP)
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

# tox finds the interpreters of pyenv, too, where there is one.
matrix: $(STAMP)
	PATH="$$PATH$$(for bin in "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[1-9]*/bin; do printf ':%s' "$$bin"; done)" $(BIN)/tox run

clean:
	rm -rf .venv .tox .cache build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
