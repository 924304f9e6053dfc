// Package examples runs what stands in examples/ in the real Traefik. Only what
// belongs to a reader's machine is exchanged: addresses, paths, secrets, and
// the services behind the gates.
package examples

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const (
	host         = "hooks.example.com"
	githubSecret = "9c3f1b7e5d2a4086b1f3d5e7a9c0b2d4"
	stripeSecret = "whsec_4f6a8c0e2b4d6f8a0c2e4b6d8f0a2c4e"
	body         = `{"zen":"Keep it logically awesome."}`
	website      = "website" // the backend that no hook is for
)

var binary string

func TestMain(m *testing.M) {
	var err error
	binary, err = gateway.Build(context.Background(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// They would send Traefik to a real Docker or a real cluster.
	for _, name := range []string{"DOCKER_HOST", "DOCKER_API_VERSION", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
		"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBECONFIG"} {
		_ = os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// example reads a file of examples/.
func example(t *testing.T, name ...string) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(append([]string{root, "examples"}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edit exchanges texts for others. What is not there is a mistake: the example
// is then another than the one this test is about.
func edit(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q in\n%s", pairs[i], text)
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// traefik is one to run an example in.
type traefik struct {
	command  []string // what stands before Traefik's own arguments
	settings gateway.Settings
}

// tested is the Traefik of the form that is tested.
func tested() traefik { return traefik{command: []string{binary}} }

// pinnedAs is the pinned Traefik in one form, whichever is tested.
func pinnedAs(t *testing.T, form gateway.Form) traefik {
	t.Helper()
	path, err := gateway.BuildPinned(t.Context(), form, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return traefik{command: []string{path}, settings: gateway.Settings{Form: form}}
}

// compiled is a Traefik with hookward compiled in.
func compiled(t *testing.T) traefik {
	t.Helper()
	return pinnedAs(t, gateway.Compiled)
}

// start starts Traefik in a directory and returns when its ping answers.
func (f traefik) start(t *testing.T, dir, ping string, arguments []string, env ...string) (*gateway.Gateway, error) {
	t.Helper()
	f.settings.Env = env
	return gateway.Run(t.Context(), f.command[0], dir, "http://"+ping+"/ping", append(slices.Clone(f.command[1:]), arguments...), f.settings)
}

// run starts Traefik until the test ends.
func (f traefik) run(t *testing.T, dir, ping string, arguments []string, env ...string) *gateway.Gateway {
	t.Helper()
	g, err := f.start(t, dir, ping, arguments, env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Stop()
		for _, secret := range []string{githubSecret, stripeSecret} {
			if strings.Contains(g.Stdout.String()+g.Stderr.String(), secret) {
				t.Errorf("Traefik has printed the secret %q", secret)
			}
		}
		if t.Failed() {
			t.Logf("stdout:\n%s\nstderr:\n%s", g.Stdout, g.Stderr)
		}
	})
	return g
}

// backend answers with its name in X-Backend, and keeps the bodies that arrive.
type backend struct {
	name string
	url  string
	port int

	mu     sync.Mutex
	bodies []string
}

func (b *backend) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.bodies = append(b.bodies, string(text))
	b.mu.Unlock()
	rw.Header().Set("X-Backend", b.name)
}

func serve(t *testing.T, name string) *backend {
	t.Helper()
	b := &backend{name: name}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: b, ReadHeaderTimeout: testkit.Patience}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	b.url, b.port = "http://"+listener.Addr().String(), listener.Addr().(*net.TCPAddr).Port
	return b
}

// arrived checks what a backend has received, in order.
func (b *backend) arrived(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.Join(b.bodies, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s has received %q, want %q", b.name, b.bodies, want)
	}
}

// pinned returns the version of Traefik that dev/go.mod pins.
func pinned(t *testing.T) string {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "dev", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range module.Require {
		if r.Mod.Path == "github.com/traefik/traefik/v3" {
			return r.Mod.Version
		}
	}
	t.Fatal("dev/go.mod pins no Traefik")
	return ""
}
