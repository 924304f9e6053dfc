package main

import (
	"fmt"
	"path/filepath"

	"github.com/hookward/hookward/dev/gateway"
)

// contender is one way to stand in front of the backend.
type contender struct {
	name     string
	title    string // for tables
	ours     bool   // hookward, in either form
	verifies bool   // refuses what is wrongly signed
	limits   bool   // has a router with a limit
	scales   bool   // is measured with many routers, too
	least    int    // smallest body that it is measured with, in bytes
	most     int    // largest body that it takes, in bytes; 0 for all
	begin    func(e *environment, routers int) (*instance, error)
}

// instance is a running contender.
type instance struct {
	address string
	gateway *process
	helper  *process // the verifier of forwardAuth, or nil
	traefik *traefik // or nil
}

func (i *instance) stop() {
	i.gateway.stop()
	i.helper.stop()
}

// Names of contenders that more than their table refers to.
const (
	bare             = "bare"
	completeCompiled = "complete-compiled"
	complete         = "complete"
	forwardAuth      = "forwardauth"
)

// forms are those of hookward, as tables list them.
var forms = []gateway.Form{gateway.Compiled, gateway.Interpreted}

// completes are the contenders with all checks, by form.
var completes = map[gateway.Form]string{gateway.Compiled: completeCompiled, gateway.Interpreted: complete}

const (
	// Limits that are never reached, and one that always is, after a request.
	nativeGuards = `    allow: {ipAllowList: {sourceRange: ["127.0.0.0/8", "192.0.2.0/24"]}}
    limit: {rateLimit: {average: 10000000, period: 1s, burst: 10000000}}
    limited: {rateLimit: {average: 1, period: 1h, burst: 1}}
`
	nativeBuffering = `    buffer: {buffering: {maxRequestBodyBytes: 1048576, memRequestBodyBytes: 1048576}}
`
	verification = `    verify:
      plugin:
        hookward:
          provider: github
          secrets: ["env:HOOKWARD_BENCH_SECRET"]
          ban: {failures: 1000000000}
`
	// All of everything but the signature and what replay remembers.
	addressesOnly = `    unsigned:
      plugin:
        hookward:
          allowlist: {alone: true, sourceRange: ["127.0.0.0/8", "192.0.2.0/24"]}
          rateLimit: {%[1]s}
          audit: {payload: hash, outputs: [{type: file, path: %[2]q%[3]s}]}
`
	// The file is large enough not to be rotated while something is measured.
	everything = `    %[1]s:
      plugin:
        hookward:
          provider: github
          secrets: ["env:HOOKWARD_BENCH_SECRET"]
          allowlist: {sourceRange: ["127.0.0.0/8", "192.0.2.0/24"]}
          rateLimit: {%[2]s}
          ban: {failures: 1000000000}
          replay: {window: 24h}
          audit: {payload: hash, outputs: [{type: file, path: %[3]q%[4]s}]}
`
	highLimit  = "average: 10000000, period: 1s"
	lowLimit   = "average: 1, period: 1h"
	unrotated  = ", maxBytes: 1000000000000"
	asDefaults = ""
)

