# The commands of the project. Each is a script that can be read and run by itself; `make help` lists them.
.PHONY: help run example cluster test bench lab screenshots chaos smoke sanitize lint format check

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

run: ## run a sale on this machine, until Ctrl-C
	@exec deploy/local/run

example: ## run a sale and the shop of examples/shop on this machine, until Ctrl-C
	@exec deploy/local/example

cluster: ## run a sale on a Redis Cluster of six nodes on this machine, until Ctrl-C
	@exec deploy/local/cluster

test: ## run every test on real servers that it starts itself
	@deploy/local/test

bench: ## measure throughput, CPU, latency, connections and costs; BENCH has options of the first six
	@Benchmarks/compare $(BENCH)
	@Benchmarks/soldout $(BENCH)
	@Benchmarks/reads $(BENCH)
	@Benchmarks/latency $(BENCH)
	@Benchmarks/connections $(BENCH)
	@Benchmarks/costs $(BENCH)
	@Benchmarks/rules
	@Benchmarks/holds
	@Benchmarks/waiting
	@Benchmarks/replicas
	@Benchmarks/primaries
	@Benchmarks/failover

lab: ## show the race: seven ways to sell the same stock
	@exec deploy/local/lab

screenshots: ## write the pictures of docs/images from the running service
	@exec deploy/local/screenshots

chaos: ## inject random faults; SEEDS and SECONDS choose how many and how long
	@SECONDS_EACH=$(SECONDS) deploy/local/chaos

smoke: ## start everything, sell out, and check the ledger
	@deploy/local/smoke

sanitize: ## run the unit tests under Thread Sanitizer and Address Sanitizer
	@deploy/local/sanitize

lint: ## check the format of the sources and the syntax of the scripts
	swift format lint --strict --recursive Sources Tests Package.swift
	@for file in deploy/local/* deploy/scripts/*.sh .ci/run; do bash -n "$$file" || exit 1; done
	@for file in deploy/scripts/*.py; do python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$$file" || exit 1; done

format: ## format the sources
	swift format --in-place --recursive Sources Tests Package.swift

check: lint test ## lint and test
