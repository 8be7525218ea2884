# `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run test lint ci tools bench-exposition bench-api fuzz dist

PEERS = prometheus prometheus-pushgateway prometheus-node-exporter
VENV = target/peers/venv
ARTICLE = fastapi==0.165.0 uvicorn==0.54.0 psutil==7.2.2
SUDO = $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
FUZZ = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
       -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
       -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

run: ## build and start everything: gateway, API, agent, a light load, and Prometheus where installed
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust with rustup, then run this again"; exit 1; }
	cargo build
	@exec target/debug/pushpull-lab demo $(ARGS)

test: tools ## run all tests, against the real Prometheus and Pushgateway
	cargo test --workspace

lint: ## check format, lints, docs, licences, and the shipped configuration
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check bans licenses sources; \
	 else echo "cargo-deny is not installed: licences were not checked"; fi
	promtool check config gateway-config/prometheus.yml

ci: lint test ## everything that a change must pass

tools: ## install what the tests measure us against (Debian packages and a Python environment)
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust with rustup, then run this again"; exit 1; }
	@ok=yes; for program in $(PEERS) promtool; do command -v $$program >/dev/null || ok=; done; \
	python3 -c 'import ensurepip' 2>/dev/null || ok=; [ -n "$$ok" ] || { \
	  command -v apt-get >/dev/null || { echo "apt-get is missing: install $(PEERS) python3-venv by hand"; exit 1; }; \
	  $(SUDO) apt-get update && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y $(PEERS) python3-venv; \
	  : Debian starts them as services, on the ports of the demo: the tests want the programs only; \
	  [ ! -d /run/systemd/system ] || $(SUDO) systemctl disable --now $(PEERS); }
	@[ -x $(VENV)/bin/pip ] || python3 -m venv $(VENV)
	@$(VENV)/bin/python3 -c 'import prometheus_client' 2>/dev/null || $(VENV)/bin/pip install -q prometheus-client==0.26.0

bench-exposition: ## measure parsing and writing pages against other crates, as ratios
	cargo bench -p exposition --bench ratios -- --json $(CURDIR)/docs/results/bench-exposition.json

bench-api: tools ## measure what instrumentation costs, beside the article's FastAPI app
	@$(VENV)/bin/python3 -c 'import fastapi, uvicorn, psutil' 2>/dev/null || $(VENV)/bin/pip install -q $(ARTICLE)
	cargo bench -p api --bench overhead -- --json $(CURDIR)/docs/results/bench-api.json

fuzz: ## fuzz the parser for a minute (needs a C++ compiler)
	cd crates/exposition/fuzz && mkdir -p corpus && \
	RUSTFLAGS="$(FUZZ)" cargo run --release --target x86_64-unknown-linux-gnu -- corpus -max_total_time=60 -max_len=4096

dist: ## build optimised binaries for packages
	cargo build --workspace --profile dist
