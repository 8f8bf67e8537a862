# Every chore by name. `make help` lists them.
#
# Each chore that needs Python makes its own environment in .venv and installs what it needs there, from the locks in
# requirements/ and with their hashes. A stamp file remembers what is installed, so a second call is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.installed
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

ARGS  ?=
PAIRS ?= 100000
SEEDS ?= 2000
KILLS ?= 200
SEED  ?=
JOBS  ?= 2

# --------------------------------------------------------------------------------------------------- what people call

.PHONY: help demo test check fuzz sim conformance bench docs lock clean format

help: ## list the chores
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

demo: $(STAMPS)/run ## two parties and a conflict on this machine   (ARGS="--once")
	@$(BIN)/keepclear demo $(ARGS)

test: $(STAMPS)/test ## every test, the browser's too   (ARGS="-k stop")
	@$(call need_chromium)
	$(BIN)/python -m pytest $(ARGS)

check: $(STAMPS)/dev ## style, types, import rules, tidiness, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_tidy.py

format: $(STAMPS)/dev ## put every file in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(STAMPS)/test ## the long comparison with the reference   (PAIRS=100000 SEED=1 JOBS=2)
	$(BIN)/python tests/fuzz/run.py --pairs $(PAIRS) --jobs $(JOBS) $(if $(SEED),--seed $(SEED)) $(ARGS)

sim: $(STAMPS)/test ## the long simulation   (SEEDS=2000 and KILLS=200 of whole nodes, or SEED=8812 to play one again)
	$(BIN)/python tests/simulation/run.py $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)
	$(if $(SEED),,KEEPCLEAR_NODE_KILLS=$(KILLS) $(BIN)/python -m pytest -q tests/integration/test_kill.py -k kills_of)

conformance: $(STAMPS)/test ## the standard face: our tests at length, and the public InterUSS prober (needs Python 3.13)
	KEEPCLEAR_DSS_EXAMPLES=100 KEEPCLEAR_DSS_KILLS=10 $(BIN)/python -m pytest -q tests/conformance $(ARGS)
	$(BIN)/python tests/conformance/run_prober.py

bench: $(STAMPS)/test ## the figures of benchmarks/README.md
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: ## list the documentation, page by page
	@{ find README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md CHANGELOG.md docs examples -name '*.md' 2>/dev/null || true; } | sort \
	  | while read -r page; do printf '%s|%s\n' "$$page" "$$(sed -n 's/^# //p;/^# /q' "$$page" | head -n 1)"; done | column -t -s '|'

clean: ## remove what can be made again, the environment too
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------- the environment

# The first Python that is new enough, runs, and can make an environment: a name on the path may be an empty shim.
define make_venv
for python in python3.13 python3.12 python3.11 python3 python3.14 python; do \
  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
    echo "making $(VENV) with $$("$$python" --version)"; exec "$$python" -m venv $(VENV); \
  fi; \
done; \
echo "keepclear needs Python 3.11 or newer with its venv module (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1
endef

$(BIN)/python:
	@$(call make_venv)

# The project itself is installed last, and brings nothing along: all it needs is in the locks.
$(STAMPS)/%: requirements/%.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "installing requirements/$*.txt"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/$*.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

.PRECIOUS: $(STAMPS)/%

# The browser tests drive the Chromium of the machine. KEEPCLEAR_CHROMIUM names another one.
define need_chromium
if ! $(BIN)/python tests/chromium.py >/dev/null; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "installing Chromium"; \
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
      chromium fonts-noto-core fonts-dejavu-core; \
  fi; \
  $(BIN)/python tests/chromium.py >/dev/null \
    || { echo "the tests need Chromium: install chromium or google-chrome, or set KEEPCLEAR_CHROMIUM to it" >&2; exit 1; }; \
fi
endef

# --------------------------------------------------------------------------------------------------------- the locks

# Hashes and no addresses: the locks say what is installed, and leave where from to whoever installs.
# Versions already in a lock are kept; remove the file to take the newest.
LOCK := uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links

lock: | $(BIN)/python ## renew requirements/*.txt from pyproject.toml (needs uv)
	@PATH="$(CURDIR)/$(BIN):$$PATH"; \
	command -v uv >/dev/null || { echo "make lock needs uv on the path" >&2; exit 1; }; \
	$(LOCK) requirements/build.in --output-file requirements/build.txt >/dev/null; \
	$(LOCK) pyproject.toml --all-extras --output-file requirements/dev.txt >/dev/null; \
	$(LOCK) pyproject.toml --extra test --constraint requirements/dev.txt --output-file requirements/test.txt >/dev/null; \
	$(LOCK) pyproject.toml --constraint requirements/dev.txt --output-file requirements/run.txt >/dev/null
