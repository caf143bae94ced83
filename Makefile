# Everything a person types here: `make run`, `make test`. All of it stays inside .venv.
#
#   make run ARGS="--cams 2 --seconds 30"    other options for `agent run`
#   make test ARGS="tests/streams -x"        other options for pytest
#   make run PYTHON=python3.12               another interpreter
#   PIP_ARGS="..."                           anything else for pip, such as an index of your own

PYTHON ?= python3
ARGS ?=
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PARTS := kernels streams perception memory generation runtime apps
SOURCES := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test lint format wheel smoke clean

help:
	@echo "make run      install into $(VENV) and start: agent run --cams 4"
	@echo "make test     install the test tools as well and run the tests"
	@echo "make lint     format, lint and types: ruff and mypy --strict"
	@echo "make format   let ruff write the format"
	@echo "make wheel    build the wheel into dist/"
	@echo "make smoke    install that wheel into an empty environment and run it from elsewhere"
	@echo "make clean    remove $(VENV) and all that was built"

run: $(VENV)/run.stamp
	@$(BIN)/agent run --cams 4 $(ARGS)

# The `pytest` script, not `python -m pytest`: the latter puts the root on the path, where our `kernels/`
# hides the package of that name that transformers looks for.
test: $(VENV)/test.stamp
	$(BIN)/pytest $(ARGS)

# Types are checked through a link named `millrace`, so that the name of the checkout never matters.
lint: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; ln -s "$(CURDIR)" "$$scratch/millrace"; \
	cd "$$scratch"; "$(CURDIR)/$(BIN)/mypy" --config-file "$(CURDIR)/pyproject.toml" \
	  --cache-dir "$(CURDIR)/.mypy_cache" -p millrace.errors -p millrace.files $(PARTS:%=-p millrace.%)

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What an earlier build left would be packed again, so it goes first.
wheel: $(VENV)/test.stamp
	@rm -rf build dist
	$(BIN)/pyproject-build --wheel --outdir dist . > $(VENV)/wheel.log 2>&1 || { cat $(VENV)/wheel.log; exit 1; }
	@ls -lh dist/*.whl | awk '{print "built " $$9 " (" $$5 ")"}'

smoke: wheel
	$(BIN)/python tests/smoke_wheel.py dist/*.whl

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. pip is the last thing `venv` writes, so its presence means that the environment is whole.
$(BIN)/pip:
	@command -v $(PYTHON) > /dev/null || { \
	  echo "error: $(PYTHON) is not installed; run: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
	       "install one and name it: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "error: $(PYTHON) cannot make environments; run:" \
	       "sudo apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv --clear $(VENV)

# One pip call for everything, so that the constraints hold for every package in it.
$(VENV)/run.stamp: $(SOURCES) | $(BIN)/pip
	@echo "installing Millrace into $(VENV) (once; torch is a few hundred megabytes)"
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt $(PIP_ARGS) -e '.[audio]'
	@touch $@

$(VENV)/test.stamp: $(SOURCES) | $(BIN)/pip
	@echo "installing Millrace and the test tools into $(VENV) (once; torch is a few hundred megabytes)"
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt $(PIP_ARGS) -e '.[audio,test]'
	@touch $@ $(VENV)/run.stamp
