# Every target sets up .venv first, when it is missing or older than what it is made from.
#
#   PYTHON=...   the interpreter to use; otherwise the first of python3.11, 3.12, 3.13, python3
#   TORCH=cpu    PyTorch without CUDA (as it is)
#   TORCH=gpu    PyTorch from PyPI, with CUDA on Linux (several GB)
#   TORCH=skip   the PyTorch that PYTHON, of a system or a conda environment, has already

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all reliability statistics-selftest lint docs bench

BIN := .venv/bin
STAMP := .venv/.complete
TORCH ?= $(shell cat .venv/.torch 2>/dev/null || echo cpu)
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu
PLUGINS := $(sort $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml)))
BUILD_TOOLS := hatchling editables setuptools

# Tests never ask the network for models or data, and share two cores without spinning.
OFFLINE := HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TRANSFORMERS_OFFLINE=1 \
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false
PYTEST := $(OFFLINE) $(BIN)/pytest -n 2 --dist loadfile

help: ## Print the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 24

setup: $(STAMP) ## Install everything into .venv

demo: $(STAMP) ## Attack the model organism and print what it cost
	@$(BIN)/ftbench model=organism attack=identity_shift

test: $(STAMP) ## Run the fast tests, offline
	@$(PYTEST) -m "not slow"

test-all: $(STAMP) ## Run every test
	@$(PYTEST)

reliability: $(STAMP) ## Try to lose, reuse wrongly or leak a run; writes reliability.json
	@$(OFFLINE) $(BIN)/python -m tests.reliability

statistics-selftest: $(STAMP) ## Try every interval and test on 2,000 experiments a setting
	@$(OFFLINE) $(BIN)/python -m tests.statistics.selftest

lint: $(STAMP) ## Check style, types and floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(STAMP) ## Build the pages of docs/ into site/
	@$(OFFLINE) NO_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

bench: $(STAMP) ## Run the benchmarks in benchmarks/
	@for script in benchmarks/*.py; do \
		[ -e "$$script" ] || { echo "benchmarks/ is empty."; exit 0; }; \
		echo "== $$script"; $(BIN)/python "$$script"; \
	done

# An interpreter counts only if it starts, is new enough and can make a .venv.
FITS = -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
REACHABLE = -c 'import urllib.request as web; web.urlopen("$(TORCH_CPU_INDEX)/torch/", timeout=5)' \
	>/dev/null 2>&1

$(STAMP): constraints.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	@if [ ! -x $(BIN)/python ]; then \
		for name in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
			if "$$name" $(FITS); then python=$$name; break; fi; \
		done; \
		if [ -z "$${python:-}" ]; then \
			echo "$(or $(PYTHON),python3) does not start as Python 3.11 or newer with venv." \
				"Install one, or name it: make setup PYTHON=/path/to/python3.11" >&2; \
			exit 1; \
		fi; \
		echo "Setting up .venv with $$("$$python" --version); this takes some minutes."; \
		"$$python" -m venv $(if $(filter skip,$(TORCH)),--system-site-packages) .venv; \
	fi
	@echo $(TORCH) > .venv/.torch
	@$(BIN)/python -m pip --disable-pip-version-check install -qq \
		--constraint constraints.txt $(BUILD_TOOLS)
	@pins=constraints.txt; index=(); \
	if [ $(TORCH) = skip ]; then \
		$(BIN)/python -c 'import torch' 2>/dev/null || { echo "TORCH=skip needs an interpreter outside any" \
			"venv that has torch: rm -r .venv, then make setup TORCH=skip PYTHON=..." >&2; exit 1; }; \
		pins=.venv/constraints.txt; grep -v '^torch==' constraints.txt > "$$pins"; \
	elif [ $(TORCH) = cpu ] && [ "$$(uname -s)" = Linux ] \
			&& ! compgen -G '.venv/lib/python*/site-packages/torch' >/dev/null \
			&& $(BIN)/python $(REACHABLE); then \
		index=(--extra-index-url $(TORCH_CPU_INDEX)); \
	fi; \
	$(BIN)/python -m pip --disable-pip-version-check install -qq \
		--no-build-isolation --use-pep517 --constraint "$$pins" $${index[@]+"$${index[@]}"} \
		--editable '.[hf,dev]' $(PLUGINS:%=--editable %)
	@touch $@
