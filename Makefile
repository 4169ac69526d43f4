# Two commands: `make up` sets everything up and runs the service, `make test` sets up and runs every check.
DATA ?= .data
PORT ?= 8080
ARGS ?=
CRM ?= ../shared/data/crm-pipeline

.DEFAULT_GOAL := help
.PHONY: help setup up test lint bench acceptance clean

help:
	@echo 'make up          set up and run the service (DATA=dir, default .data; PORT=number, default 8080)'
	@echo 'make test        set up and run every check (ARGS="-k word": passed on to pytest)'
	@echo 'make lint        only the checks that run nothing: ruff, mypy, import-linter'
	@echo 'make bench       measure (ARGS: passed on)'
	@echo 'make acceptance  the main job on real input, and the larger runs (CRM=folder of the export; ARGS="--only crm")'
	@echo 'make setup       only set up: .venv from the lock file'
	@echo 'make clean       remove what setup and checks made; data folders stay'

setup:
	@bash deploy/setup.sh

up: setup
	@exec .venv/bin/python -I -S deploy/under_make.py $$PPID .venv/bin/fairclaim up --data '$(DATA)' --port '$(PORT)'

test: setup
	@bash tests/run.sh $(ARGS)

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: setup
	@exec .venv/bin/python -m bench $(ARGS)

acceptance: setup
	@exec .venv/bin/python -m tests.acceptance --crm '$(CRM)' $(ARGS)

clean:
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
