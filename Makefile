# The two commands that matter: `make run` starts tongsou with its sample data, `make test` runs every test.

GO ?= go
LINT_VERSION = v2.15.0
BIN = $(CURDIR)/.bin

.PHONY: run test check fmt vet lint race fuzz bench deps

run:
	$(GO) run ./cmd/tongsou serve

# All tests, with the race detector. What they need beside Go is installed first.
test: deps
	$(GO) test -race -timeout 15m ./...

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

# Every fuzz target for a few seconds each.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 15s $$pkg; \
	  done; done

# The benchmarks that need no data beside the repository.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# pdftotext reads the PDFs of one test. The race detector needs a C compiler.
deps:
	@command -v pdftotext >/dev/null && command -v cc >/dev/null || { \
	  echo "installing poppler-utils and gcc"; \
	  if command -v apt-get >/dev/null; then SUDO=$$([ $$(id -u) = 0 ] || echo sudo); $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq poppler-utils gcc libc6-dev >/dev/null; \
	  elif command -v brew >/dev/null; then brew install poppler; \
	  else echo "install poppler (pdftotext) and a C compiler with your package manager" >&2; exit 1; fi; }
