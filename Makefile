.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin

# What Python and pytest have compiled is kept: the tests start many processes, and each compiled all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo serve test check format lock bench openapi chaos beside
help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk 'BEGIN{FS=":.*## "}{printf "  make %-9s %s\n",$$1,$$2}'

# The stamp is newer than the locks when the environment fits them, so that setup costs nothing the second time.
.venv/stamp: requirements/runtime.txt requirements/develop.txt pyproject.toml requirements/runtime.in requirements/metadata.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/runtime.txt -r requirements/develop.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/stamp

# The browser of tests/browser. npm comes with the environment, the hashes with the lock beside the tests.
.browser/stamp: tests/browser/install/package-lock.json tests/browser/install/unpack.mjs | .venv/stamp
	rm -rf .browser && mkdir .browser && cp tests/browser/install/*.json .browser/
	$(BIN)/npm ci --prefix .browser --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/node tests/browser/install/unpack.mjs .browser
	tar -xf .browser/libraries.tar -C .browser && rm -rf .browser/node_modules .browser/libraries.tar
	@touch .browser/stamp

setup: .venv/stamp .browser/stamp  ## Make .venv from the hash-pinned locks, install mimamori into it, and what looks at pages in the tests

demo: .venv/stamp  ## Run a seeded town on SQLite: devices, families, an outing that goes wrong (ARGS="--for 60")
	$(BIN)/mimamori demo $(ARGS)

serve: .venv/stamp  ## Run the service on SQLite in data/ (ARGS="--port 8000")
	$(BIN)/mimamori serve $(ARGS)

test: check  ## Everything that must hold: static checks, unit, property, contract, end to end, kills
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder tests

check: setup  ## Format, lint, strict types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: setup  ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: setup  ## Renew requirements/*.txt with hashes, without index addresses
	for part in runtime develop build; do $(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links --strip-extras --allow-unsafe --no-header -o requirements/$$part.txt requirements/$$part.in; done

bench: setup  ## Measure against the floors (ARGS="--json")
	$(BIN)/mimamori bench $(ARGS)

openapi: setup  ## Regenerate openapi/openapi.json
	$(BIN)/mimamori openapi

chaos: setup  ## Let everything fail under load, again and again, and report (ROUNDS=2 SEED=20261128)
	MIMAMORI_TEST_KILLS=50 MIMAMORI_TEST_ROUNDS=$(or $(ROUNDS),2) MIMAMORI_TEST_SEED=$(or $(SEED),20261128) $(BIN)/pytest -m chaos tests

beside: setup  ## Run an older version beside this one under load (OLD=commit)
	folder=$$(mktemp -d) && git worktree add -q --detach $$folder/old $(OLD) && { $(BIN)/python -m tests.chaos.beside $$folder/old; \
	  status=$$?; git worktree remove --force $$folder/old; exit $$status; }
