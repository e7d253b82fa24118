# Refrain's commands.  `make` alone lists them.
#
# Paths stay relative or quoted, and tools are called as `python -m`, so that a clone in a
# folder with spaces in its name works.

VENV ?= .venv
PY = "$(VENV)/bin/python"
LOCKED = $(filter-out requirements-bench,$(basename $(wildcard requirements*.txt)))

.DEFAULT_GOAL := help
.PHONY: help run test lint format audit lock readme screenshots bench bench-archive bench-scale bench-soak bench-learning clean python-for-venv install install-dev fuzz install-bench install-fuzz install-supply

help:
	@echo "make run          install what is needed and serve on http://$(or $(BIND),127.0.0.1):$(or $(PORT),8000)"
	@echo "make test         run the whole test suite"
	@echo "make lint         ruff, mypy --strict and hadolint"
	@echo "make format       let ruff put the code in order"
	@echo "make audit        bandit, and known vulnerabilities of what is required"
	@echo "make lock         write requirements*.lock anew, after a change of requirements*.txt"
	@echo "make readme       write the answer that the code gives into README.md"
	@echo "make screenshots  write every page of the desk, at three widths, into build/screenshots"
	@echo "make bench        measure Refrain against its peers, as one table"
	@echo "make bench-archive  measure judging of whole archives, and what many comments cost"
	@echo "make bench-scale  measure what grows with length, rows and words; MILLION=1 for a million rows"
	@echo "make bench-soak   load the service for MINUTES=4 and see whether its memory stays flat"
	@echo "make bench-learning CORPORA=DIR"
	@echo "                  let simulated newsrooms teach the model, and poison what they teach"
	@echo "make fuzz [SECONDS=600]"
	@echo "                  look for texts and requests that break a promise; finds go into build/fuzzing"
	@echo "make clean        remove the virtual environment and caches; var/ stays"
	@echo
	@echo "Settings: PORT, BIND, VENV ($(VENV)), PYTHON; the service's are in README.md"

run: install
	@$(PY) -m flask --app service.cli init
	@exec $(PY) -m service.run

# In several processes (tests/conftest.py); the tests of a file share servers, and so one.
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

# AUDIT=--may-be-offline: that the list of vulnerabilities is out of reach is no failure.
audit: install-supply
	@"$(VENV)/supply/bin/bandit" --quiet --recursive --configfile pyproject.toml model service
	@"$(VENV)/supply/bin/python" -m tests.audit $(AUDIT)

# Every file that can be downloaded of what is pinned, by its hash: for all platforms.
lock: install-supply
	@for file in $(LOCKED); do \
	  "$(VENV)/supply/bin/uv" pip compile --quiet --universal --python-version 3.11 \
	    --upgrade --generate-hashes --no-annotate --custom-compile-command "make lock" \
	    "$$file.txt" --output-file "$$file.lock" || exit; \
	  echo "$$file.lock"; \
	done

readme: install-dev
	@$(PY) -m tests.renew_readme

screenshots: install-dev
	@$(PY) -m tests.screenshots --out build/screenshots --readme docs/screenshots

bench: install-bench
	@$(PY) -m benchmarks

bench-archive: install-dev
	@$(PY) -m benchmarks.archive

bench-scale: install-dev
	@$(PY) -m benchmarks.scale $(if $(MILLION),--million)

bench-soak: install-dev
	@$(PY) -m benchmarks.soak $(MINUTES)

# The corpora are no part of this repository: model/fetch.py brings what can be brought.
bench-learning: install-dev
	@if [ -z "$(CORPORA)" ]; then echo "say where the corpora are: make bench-learning CORPORA=DIR" >&2; exit 2; fi
	@$(PY) -m benchmarks.learning --corpora "$(CORPORA)"

# Every part is run, whatever the one before has found.
fuzz: install-fuzz
	@found=0; \
	$(PY) -m tests.fuzzing.guided --seconds "$(or $(SECONDS),600)" || found=1; \
	$(PY) -m tests.fuzzing.generated --texts "$(or $(TEXTS),400000)" --requests "$(or $(REQUESTS),100000)" \
	  --seed "$$(date +%j)" || found=1; \
	$(PY) -m tests.fuzzing.described --seed "$$(date +%j)" || found=1; \
	exit $$found

clean:
	rm -rf "$(VENV)" build .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A copy of what was installed is kept: it is compared, not dated, so that neither a
# checkout nor a copy of the tree installs anything anew.
define install_if_changed
	@cmp -s $(1).lock "$(VENV)/$(1).lock" || { \
	  echo "Installing $(1).lock into $(VENV) (once; takes a minute or two)" >&2; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1).lock && \
	  cp $(1).lock "$(VENV)/$(1).lock"; }
endef

install: python-for-venv
	$(call install_if_changed,requirements)

install-dev: install
	$(call install_if_changed,requirements-dev)

# Peers of the benchmarks are locked nowhere: nothing else ever meets them.
install-bench: install-dev
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt

# Where there is no wheel, its part of `make fuzz` says so.
install-fuzz: install-dev
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements-fuzz.lock || echo "atheris cannot be installed here" >&2

install-supply: python-for-venv
	@cmp -s requirements-supply.lock "$(VENV)/supply/requirements-supply.lock" || { \
	  $(PY) -m venv --clear "$(VENV)/supply" && \
	  "$(VENV)/supply/bin/python" -m pip install --quiet --disable-pip-version-check \
	    --require-hashes -r requirements-supply.lock && \
	  cp requirements-supply.lock "$(VENV)/supply/"; }

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
