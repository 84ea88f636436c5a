# PYTHON is the one that has '.[dev]' installed, such as: make check PYTHON=.venv/bin/python
PYTHON ?= python
SYSTEMS = linux darwin win32
DIST ?= dist

.PHONY: check dist test test-all test-snapshot-update format screenshots bench soak

check: ## the gate: format, lint, types, tests
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	for system in $(SYSTEMS); do $(PYTHON) -m mypy --platform $$system || exit 1; done
	$(PYTHON) -m pytest

dist: ## the package, as sdist and as the wheel made from it, and whether an index would take them
	$(PYTHON) -m build --outdir $(DIST) .
	$(PYTHON) -m twine check --strict $(DIST)/*
	$(PYTHON) -m check_wheel_contents $(DIST)/*.whl

test: ## without the slow ones
	$(PYTHON) -m pytest

test-all:
	$(PYTHON) -m pytest -m ''

test-snapshot-update: ## then read the diff before you commit it
	$(PYTHON) -m pytest --snapshot-update

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

screenshots: ## the pictures of the README, from the running app
	$(PYTHON) screenshots/make.py

bench: ## every script of benchmarks/ but soak.py
	@for script in $(filter-out benchmarks/soak.py,$(wildcard benchmarks/*.py)); do \
		echo "== $$script"; \
		PYTHONPATH=. $(PYTHON) "$$script" || exit 1; \
	done

soak: ## an hour at full pace: does anything grow?
	PYTHONPATH=. $(PYTHON) benchmarks/soak.py
