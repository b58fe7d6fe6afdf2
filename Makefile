# run and test set themselves up; nothing is needed but Python 3.11+ and make (uv is used if there).
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := $(VENV)/bin
MANIFESTS := pyproject.toml core/pyproject.toml $(wildcard plugins/*/pyproject.toml)

.PHONY: run test setup dev lint types imports check bench wheels clean

run: setup
	$(BIN)/hotelero run --host $(HOST) --port $(PORT)

test: dev
	$(BIN)/python -m pytest

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
	$(BIN)/mypy benchmarks docs/tutorial

imports: dev
	$(BIN)/lint-imports

check: lint types imports

bench: dev
	for name in acks relay turns latency guard gateway start history nlu; do $(BIN)/python -m benchmarks.$$name || exit 1; done

wheels: dev
	for part in core plugins/*/ .; do $(BIN)/python -m build --wheel --no-isolation --outdir dist $$part; done

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
