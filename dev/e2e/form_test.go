package e2e

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// binaryOf returns the Traefik for a gateway's settings: the one that is tested,
// unless they ask for another form, or for another source to be compiled in.
func binaryOf(t *testing.T, settings gateway.Settings) string {
	t.Helper()
	tested, err := gateway.TestedForm()
	if err != nil {
		t.Fatal(err)
	}
	form := settings.Form
	if form == "" {
		form = tested
	}
	if form == tested && (form == gateway.Interpreted || settings.Plugin == "") {
		return binary
	}
	version, err := gateway.VersionOf(t.Context(), binary) // which `make matrix` chooses
	if err != nil {
		t.Fatal(err)
	}
	version, _, _ = strings.Cut(version, "+")
	path := filepath.Join(t.TempDir(), "traefik")
	if form == gateway.Compiled && settings.Plugin != "" {
		err = gateway.BuildCompiled(t.Context(), version, settings.Plugin, path, io.Discard)
	} else {
		path, err = gateway.BuildVersion(t.Context(), version, form, io.Discard)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSaysItsForm checks that hookward says once which version it is, and how it
// runs: an operator who has built a Traefik must be able to see what it does.
func TestSaysItsForm(t *testing.T) {
	for form, how := range map[gateway.Form]string{gateway.Interpreted: "interpreted by Traefik", gateway.Compiled: "compiled into Traefik"} {
		s := start(t, nil, []gate{{name: "gh", options: github}, {name: "other", options: github}}, gateway.Settings{Form: form})
		s.configure(t, "more", []gate{{name: "more", options: github}})
		lines := s.Stderr.Lines(`"log.level":"info"`)
		if len(lines) != 1 || !strings.Contains(lines[0], `"message":"hookward v`) || !strings.Contains(lines[0], how) {
			t.Errorf("hookward says %q, want one line with %q", lines, how)
		}
	}
}

// TestFormsTakeOver has one form go on where another was killed, as with an upgrade
// and its way back: what has passed is remembered, and what was under way is told.
func TestFormsTakeOver(t *testing.T) {
	arrived, hangs := make(chan string, 10), make(chan bool)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	backend, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Hang") != "" {
			hangs <- true
			<-r.Context().Done()
			return
		}
		arrived <- r.Header.Get("X-Hub-Signature-256")
	}))
	if err != nil {
		t.Fatal(err)
	}
	dynamic := "http:\n  routers: {gh: {rule: \"Path(`/gh`)\", middlewares: [gh], service: backend}}\n" +
		"  middlewares: {gh: {plugin: {hookward: {provider: github, secrets: [\"env:GH\"], replay: true, stateDirectory: " + t.TempDir() + "/state, audit: {required: true}}}}}\n" +
		"  services: {backend: {loadBalancer: {servers: [{url: \"" + backend + "\"}]}}}\n"
	passed := [][2]string{} // bodies, with their signatures
	for _, form := range []gateway.Form{gateway.Compiled, gateway.Interpreted, gateway.Compiled} {
		settings := gateway.Settings{Form: form, Env: []string{"GH=" + secret}}
		g, err := gateway.Start(ctx, binaryOf(t, settings), dynamic, settings)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Stop()
		send := func(body, signature, more string) int {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+"/gh", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return 0
			}
			for _, line := range []string{signature, more} {
				name, value, _ := strings.Cut(line, ": ")
				r.Header.Set(name, value)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				return 0
			}
			_ = response.Body.Close()
			return response.StatusCode
		}

		for _, p := range passed {
			if status := send(p[0], p[1], "X-Again: 1"); status != http.StatusOK || len(arrived) > 0 {
				t.Errorf("%s: what has passed before: %d, and %d arrived", form, status, len(arrived))
			}
		}
		eventually(t, "the records of what was acknowledged, and of what the other form was at", func() bool {
			interrupted := min(len(passed), 1)
			return len(g.Stdout.Lines(`"event.reason":"delivery_duplicate"`)) == len(passed) && len(g.Stdout.Lines(`"hookward.interrupted":true`)) == interrupted
		})
		body, signature := fresh()
		if status := send(body, signature, "X-New: 1"); status != http.StatusOK || <-arrived != strings.TrimPrefix(signature, "X-Hub-Signature-256: ") {
			t.Errorf("%s: a new delivery: %d", form, status)
		}
		passed = append(passed, [2]string{body, signature})

		// It ends without a word, in the middle of a request.
		body, signature = fresh()
		go send(body, signature, "X-Hang: 1")
		<-hangs
		g.Kill()
	}
}
