# `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run stack-native test lint lint-config lint-dashboards ci tools need-rust stack stack-down stack-logs \
        stack-status test-stack dashboards compare report overhead article bench-exposition bench-api bench-agent bench-remote-write bench-gateway bench-load fuzz \
        dist
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

VENV = target/peers/venv
GRAFANA_CHECK = target/grafana-check
# How many tests that was in all: each part counts its own, and the last part is a small one.
TOTAL = awk '/^test result:/ { passed += $$4; failed += $$6 } \
        END { if (passed + failed) printf "\nAll together: %d passed, %d failed\n", passed, failed }'
FUZZ = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
       -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
       -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: need-rust ## build and start everything: gateway, API, agent, a light load, and Prometheus where installed
	cargo build
	@exec target/debug/pushpull-lab demo $(ARGS)

stack-native: need-rust ## start the whole stack without Docker, from Debian's packages, data under var/native
	cargo build
	@exec target/debug/pushpull-lab native $(ARGS)

test: need-rust tools ## run all tests, against the real Prometheus and Pushgateway
	@echo "Fetching and building first: several minutes the first time"
	@cargo fetch --quiet --locked
	@mkdir -p target; cargo test --workspace --no-fail-fast 2>&1 | tee target/test.log; status=$$?; \
	$(TOTAL) target/test.log; exit $$status

lint: need-rust tools ## check format, lints, docs, licences, and the shipped configuration
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check bans licenses sources; \
	 else echo "cargo-deny is not installed: licences were not checked"; fi
	@$(MAKE) --no-print-directory lint-config lint-dashboards

ci: lint test ## everything that can be checked at home; CI runs `make test`

lint-config: ## check the configuration of Prometheus, Alertmanager and Compose, and unit-test every alert
	promtool check config gateway-config/prometheus.yml gateway-config/prometheus.native.yml
	promtool check rules gateway-config/rules/*.yml
	promtool test rules gateway-config/rules/tests/*.yml
	amtool check-config gateway-config/alertmanager.yml
	@if command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1; then docker/stack.sh config; \
	 else echo "Compose is not installed: docker/compose.yml was not checked"; fi

lint-dashboards: tools $(GRAFANA_CHECK)/node_modules ## check dashboards and provisioning against Grafana's types
	python3 grafana-provisioning/source/generate.py --check
	$(VENV)/bin/python3 grafana-provisioning/check/check.py
	$(VENV)/bin/python3 grafana-provisioning/check/check.py --seeded

$(GRAFANA_CHECK)/node_modules: grafana-provisioning/check/package-lock.json
	mkdir -p $(GRAFANA_CHECK) && cp grafana-provisioning/check/package*.json $(GRAFANA_CHECK)/
	@command -v npm >/dev/null || { echo "npm is missing: sudo apt-get install npm, then run this again"; exit 1; }
	cd $(GRAFANA_CHECK) && npm ci --no-audit --no-fund --silent && touch node_modules

dashboards: ## write the dashboards from their source
	python3 grafana-provisioning/source/generate.py

stack: ## bring up everything by Compose; ARGS="--scale api=3", NAT=1, TLS=1
	@docker/stack.sh up $(ARGS)

stack-down: ## remove it; ARGS=--volumes removes its data, too
	@docker/stack.sh down $(ARGS)

stack-logs: ## follow its logs; ARGS=agent for one service
	@docker/stack.sh logs $(ARGS)

stack-status: ## one table: service, health, URL, last scrape, last push
	@docker/stack.sh status

test-stack: ## test it on stand-ins for the official images (as root, on Debian)
	@docker/tests/run.sh $(ARGS)

tools: ## install what the tests measure us against (Debian packages, asks for sudo; a Python environment)
	@.ci/tools

need-rust:
	@.ci/need-rust

compare: need-rust tools ## push versus pull over real processes (66 min on two cores; ARGS=--quick 2 min); as root with NAT and byte counts
	cargo build --release
	@exec target/release/pushpull-lab compare $(ARGS)

report: need-rust ## write docs/push-versus-pull.md, its plots and its HTML page from docs/results
	cargo build --release
	@exec target/release/pushpull-lab report docs/results/compare.json docs/results/overhead.json docs/results/article.json $(ARGS)

overhead: need-rust tools ## what instruments and an agent cost, over real processes; ARGS="--rounds 20"
	cargo build --release
	@exec target/release/pushpull-lab overhead $(ARGS)

article: need-rust tools ## the article's four load scenarios on its app and on ours; ARGS="--scale 1" for full length
	cargo build --release
	@exec target/release/pushpull-lab article $(ARGS)

bench-exposition: need-rust ## measure parsing and writing pages against other crates, as ratios
	cargo bench -p exposition --bench ratios -- --json $(CURDIR)/docs/results/bench-exposition.json

bench-api: need-rust tools ## measure what instrumentation costs, beside the article's FastAPI app
	cargo bench -p api --bench overhead -- --json $(CURDIR)/docs/results/bench-api.json

# As images have them: static, all optimised.
STATIC := RUSTFLAGS="-C target-feature=+crt-static"
DIST = --profile dist --target "$$(rustc --print host-tuple)"

bench-agent: need-rust tools ## measure the agent beside vmagent, node_exporter and Prometheus (it says how to install them)
	$(STATIC) cargo bench $(DIST) -p agent --bench agent -- --json $(CURDIR)/docs/results/bench-agent.json

bench-remote-write: need-rust tools ## measure remote write beside vmagent and Prometheus in agent mode
	$(STATIC) cargo bench $(DIST) -p agent --bench remote_write -- --json $(CURDIR)/docs/results/bench-remote-write.json

bench-gateway: need-rust ## measure the gateway beside the real Pushgateway (it says how to install it)
	$(STATIC) cargo bench $(DIST) -p gateway --bench gateway -- --json $(CURDIR)/docs/results/bench-gateway.json

bench-load: need-rust ## measure the load generator beside wrk and oha (it says how to install them)
	cargo bench -p lab --bench load -- --json $(CURDIR)/docs/results/bench-load.json

fuzz: need-rust ## fuzz the parser for a minute (needs a C++ compiler)
	cd crates/exposition/fuzz && mkdir -p corpus && \
	RUSTFLAGS="$(FUZZ)" cargo run --release --target x86_64-unknown-linux-gnu -- corpus -max_total_time=60 -max_len=4096

dist: need-rust ## build optimised binaries for packages
	cargo build --workspace --profile dist
