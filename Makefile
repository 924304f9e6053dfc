# hookward's commands. Everything that needs more than Go's standard library
# lives in the second module, dev/.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.7.0
# A number of runs: with a time, go test now and then fails at its end with
# "context deadline exceeded".
FUZZTIME   ?= 50000x
FUZZ        = FuzzConfiguration FuzzHandler FuzzFastPath FuzzRecord

#? help: List the targets
.PHONY: help
help:
	@grep -h '^#?' Makefile | sed 's/^#? //'

#? run: Start the real Traefik with hookward and an echo backend, and print curl lines (ADDRESS=127.0.0.1:8001 for another port)
.PHONY: run
run:
	@go build -C dev -o .cache/run ./run && dev/.cache/run $(if $(ADDRESS),-address $(ADDRESS))

#? test: Run every test there is: compiled, interpreted, in the real Traefik, which has hookward as a plugin and compiled in
.PHONY: test
test: tools unit lint fuzz dev

#? tools: Install what the tests need beside Go (Debian: apt-get)
.PHONY: tools
tools:
	@dev/tools.sh chromium curl npm nginx redis-server rsyslogd=rsyslog '/usr/lib/*/rsyslog/lmnsd_gtls.so=rsyslog-gnutls' promtool=prometheus

#? unit: Test the compiled plugin with the race detector
.PHONY: unit
unit:
	go test -race ./...

#? lint: Check formatting, vet, staticcheck, the dialect that Yaegi understands, and what is generated
.PHONY: lint
lint:
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./... && go vet -C dev ./...
	go run $(STATICCHECK) ./...
	cd dev && go run $(STATICCHECK) ./...
	go build -C dev -o .cache/dialect ./dialect && dev/.cache/dialect -test=false $$(go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' .)
	cd dev && go run ./docs -check && go run ./inline -check

#? fuzz: Run each fuzz target for FUZZTIME (50000x runs, or a time such as 10m)
.PHONY: fuzz
fuzz:
	@for target in $(FUZZ); do go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) . || exit 1; done
	@for target in FuzzSignatureHeader FuzzTemplate FuzzTimestamp; do go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./internal/signature || exit 1; done
	go test -run '^$$' -fuzz FuzzDocument -fuzztime $(FUZZTIME) ./internal/message
	go test -run '^$$' -fuzz FuzzMultipart -fuzztime $(FUZZTIME) ./internal/message
	go test -run '^$$' -fuzz FuzzObject -fuzztime $(FUZZTIME) ./internal/strictjson
	go test -run '^$$' -fuzz FuzzPlain -fuzztime $(FUZZTIME) ./internal/strictjson
	go test -run '^$$' -fuzz FuzzToken -fuzztime $(FUZZTIME) ./internal/jwt
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./internal/jwk
	go test -run '^$$' -fuzz FuzzBody -fuzztime $(FUZZTIME) ./internal/redact
	go test -run '^$$' -fuzz FuzzQuery -fuzztime $(FUZZTIME) ./internal/redact
	go test -run '^$$' -fuzz FuzzReply -fuzztime $(FUZZTIME) ./internal/resp
	go test -run '^$$' -fuzz FuzzDecode -fuzztime $(FUZZTIME) ./internal/store
	go test -run '^$$' -fuzz FuzzName -fuzztime $(FUZZTIME) ./internal/store
	go test -run '^$$' -fuzz FuzzList -fuzztime $(FUZZTIME) ./internal/iplist
	go test -run '^$$' -fuzz FuzzAddress -fuzztime $(FUZZTIME) ./internal/ipset
	go test -run '^$$' -fuzz FuzzCheck -fuzztime $(FUZZTIME) ./cmd/hookward/internal/checkup
	go test -run '^$$' -fuzz FuzzRaw -fuzztime $(FUZZTIME) ./cmd/hookward/internal/capture

# What starts a Traefik runs a second time, with hookward compiled into it.
IN_TRAEFIK  = ./run ./e2e ./examples ./senders ./browser
TRANSCRIPTS = $(CURDIR)/dev/.cache/transcripts

#? dev: Run the tests of the second module, those in the real Traefik against both forms of hookward, and compare what was seen of each request
.PHONY: dev
dev:
	@go run -C dev ./prebuild
	@rm -rf $(TRANSCRIPTS)
	@# Uncached: Go does not see that these tests read the other module's files.
	@# Go's own limit, 10 minutes a package, is near what ./e2e takes on a busy machine.
	HOOKWARD_FORM=interpreted HOOKWARD_TRANSCRIPT=$(TRANSCRIPTS)/interpreted go test -C dev -p 1 -count 1 -timeout 40m ./...
	HOOKWARD_FORM=compiled HOOKWARD_TRANSCRIPT=$(TRANSCRIPTS)/compiled go test -C dev -p 1 -count 1 -timeout 40m $(IN_TRAEFIK)
	go run -C dev ./transcript $(TRANSCRIPTS)/interpreted $(TRANSCRIPTS)/compiled

#? race-e2e: Run the end-to-end tests in a Traefik with the race detector and hookward compiled in, for a quarter of an hour or more (takes gcc; TESTS='-run Replay' for some)
.PHONY: race-e2e
race-e2e:
	go run -C dev ./race $(TESTS)

#? faultlab: Inject faults into the real Traefik, with hookward in both forms: memory, disks, Redis, kills (most take root; CASES='-run redis' for some)
.PHONY: faultlab
faultlab:
	@dev/tools.sh redis-server || true
	go run -C dev ./faultlab $(CASES)

#? bench: Measure hookward beside the alternatives for three quarters of an hour, and write docs/performance.md (Debian installs what is missing)
.PHONY: bench
bench:
	@# One by one: what can't be had is left out, and the output says so.
	@for tool in wrk nginx /usr/lib/nginx/modules/ngx_http_lua_module.so=libnginx-mod-http-lua haproxy; do dev/tools.sh $$tool || true; done
	go run -C dev ./bench

#? matrix: Run the core of the tests in other versions of Traefik, against both forms of hookward, and write docs/versions.md (VERSIONS=v3.4.1,v3.5.3 for some; 5 to 10 minutes each to build)
.PHONY: matrix
matrix:
	go run -C dev ./matrix $(if $(VERSIONS),-versions $(VERSIONS))

#? release: Check that this commit may be a version of the plugin, and tag it, without pushing (VERSION=v0.1.0; docs/release.md)
.PHONY: release
release:
	@go run -C dev ./release '$(VERSION)'

#? docs, catalogue: Write what is made of the options' comments and of catalogue/: the gate's rows, pages and the schema in docs, cmd/hookward/providers.json
.PHONY: docs catalogue
docs catalogue:
	go run -C dev ./docs
