# Thin: every target is a preset or a script that can be run by hand.
.PHONY: help demo test build bench soak lint sanitize fuzz bootstrap

PRESET ?= release
SOAK_MINUTES ?= 10
SOAK_HISTORIES ?= 460000

help:
	@echo "make demo      install what is missing, build, serve real genomes, print the measured table"
	@echo "make test      all tests"
	@echo "make build     build/genepool, build/genepool-worker and build/genepool-manager"
	@echo "make bench     the founding document's suite on the real model"
	@echo "make soak      SOAK_HISTORIES (460,000: 10^8 events) random histories of the pool, then the real server under churn for SOAK_MINUTES (10)"
	@echo "make sanitize  unit and scenario tests under the address, undefined and thread sanitizers"
	@echo "make fuzz      libFuzzer on every parser, FUZZ_SECONDS (60) each"
	@echo "make lint      formatting, header and layering checks, clang-tidy"

bootstrap:
	@tools/bootstrap

build: bootstrap
	@cmake --preset $(PRESET) > /dev/null
	@cmake --build --preset $(PRESET)

test: build
	@tools/test-clients
	@ctest --preset $(PRESET)

demo: build
	@tools/demo

bench: build
	@build/genepool bench

soak: build
	@bench/soak/histories $(SOAK_HISTORIES)
	@bench/soak/soak.py --minutes $(SOAK_MINUTES)

sanitize: bootstrap
	@for preset in asan tsan; do cmake --preset $$preset > /dev/null && cmake --build --preset $$preset && ctest --preset $$preset || exit 1; done

fuzz:
	@tools/bootstrap --fuzz
	@tools/fuzz

lint: bootstrap
	@tools/bootstrap --lint
	@tools/lint
