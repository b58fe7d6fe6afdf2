# run and test set themselves up; nothing is needed but Python 3.11+ and make (uv is used if there).
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := $(VENV)/bin
MANIFESTS := pyproject.toml core/pyproject.toml $(wildcard plugins/*/pyproject.toml)

.PHONY: run test test-e2e test-chaos setup dev lint types imports check bench load chaos rehearse
.PHONY: security-fast sbom audit image-check wheels clean

run: setup
	$(BIN)/hotelero run --host $(HOST) --port $(PORT)

# What measures itself, kills processes or blocks loops has the machine for itself, after the rest.
ALONE := tests/chaos tests/durability tests/test_growth.py tests/test_plugin_walls.py \
    tests/test_processes.py tests/test_races.py tests/test_tracing.py core/tests/test_watchdog.py

test: dev
	$(BIN)/python -m pytest -n 2 --dist loadfile $(foreach one,$(ALONE),--ignore=$(one))
	$(BIN)/python -m pytest $(ALONE)

# From the guest's end: dialogues, real processes, the probe.
test-e2e: dev
	$(BIN)/python -m pytest tests/test_conversations.py tests/test_processes.py tests/test_probe.py

# Kills, outages, and a fault of each kind on the way to each neighbour.
test-chaos: dev
	$(BIN)/python -m pytest tests/chaos tests/durability tests/test_fault_proxy.py

# What an attacker would try first, in a few minutes; needs no network.
security-fast: dev
	$(BIN)/ruff check --select S core/src plugins/*/src
	$(BIN)/python -m pytest tests/test_security.py tests/test_hardening.py tests/test_rotation.py \
	    tests/test_isolation.py tests/test_bad_input.py core/tests/test_public_net.py \
	    core/tests/test_logs.py core/tests/test_templates.py

setup: $(VENV)/.setup
dev: $(VENV)/.dev

$(VENV)/.setup: requirements.txt $(MANIFESTS)
	@sh tools/install.sh "$(PYTHON)" "$(VENV)" requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt $(MANIFESTS)
	@sh tools/install.sh "$(PYTHON)" "$(VENV)" requirements-dev.txt
	@touch $@ $(VENV)/.setup

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy core/src plugins/*/src
	$(BIN)/mypy core/tests
	$(BIN)/mypy tests
	$(BIN)/mypy benchmarks docs/tutorial tools

imports: dev
	$(BIN)/lint-imports

check: lint types imports

bench: dev
	for name in acks relay webhooks turns latency guard gateway start history nlu; do $(BIN)/python -m benchmarks.$$name || exit 1; done

# An open model of guests: figures for docs/operations.md.
load: dev
	$(BIN)/python -m benchmarks.traffic
	$(BIN)/python -m benchmarks.traffic --rates 5 --flood

# Every fault on the way to every neighbour.
chaos: dev
	HOTELERO_FULL=1 $(BIN)/python -m pytest tests/chaos -v

# Every runbook: break it, see the alert, follow the steps, see it well again.
rehearse: dev
	$(BIN)/python -m tests.rehearsals

# What we are made of, and what is known to be wrong with it.
sbom: dev
	$(BIN)/python tools/sbom.py dist/sbom.cdx.json

audit:
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/pip install --quiet pip-audit
	$(VENV)-audit/bin/pip-audit --requirement deploy/image/constraints.txt --no-deps --disable-pip

# The steps of deploy/Dockerfile in an empty root, for machines without a container engine.
image-check:
	python3 tools/image_check.py

wheels: dev
	for part in core plugins/*/ .; do $(BIN)/python -m build --wheel --no-isolation --outdir dist $$part; done

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
