# The first target is what a newcomer should type.
.DEFAULT_GOAL := help
VERSION       := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LINT_VERSION  := $(shell sed -n '1s/^\# \(v[0-9.]*\).*/\1/p' .golangci.yml)
GOLANGCI      ?= go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
VULNCHECK     ?= go run golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME      ?= 30s
BENCH         ?= .
RACE          ?=
MUTANTS       ?= all
PARALLEL      ?= 1
RIGHT         ?= 20
SEEDS         ?= 20
FOR           ?= 0
KEEP          ?=
LDFLAGS       := -s -w -X main.version=$(VERSION)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: check
check: fmt-check lint test ## Everything CI checks on a pull request

.PHONY: build
build: ## Build the binary into bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/plumbline ./cmd/plumbline
	CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags '$(LDFLAGS)' -o bin/plumbline-wire ./cmd/plumbline-wire

.PHONY: shop
shop: ## Build the binary that the image of the sample system holds
	CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags '-s -w' -o examples/shop/shop ./examples/shop/cmd/shop

.PHONY: setup
setup: build ## Fetch libpact_ffi and build the second Pact engine where a C compiler is at hand
	bin/plumbline setup
	@if command -v cc >/dev/null; then $(MAKE) --no-print-directory bin/plumbline-pact-go; \
	 else echo "no C compiler: the second Pact engine (--pact-engine pact-go) is left out"; fi

