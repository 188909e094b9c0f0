# The two commands of the README are `make demo` and `make test`; each target installs what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON := .venv/bin/python
SETUP := .cache/setup.done

.PHONY: setup demo unit servers test check lint types contracts lock clean help unit-tests law-tests

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

setup: $(SETUP)  ## install Debian packages (when it may), the environment and Kafka

$(SETUP): requirements.lock pyproject.toml deploy/setup.sh
	deploy/setup.sh
	@touch $@

demo: $(SETUP)  ## the whole pipeline on this machine; suggestions in ./policies
	.venv/bin/network-policy demo --output policies

unit: $(SETUP)  ## the fast tests, under a minute: two halves side by side
	@$(MAKE) --no-print-directory -j2 --output-sync=target unit-tests law-tests

unit-tests: $(SETUP)
	$(PYTHON) -m pytest tests/unit tests/golden tests/contracts tests/properties/advisor

law-tests: $(SETUP)
	$(PYTHON) -m pytest tests/properties --ignore tests/properties/advisor

servers: $(SETUP)  ## the Kubernetes API that tests start: built once, in about ten minutes
	PYTHONPATH=tests/support:. $(PYTHON) -m kube_binaries

test: $(SETUP)  ## every test: real Kafka, real Kubernetes API, real kernel
	-@$(MAKE) --no-print-directory servers
	$(PYTHON) -m pytest $(if $(CI),--fail-on-skip)

lint: $(SETUP)  ## ruff
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: $(SETUP)  ## mypy, strict
	.venv/bin/mypy

contracts: $(SETUP)  ## who may import whom
	.venv/bin/lint-imports

check: lint types contracts test  ## what CI runs

lock: pyproject.toml  ## resolve the exact versions and hashes again
	python3 -m venv .cache/uv && .cache/uv/bin/pip -q install uv
	.cache/uv/bin/uv pip compile pyproject.toml --extra dev --generate-hashes --python-version 3.11 \
	  --custom-compile-command 'make lock' --upgrade -q -o requirements.lock

clean:  ## remove what these targets made
	rm -rf .venv .cache policies build *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