// contenders are all there are. Those that are not installed say so when they
// are started.
func contenders() []contender {
	return []contender{
		{name: bare, title: "Traefik alone", scales: true, begin: func(e *environment, routers int) (*instance, error) {
			return traefikInstance(e, bare, configuration{routers: routers})
		}},
		{name: "native", title: "Traefik's ipAllowList, rateLimit", limits: true, begin: func(e *environment, routers int) (*instance, error) {
			return traefikInstance(e, "native", configuration{routers: routers, middlewares: nativeGuards, chain: "allow, limit", limited: "allow, limited"})
		}},
		{name: "buffering", title: "… and buffering", begin: func(e *environment, routers int) (*instance, error) {
			return traefikInstance(e, "buffering", configuration{routers: routers, middlewares: nativeGuards + nativeBuffering, chain: "allow, limit, buffer"})
		}},
		{name: "verify-compiled", title: "hookward verification, compiled", ours: true, verifies: true, begin: beginVerification("verify-compiled", gateway.Compiled)},
		{name: completeCompiled, title: "hookward complete, compiled", ours: true, verifies: true, limits: true, scales: true, begin: beginComplete(completeCompiled, gateway.Compiled)},
		{name: "verify", title: "hookward verification, interpreted", ours: true, verifies: true, begin: beginVerification("verify", gateway.Interpreted)},
		{name: complete, title: "hookward complete, interpreted", ours: true, verifies: true, limits: true, scales: true, begin: beginComplete(complete, gateway.Interpreted)},
		{name: "gogc", title: "… with GOGC=400", ours: true, verifies: true, begin: beginComplete("gogc", gateway.Interpreted, "GOGC=400")},
		{name: "unsigned", title: "… without signature and replay", ours: true, most: 1 << 10, begin: func(e *environment, routers int) (*instance, error) {
			file := filepath.Join(e.dir, "audit-unsigned.log")
			return traefikInstance(e, "unsigned", configuration{routers: routers, form: gateway.Interpreted, middlewares: fmt.Sprintf(addressesOnly, highLimit, file, unrotated), chain: "unsigned"})
		}},
		{name: forwardAuth, title: "forwardAuth to a Go verifier", verifies: true, begin: beginForwardAuth},
		{name: "nginx", title: "nginx with Lua", verifies: true, limits: true, begin: beginNginx},
		{name: "haproxy", title: "HAProxy", verifies: true, limits: true, most: 1 << 10, begin: func(e *environment, _ int) (*instance, error) {
			return beginHAProxy(e, "haproxy", "")
		}},
		{name: "haproxy-large", title: "HAProxy, large buffers", verifies: true, least: 64 << 10, begin: func(e *environment, _ int) (*instance, error) {
			return beginHAProxy(e, "haproxy-large", largeBuffers)
		}},
	}
}

// Names are those that Options.Only knows.
func Names() []string {
	names := []string{}
	for _, c := range contenders() {
		names = append(names, c.name)
	}
	return names
}

func beginVerification(name string, form gateway.Form) func(e *environment, routers int) (*instance, error) {
	return func(e *environment, routers int) (*instance, error) {
		return traefikInstance(e, name, configuration{routers: routers, form: form, middlewares: verification, chain: "verify"})
	}
}

func beginComplete(name string, form gateway.Form, variables ...string) func(e *environment, routers int) (*instance, error) {
	return func(e *environment, routers int) (*instance, error) {
		c := completeConfiguration(e, form, routers, unrotated)
		c.environment = variables
		return traefikInstance(e, name, c)
	}
}

// completeConfiguration has all of hookward's checks on each router.
func completeConfiguration(e *environment, form gateway.Form, routers int, rotation string) configuration {
	file := func(name string) string {
		return filepath.Join(e.dir, fmt.Sprintf("audit-%s-%s-%d.log", form, name, routers))
	}
	return configuration{
		routers: routers, form: form, chain: "complete", limited: "limited",
		middlewares: fmt.Sprintf(everything, "complete", highLimit, file("complete"), rotation) +
			fmt.Sprintf(everything, "limited", lowLimit, file("limited"), rotation),
	}
}

func traefikInstance(e *environment, name string, c configuration) (*instance, error) {
	t, err := startTraefik(e, fmt.Sprintf("%s-%d", name, c.routers), c)
	if err != nil {
		return nil, err
	}
	return &instance{address: t.address, gateway: t.process, traefik: t}, nil
}

func beginForwardAuth(e *environment, routers int) (*instance, error) {
	verifier, address, err := e.part("verifier")
	if err != nil {
		return nil, err
	}
	i, err := traefikInstance(e, forwardAuth, configuration{
		routers: routers, chain: "ask",
		middlewares: fmt.Sprintf("    ask: {forwardAuth: {address: \"http://%s/\", forwardBody: true}}\n", address),
	})
	if err != nil {
		verifier.stop()
		return nil, err
	}
	i.helper = verifier
	return i, nil
}
