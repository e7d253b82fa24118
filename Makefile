# Refrain's commands.  `make` alone lists them.
#
# Paths stay relative or quoted, and tools are called as `python -m`, so that a clone in a
# folder with spaces in its name works.

VENV ?= .venv
PY = "$(VENV)/bin/python"

.DEFAULT_GOAL := help
.PHONY: help run test lint format readme screenshots bench bench-learning clean python-for-venv install install-dev install-bench

help:
	@echo "make run          install what is needed and serve on http://$(or $(BIND),127.0.0.1):$(or $(PORT),8000)"
	@echo "make test         run the whole test suite"
	@echo "make lint         ruff, mypy --strict and hadolint"
	@echo "make format       let ruff put the code in order"
	@echo "make readme       write the answer that the code gives into README.md"
	@echo "make screenshots  write every page of the desk, at three widths, into build/screenshots"
	@echo "make bench        measure Refrain against its peers, as one table"
	@echo "make bench-learning CORPORA=DIR"
	@echo "                  let simulated newsrooms teach the model, and poison what they teach"
	@echo "make clean        remove the virtual environment and caches; var/ stays"
	@echo
	@echo "Settings: PORT, BIND, VENV ($(VENV)), PYTHON; the service's are in README.md"

run: install
	@$(PY) -m flask --app service.cli init
	@exec $(PY) -m service.run

# One process for each core; the tests of a file share servers, and so a process.
test: install-dev
	@$(PY) -m pytest $(or $(TESTS),--numprocesses auto --dist loadfile)

lint: install-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict
	"$(VENV)/bin/hadolint" Dockerfile

format: install-dev
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

readme: install-dev
	@$(PY) -m tests.renew_readme

screenshots: install-dev
	@$(PY) -m tests.screenshots --out build/screenshots --readme docs/screenshots

bench: install-bench
	@$(PY) -m benchmarks

# The corpora are no part of this repository: model/fetch.py brings what can be brought.
bench-learning: install-dev
	@if [ -z "$(CORPORA)" ]; then echo "say where the corpora are: make bench-learning CORPORA=DIR" >&2; exit 2; fi
	@$(PY) -m benchmarks.learning --corpora "$(CORPORA)"

clean:
	rm -rf "$(VENV)" build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is a copy of what was installed: it is compared, not dated, so that neither a
# checkout nor a copy of the tree installs anything anew.
define install_if_changed
	@cat $(2) | cmp -s - "$(VENV)/$(1).stamp" || { \
	  echo "Installing $(lastword $(2)) into $(VENV) (once; takes a minute or two)" >&2; \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r $(lastword $(2)) && \
	  cat $(2) > "$(VENV)/$(1).stamp"; }
endef

install: python-for-venv
	$(call install_if_changed,run,requirements.txt)

install-dev: install
	$(call install_if_changed,dev,requirements.txt requirements-dev.txt)

install-bench: install-dev
	$(call install_if_changed,bench,requirements.txt requirements-dev.txt requirements-bench.txt)

# PYTHON names an interpreter; without it the first fitting one on the path is taken.
# Running it is the test: a shim may be on the path and lead nowhere.
python-for-venv:
	@if $(PY) -c "" 2>/dev/null; then exit 0; fi; \
	fits="import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))"; \
	for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if "$$candidate" -c "$$fits" 2>/dev/null; then \
	    "$$candidate" -m venv --clear "$(VENV)" && exit 0; \
	    echo "$$candidate cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Refrain needs Python 3.11 to 3.14, and none was found$(if $(PYTHON), as $(PYTHON)); set PYTHON=/path/to/python3" >&2; \
	exit 1
