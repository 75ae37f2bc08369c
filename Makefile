# The commands of the README. Each is a script that can be read and run by itself.
.PHONY: run test bench lab chaos smoke lint format check

run:
	@exec deploy/local/run

test:
	@deploy/local/test

bench:
	@Benchmarks/compare $(BENCH)
	@Benchmarks/rules
	@Benchmarks/holds
	@Benchmarks/waiting

lab:
	@exec deploy/local/lab

chaos:
	@SECONDS_EACH=$(SECONDS) deploy/local/chaos

smoke:
	@deploy/local/smoke

lint:
	swift format lint --strict --recursive Sources Tests Package.swift
	@for file in deploy/local/* deploy/scripts/* .ci/run; do bash -n "$$file" || exit 1; done

format:
	swift format --in-place --recursive Sources Tests Package.swift

check: lint test
