# asyncdemo: `make demo` and `make test` set up everything that they need by themselves, in .venv.

VENV ?= .venv
ARGS ?=
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip -qq --disable-pip-version-check

# The first interpreter that really runs, is new enough and can make environments; PYTHON=... overrides the choice.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3 python
PYTHON ?= $(shell for each in $(CANDIDATES); do "$$each" -c '$(USABLE)' >/dev/null 2>&1 && echo "$$each" && break; done)

# Tests and benches start asyncdemo hundreds of times, which must not compile it each time.
export PYTHONDONTWRITEBYTECODE :=

MAKEFLAGS += --no-print-directory --no-builtin-rules
.DELETE_ON_ERROR:
.PHONY: help demo test lint typecheck format check bench bench-peers test-cpython clean

help: ## this list
	@echo "make TARGET [ARGS=...] [PYTHON=python3.12] [VENV=.venv]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

demo: $(VENV)/.installed ## watch ten tasks share a semaphore, live
	@$(VENV)/bin/asyncdemo semaphore --limit 3 $(ARGS)

# Two files at a time; more would share the real servers with too many.
test: $(VENV)/.developing ## the whole test suite; ARGS="-k semaphore" for a part of it
	@$(RUN) -m pytest $(or $(ARGS),-n 2 --dist loadfile)

lint: $(VENV)/.developing ## ruff's rules
	@$(RUN) -m ruff check --quiet $(ARGS)

typecheck: $(VENV)/.developing ## mypy, strict
	@$(RUN) -m mypy $(ARGS)

format: $(VENV)/.developing ## put the code into ruff's format
	@$(RUN) -m ruff check --quiet --fix-only
	@$(RUN) -m ruff format

check: $(VENV)/.developing ## lint, format and types; changes nothing
	@$(RUN) -m ruff check --quiet
	@$(RUN) -m ruff format --check --quiet || { echo "The files above are not in ruff's format: make format"; exit 1; }
	@$(RUN) -m mypy

bench: $(VENV)/.developing ## what recording and drawing cost, as ratios against goals; ARGS="--only W1"
	@$(RUN) -m tests.bench $(ARGS)

bench-peers: $(VENV)/.developing ## the same next to viztracer and asyncviz, in an environment of their own
	@$(RUN) -m tests.peers $(ARGS)

test-cpython: $(VENV)/.developing ## CPython's own asyncio tests, with and without the recorder
	@$(RUN) -m tests.cpython $(ARGS)

clean: ## remove what these targets made
	@rm -f asyncdemo/compiled/_hot.*.so
	@rm -rf .venv .ci/venvs dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@python="$(PYTHON)"; \
	if ! { [ -n "$$python" ] && "$$python" -c '$(USABLE)' >/dev/null 2>&1; }; then \
		echo "asyncdemo needs Python 3.11 or later with its venv module$${python:+; $$python is not that}."; \
		echo "  Debian, Ubuntu: sudo apt install python3 python3-venv     Fedora: sudo dnf install python3"; \
		echo "  macOS: brew install python                                others: https://www.python.org/downloads/"; \
		echo "One that is not on the PATH: make PYTHON=/path/to/python3"; \
		exit 1; \
	fi >&2; \
	echo "Setting up $(VENV) with $$("$$python" -V) (once, about half a minute)" >&2; \
	"$$python" -m venv "$(VENV)"
	@$(PIP) install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.installed: pyproject.toml hatch_build.py asyncdemo/compiled/_hot.c $(wildcard asyncdemo/compiled/*.h) | $(VENV)/.created
	@$(PIP) install --editable .
	@touch $@

# The tools that test and check; a demonstration needs none of them.
$(VENV)/.developing: $(VENV)/.installed
	@echo "Installing the test tools, the libraries and their servers (once)" >&2
	@$(PIP) install --editable '.[all]' --group dev
	@touch $@
