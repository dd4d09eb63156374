# `make` lists what there is to make.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=

# `sudo make install` copies what the user has built, and builds nothing as root.
built_by_user := $(and $(SUDO_USER),$(wildcard bin/faster))

.PHONY: help setup build test test-peers test-gpu parity benchmark quickstart clean-run format lint docs install uninstall clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## fetch libtorch, Arrow and the simulator into .deps/, and install Debian packages
	@Scripts/bootstrap

build: setup ## the program, bin/faster (release)
	@Scripts/build

test: setup ## the tests that need no heavy Python packages
	Scripts/swift test --no-parallel

test-peers: ## read and write the same data as lerobot, in Python (fetches 1.5 GB)
	@Scripts/bootstrap --peers
	@$(MAKE) build
	@Scripts/test-peers

test-gpu: ## on a machine with an NVIDIA GPU: build with CUDA, compare with the CPU, train, measure (minutes)
	@Scripts/test-gpu

parity: ## compare texts, images and networks of backbones with transformers, in Python: Documentation/AddingABackbone.md
	@Scripts/bootstrap --peers
	Scripts/swift build --product backbone-parity
	@.deps/peers/bin/python Tests/Peers/text_agrees.py
	@.deps/peers/bin/python Tests/Peers/images_agree.py
	@OMP_NUM_THREADS=1 .deps/peers/bin/python Tests/Peers/backbones_agree.py $(PARITY)

benchmark: ## measure beside peers, in Python and elsewhere: Benchmarks/README.md
	@Scripts/bootstrap --peers
	Scripts/swift build -c release --product benchmarks
	.build/release/benchmarks $(BENCHMARKS)

quickstart: ## demonstrations in, a policy tried in simulation out: runs/quickstart/report.html
	@started=$$(date +%s); $(MAKE) build; \
	    FASTER_SETUP_SECONDS=$$(($$(date +%s) - started)) Scripts/quickstart

clean-run: ## forget the quickstart's run
	rm -rf runs/quickstart

format: ## lay out the Swift files as the project does
	swift format --in-place --recursive Sources Tests Benchmarks Examples Package.swift

lint: ## check layout, documentation comments, which target imports which, and links and figures of documents
	swift format lint --strict --recursive Sources Tests Benchmarks Examples Package.swift
	Scripts/check-layers.py --self-test
	Scripts/check-layers.py
	Scripts/check-links.py
	Scripts/draw-curves.py --check

docs: setup ## the libraries' documentation, .build/documentation
	@Scripts/docs

install: $(if $(built_by_user),,build) ## into PREFIX (/usr/local), where it works without this folder
	@Scripts/install "$(PREFIX)" "$(DESTDIR)"

uninstall: ## take it out of PREFIX again
	rm -rf "$(DESTDIR)$(PREFIX)/bin/faster" "$(DESTDIR)$(PREFIX)/lib/faster" "$(DESTDIR)$(PREFIX)/share/faster"

clean: ## what was built; .deps/ and runs/ stay
	rm -rf .build bin
