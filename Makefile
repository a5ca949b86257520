# Two commands for a newcomer: `make demo` and `make test`. Both may be run again and are quick then.
# Needs Python 3.11+, git and make. Everything goes into .venv and demo-out.

PYTHON ?= python3
VENV   := .venv
# LiteLLM pins other versions of what the tests need.
LITELLM := .venv-litellm
BIN    := $(VENV)/bin

# The harm tests run a real classifier on the CPU. Any build of this version will do.
TORCH := torch==2.13.0

# What `make fuzz` takes, over all targets. With `pip install --group fuzz` it follows branches.
FUZZ_SECONDS ?= 3600

.PHONY: help demo test cover lint fuzz sample docs litellm clean

help:
	@echo "make demo    install into $(VENV), then audit, sign, verify and gate the sample"
	@echo "make test    install the test needs, then lint, type-check and test everything"
	@echo "make cover   the same, and demand that nine of ten branches were taken"
	@echo "make lint    the quick half of make test"
	@echo "make fuzz    throw hostile bytes at every parser for an hour, or FUZZ_SECONDS=60"
	@echo "make sample  make the sample data again (the same bytes)"
	@echo "make docs    make the generated parts of the documentation again"
	@echo "make litellm install LiteLLM beside, for the tests of what it does with us"
	@echo "make clean   remove what make made"

demo: $(VENV)/.installed
	@BIN=$(BIN) sh scripts/demo.sh

test: lint $(LITELLM)/.installed
	$(BIN)/pytest -n 2 --dist loadfile

# Beside `test`: counting branches makes the tests take half as long again.
cover: lint $(LITELLM)/.installed
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report=term --cov-fail-under=90

lint: $(VENV)/.test-needs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(VENV)/.test-needs
	$(BIN)/python scripts/fuzz.py --seconds $(FUZZ_SECONDS) --into fuzz-findings --json fuzz-results.json

sample: $(VENV)/.installed
	$(BIN)/python scripts/make_sample.py

litellm: $(LITELLM)/.installed

docs: $(VENV)/.installed
	$(BIN)/python -m assaymark.checks.page

clean:
	rm -rf $(VENV) $(LITELLM) demo-out fuzz-findings build dist htmlcov fuzz-results.json .coverage .coverage.* \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# pip 25.1 is the first that reads dependency groups.
$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; try make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.installed: $(VENV)/.pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test-needs: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --group test --editable '.[detoxify,endpoint]' '$(TORCH)'
	@touch $@

# Its tests say that they are skipped where it cannot be had.
$(LITELLM)/.installed: $(VENV)/.pip pyproject.toml
	$(PYTHON) -m venv $(LITELLM)
	@timeout 600 $(LITELLM)/bin/python -m pip install --quiet --editable '.[litellm]' && touch $@ || \
		{ echo "LiteLLM could not be installed; the tests that need it are skipped"; rm -rf $(LITELLM); }
