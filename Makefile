# The gestures of inkseq. `make` or `make help` lists them.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RAW    ?=
OUT    ?=
export RAW OUT overwrite
DOODLES := data/raw/doodles

.DEFAULT_GOAL := help
.PHONY: help setup demo data check test lint bench transcripts torture tensorboard clean train find_lr sweep schedule report play serve predict box

help:  ## this list
	@grep -hE '^[a-z_]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/ready  ## a virtual environment with everything in it (fast the second time)

# `ready` comes last and says for which folder, since an environment cannot be moved: without it half of one is made anew.
ifneq ($(shell cat $(VENV)/ready 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/ready
endif
$(VENV)/ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: make PYTHON=python3.12, or install Python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "inkseq needs Python 3.11 or newer: make PYTHON=python3.12")'
	@[ "$$(cat $(VENV)/ready 2>/dev/null)" = "$(CURDIR)" ] || [ ! -e $(VENV)/pyvenv.cfg ] || rm -rf $(VENV)
	@echo "Installing into $(VENV): some minutes the first time"
	@$(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]' || { echo; \
	echo "Not installed, for the reason above. It takes packages from PyPI and 7 GB of disk; the same command tries again."; exit 1; }
	@echo "$(CURDIR)" > $(VENV)/ready

demo: setup  ## from nothing to a trained recogniser, its score and a report
	@echo "Doodles are drawn and packed, then a recogniser learns them; it says how long that takes here when it starts."
	$(BIN)/python -m inkseq.doodles out=data/raw/demo per_class=1500
	$(BIN)/python -m inkseq.convert raw=data/raw/demo out=data/packed/demo overwrite=true
	$(BIN)/python -m inkseq.train experiment=demo
	$(BIN)/python -m inkseq.report run=runs/demo
	@echo; echo "Next: make serve                  draw, and see what it takes that for"
	@echo "      make data RAW=FILE-or-FOLDER   drawings of your own"

data: setup  ## convert RAW=folder-or-file into OUT=data/packed/NAME (doodles if there is no RAW)
ifeq ($(strip $(RAW)),)
	$(if $(OUT),$(error OUT=$(OUT) is given, but not RAW=, what to convert))
	@echo "Nothing to convert: RAW= is not given. Drawing doodles instead; for the real thing:"
	@echo "  python -m inkseq.download 'classes=[cat,dog]' && make data RAW=data/raw/quickdraw"
	$(BIN)/python -m inkseq.doodles out=$(DOODLES)
	$(BIN)/python -m inkseq.convert raw=$(DOODLES) out=data/packed/doodles overwrite=true
else
	@[ "$$OUT" ] || [ -e "$$RAW" ] || { echo "$$RAW is no file or folder; several of them need OUT=data/packed/NAME"; exit 1; }
	@name=$$(cd "$$RAW" 2>/dev/null && pwd || echo "$$RAW"); name=$$(basename "$$name"); \
	for ending in .zip .gz .npz .csv .ndjson; do name=$${name%$$ending}; done; \
	$(BIN)/python -m inkseq.convert "raw=$$RAW" "out=$${OUT:-data/packed/$$name}" $${overwrite:+"overwrite=$$overwrite"}
endif

train: setup  ## a recogniser: make train ARGS='data=data/packed/NAME model=bilstm name=RUN'
	$(BIN)/python -m inkseq.train $(ARGS)

find_lr: setup  ## which learning rate to train with: make find_lr ARGS='data=data/packed/NAME batch_size=64'
	$(BIN)/python -m inkseq.find_lr $(ARGS)

sweep: setup  ## a search for good settings: make sweep ARGS='sweep=bilstm data=data/packed/NAME trials=50'
	$(BIN)/python -m inkseq.sweep $(ARGS)

schedule: setup  ## a picture of the learning rate over a run: make schedule ARGS='data=data/packed/NAME'
	$(BIN)/python -m inkseq.schedule $(ARGS)

report: setup  ## a page about a trained recogniser: make report ARGS='run=runs/NAME'
	$(BIN)/python -m inkseq.report $(ARGS)

play: setup  ## draw, and see what it takes that for, before you train: make play ARGS=host=0.0.0.0 for a phone too
	$(BIN)/python -m inkseq.serve browser=true $(ARGS)

serve: setup  ## a page to draw on, of the demo or make serve ARGS='run=runs/NAME'
	$(BIN)/python -m inkseq.serve $(or $(ARGS),run=runs/demo)

predict: setup  ## what drawings are: make predict ARGS='run=runs/NAME input=FILE'
	$(BIN)/python -m inkseq.predict $(ARGS)

# What it learns from is under BOX_RAW; the drawings that came divided, but for the tests, are divided like all others.
BOX_RAW ?= ../shared/data
BOX     := data/packed/quickdraw345-box

box: setup  ## the recogniser that comes with inkseq, made anew: hours of two cores
	@[ -d "$(BOX_RAW)/quickdraw345" ] || { echo "$(BOX_RAW)/quickdraw345 is not there: BOX_RAW= says where the drawings are"; exit 1; }
	[ -e $(BOX) ] || $(BIN)/python -m inkseq.convert out=$(BOX) split.train=0.85 split.val=0.05 split.test=0.1 split.own=false \
	"raw=[$$(find $(addprefix $(BOX_RAW)/,quickdraw345 quickdraw_more quickdraw16/train quickdraw16/val) -name '*.ndjson*' | paste -sd,)]"
	$(BIN)/python -m inkseq.train experiment=quickdraw345-teacher
	$(BIN)/python -m inkseq.train experiment=quickdraw345-box
	$(BIN)/python -m inkseq.pretrained run=runs/quickdraw345-box

check: lint  ## lint, types, and the tests that take no seconds: what to run all day
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow"

test: lint  ## lint, types, all tests; strict=1 fails what is skipped, unless for want of a GPU
	$(BIN)/python -m pytest -n auto --dist loadgroup $(if $(strict),--no-skips)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

torture: setup  ## spoilt input, killed commands, greedy clients, for MINUTES=60; each finding says what repeats it
	$(BIN)/python -m tests.faults minutes=$(or $(MINUTES),60)

bench: setup  ## the figures, each against a plain reference in the same run; a few: make bench only=serve,predict
	$(BIN)/python -m inkseq.bench $(if $(only),'only=[$(only)]')

transcripts: setup  ## what commands print, in README.md and docs, written anew
	$(BIN)/python -m docs.transcripts

tensorboard: setup  ## the curves of all runs
	$(BIN)/tensorboard --logdir runs

clean:  ## remove the environment and caches, never data or runs
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find inkseq tests -name __pycache__ -exec rm -rf {} +