# The second Pact engine is a compiled test binary: pact-go's verifier wants a
# *testing.T. It finds the library by the absolute path that set-up printed.
bin/plumbline-pact-go: $(wildcard runners/pact/pactgo/*.go) go.mod
	@lib=$$(bin/plumbline setup --print-dir) && \
	 CGO_ENABLED=1 CGO_LDFLAGS="-L$$lib -Wl,-rpath,$$lib" go test -c -tags pactgo -o $@ ./runners/pact/pactgo

# BASE is for machines that reach no registry: an image with glibc and libgcc.
.PHONY: image
image: build ## Build the container image plumbline:VERSION
	@p=linux/$$(go env GOARCH) && rm -rf out/image && mkdir -p out/image/$$p && \
	 cp bin/plumbline bin/plumbline-wire out/image/$$p/ && cp Dockerfile out/image/ && \
	 bin/plumbline setup --dir out/image/out/ffi/$$p && chmod -R a+rX out/image && \
	 docker build $(if $(BASE),--build-arg BASE=$(BASE)) --build-arg TARGETPLATFORM=$$p -t plumbline:$(VERSION) out/image

.PHONY: demo
demo: setup ## Run the whole job on the embedded sample system
	bin/plumbline demo --out out/demo

.PHONY: test
test: setup ## Set up and run every test
	PLUMBLINE_REQUIRE_PACT=1 go test $(RACE) -shuffle=on ./...

.PHONY: e2e
e2e: setup ## The tool as a whole against the sample system, with real sockets and faults
	PLUMBLINE_REQUIRE_PACT=1 go test -tags e2e -count=1 -timeout 20m ./bench/... ./cmd/...

# All that is measured of defects, of the right system, and of what stands in its
# place goes into bench/mutants/RESULTS.json, and is told by RESULTS.md; what is
# measured again takes the place of what was. KEEP=-keep goes on where an earlier
# call has stopped. The whole takes many hours.
MEASURE = go run ./bench/mutants -plumbline bin/plumbline $(KEEP) -parallel $(PARALLEL)

.PHONY: bench-mutants
bench-mutants: bench-defects bench-overload bench-benign bench-null bench-noise ## How often plumbline is right: all of the following, to bench/mutants/RESULTS.md

.PHONY: bench-defects
bench-defects: setup ## Detection and false alarms on the sample system's defects, and on the right one with twenty seeds
	$(MEASURE) -mutants '$(MUTANTS)' -good $(RIGHT)

.PHONY: bench-defects-narrow
bench-defects-narrow: setup ## The same in a third of the time: of a defect only what it breaks is judged
	$(MEASURE) -mutants '$(MUTANTS)' -narrow -good 2 -out out/mutants-narrow

.PHONY: bench-overload
OVERLOADS ?= 20
bench-overload: setup ## The defects that show under overload, the storm ten times, and the right system OVERLOADS times
	$(MEASURE) -good 0 -overloads $(OVERLOADS) -out out/overload \
	  -mutants fewer-workers,goodput-collapse,no-load-shedding,scarred-by-overload,'metastable-retry-storm*10'

.PHONY: bench-benign
bench-benign: setup ## False alarms on other legitimate shapes of the sample system
	$(MEASURE) -benign -mutants '$(MUTANTS)' -out out/benign

.PHONY: bench-null
bench-null: setup ## Claims that what is empty is said to keep
	$(MEASURE) -null -mutants '$(MUTANTS)' -out out/null

# Beside busy loops all core defects, for the share that is unproven is bounded;
# beside the other kinds those that time, traffic or a restart may hide.
NOISES := foreign jitter gc redeploy
.PHONY: bench-noise
bench-noise: setup ## Defects and the right system beside five kinds of noise: nothing may come out otherwise
	$(MEASURE) -noise busy -mutants core -good 5 -out out/noise-busy
	for kind in $(NOISES); do \
	  $(MEASURE) -noise $$kind -narrow -good 2 -out out/noise-$$kind \
	    -mutants no-timeout,unbounded-retry,breaker-never-opens,breaker-never-closes,retry-without-jitter || exit 1; done

.PHONY: bench-mutants-compose
bench-mutants-compose: setup shop ## The first job's defects in containers and in processes, verdict beside verdict, to bench/mutants/COMPOSE.md
	$(MEASURE) -target compose -functions -beside -mutants main -good 1 -out out/mutants-compose -results bench/mutants/COMPOSE.md

.PHONY: bench-capacity
bench-capacity: ## Forty searches for a capacity that is known, by the whole engine in fake time
	PLUMBLINE_SEARCHES=20 go test ./cmd/plumbline -count=1 -run TestCapacityOfTheWholeEngine -v

.PHONY: bench-nights
bench-nights: setup ## The load of the right sample system thirty times into one history, to bench/nights/RESULTS.md
	go run ./bench/nights -plumbline bin/plumbline -results bench/nights/RESULTS.md

.PHONY: bench-harm
bench-harm: setup shop ## What the suite does to a second client, and what killed runs leave, to bench/harm/RADIUS.md and KILLS.md
	go run ./bench/harm -plumbline bin/plumbline -results bench/harm

.PHONY: bench-services
bench-services: setup ## Findings and false alarms on services that others wrote, to bench/services/RESULTS.md
	go run ./bench/services -plumbline bin/plumbline -results bench/services/RESULTS.md

.PHONY: bench-outages
bench-outages: setup ## The same on services whose PostgreSQL breaks, to bench/services/OUTAGES.md
	go run ./bench/services -plumbline bin/plumbline -outages -results bench/services/OUTAGES.md

# The peers, from the module proxy; what cannot be built is left out. wrk is a
# package of the distribution.
out/bench/peers:
	@mkdir -p $(dir $@)
	-GOBIN=$(abspath out/bench) go install github.com/tsenart/vegeta/v12@v12.13.0
	-GOBIN=$(abspath out/bench) go install fortio.org/fortio@v1.75.3 || bench/load/fortio.sh v1.75.3 out/bench
	-GOBIN=$(abspath out/bench) go install go.k6.io/k6@v1.8.1
	@touch $@

.PHONY: bench-load
bench-load: out/bench/peers ## Cost and truth of the load generator beside its peers, to bench/load/RESULTS.md
	go build -trimpath -o out/bench/ ./bench/load/server ./bench/load/attack
	go run ./bench/load -programs out/bench -results bench/load/RESULTS.md

.PHONY: bench-speed
bench-speed: setup ## Speed of inspection, cases, a large document and pact verification, to bench/speed/RESULTS.md
	go run ./bench/speed -plumbline bin/plumbline -second bin/plumbline-pact-go -results bench/speed/RESULTS.md

.PHONY: bench-wire
bench-wire: ## What a wire adds to an exchange, and how many it carries, to bench/speed/WIRE.md
	go run ./bench/speed -only wires -results bench/speed/WIRE.md

# With FOR it ends with an error when that time is up, and the same again goes
# on; the file is written when all is measured. Everything takes about a quarter
# of an hour on two processors.
.PHONY: bench-loop
bench-loop: setup ## Generator, model server and inspector over the corpus; whole runs and pacts against it, to bench/loop/RESULTS.md
	go run -buildvcs=false ./bench/loop -seeds $(SEEDS) -whole 20 -pacts 56 -for $(FOR)

.PHONY: bench-history
bench-history: ## What two hundred nights of history take, with an index and without one, and served
	go test -run='^$$' -bench=TwoHundredNights -benchmem ./reports/history ./reports/site

.PHONY: bench
bench: ## Benchmarks, six times over, to bench.txt
	go test -run='^$$' -bench='$(BENCH)' -benchmem -count=6 ./... | tee bench.txt

.PHONY: fuzz
fuzz: ## Every fuzz test for FUZZTIME each
	@go list ./... | while read -r pkg; do \
	  go test -list '^Fuzz' $$pkg | grep '^Fuzz' | while read -r f; do \
	    go test -run='^$$' -fuzz="^$$f\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x $$pkg || exit 1; done || exit 1; done

.PHONY: cover
cover: ## Coverage report in cover.html
	go test -coverprofile=cover.out -coverpkg=./... ./... && go tool cover -html=cover.out -o cover.html

.PHONY: golden
golden: ## Rewrite golden files and txtar expectations; review the diff
	UPDATE=1 go test -count=1 ./...

.PHONY: fmt
fmt: ## Format the code
	$(GOLANGCI) fmt ./...

.PHONY: fmt-check
fmt-check:
	$(GOLANGCI) fmt --diff ./...

.PHONY: lint
lint: ## Vet and lint, layers included
	$(GOLANGCI) run ./...
	go mod tidy -diff

.PHONY: vuln
vuln: ## Known vulnerabilities in what we call
	$(VULNCHECK) ./...

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf bin out dist bench.txt cover.out cover.html
