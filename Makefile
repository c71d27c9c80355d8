# What each does: make help. All of them live in bootstrap.py, for machines without make.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: run test test-long check bench screenshots setup lock help

run test test-long check bench screenshots setup lock help:
	@$(PYTHON) bootstrap.py $@ $(ARGS)
