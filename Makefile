# Everything a checkout needs. `make demo` and `make test` set up all that they use, in .venv.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test protocol test-dbt-versions lint format bench conformance docs constraints clean
.DEFAULT_GOAL := help

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

demo: .venv/.demo ## Six months of real flights, a bad delivery blocked, a mended one promoted
	$(BIN)/python integration_tests/demo.py

test: .venv/.dev ## Every test that CI runs
	$(PYTEST) tests/unit tests/catalogs tests/protocol tests/services tests/functional
	$(PYTEST) -m fast tests/conformance --wap off
	$(PYTEST) -m fast tests/conformance --wap run

protocol: .venv/.dev ## Every interleaving of large configurations of the promotion protocol too; minutes
	PHLO_PROTOCOL=large $(PYTEST) tests/protocol/test_every_interleaving.py

test-dbt-versions: .venv/bin/python ## The functional tests on each dbt-core that is supported; DBT=1.12 for one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python tests/dbt_versions.py $(DBT)

conformance: .venv/.dev ## All of dbt's adapter suite, without WAP and again on a run's ref
	$(PYTEST) tests/conformance --wap off
	$(PYTEST) tests/conformance --wap run

lint: .venv/.dev ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/.dev ## Mend what lint can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## Measure against peers and limits; prints ratios
	$(BIN)/python -m benchmarks

docs: .venv/.dev ## Print the reference pages from the code
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.conformance.deviations

constraints: .venv/.dev ## Write constraints.txt anew from pyproject.toml and constraints.in
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml constraints.in --extra dev --universal --python-version 3.10 \
	  --no-header --no-annotate --strip-extras --output-file constraints.txt --upgrade

.venv/bin/python:
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; assert (3, 10) <= v <= (3, 13), f"dbt-phlo needs Python 3.10 to 3.13, this is {v[0]}.{v[1]}: make PYTHON=python3.11 ..."'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

.venv/.demo: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing dbt-phlo into .venv ..."
	$(INSTALL) -e '.[demo]'
	@touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing dbt-phlo and its tools into .venv ..."
	$(INSTALL) -e '.[dev]'
	@touch $@ .venv/.demo

clean: ## Remove what make made
	rm -rf .venv .venv-dbt-* dist integration_tests/lake integration_tests/deliveries integration_tests/target
