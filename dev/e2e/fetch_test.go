package e2e

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// catalogueStatic names the plugin as the catalogue does, so that Traefik fetches it.
const catalogueStatic = `global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR}
ping: {manualRouting: true}
entryPoints: {web: {address: %q}}
providers: {file: {filename: dynamic.yml}}
experimental:
  abortOnPluginFailure: true
  plugins:
    hookward: {moduleName: github.com/hookward/hookward, version: %s}
`

const catalogueDynamic = "http:\n" +
	"  routers:\n" +
	"    ready: {rule: \"Path(`/ready`)\", service: ping@internal}\n" +
	"    gh: {rule: \"Path(`/gh`)\", middlewares: [gh], service: backend}\n" +
	"  middlewares: {gh: {plugin: {hookward: {provider: github, secrets: [\"env:GH\"]}}}}\n" +
	"  services: {backend: {loadBalancer: {servers: [{url: %q}]}}}\n"

// TestCatalogue lets Traefik fetch the plugin, as the catalogue's users do. Where
// hookward is compiled in, what was fetched must change nothing, not even if it is
// broken; but nobody may take it for what runs.
func TestCatalogue(t *testing.T) {
	form, err := gateway.TestedForm()
	if err != nil {
		t.Fatal(err)
	}
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{"whole": root}
	if form == gateway.Compiled {
		sources["broken"] = brokenSource(t, root)
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			g, url := fetching(t, "v0.99.0", source)
			for _, c := range []struct {
				header string
				status int
			}{{helloSignature, http.StatusOK}, {"X-Other: 1", http.StatusUnauthorized}} {
				r, err := http.NewRequest(http.MethodPost, url+"/gh", strings.NewReader(hello))
				if err != nil {
					t.Fatal(err)
				}
				key, value, _ := strings.Cut(c.header, ": ")
				r.Header.Set(key, value)
				response, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if response.StatusCode != c.status {
					t.Errorf("%s: %s, want %d", c.header, response.Status, c.status)
				}
			}
			told := g.Stderr.Lines("Traefik has fetched v0.99.0 of the plugin, but what runs is v")
			if (len(told) == 1) != (form == gateway.Compiled) {
				t.Errorf("%s: the operator is told %q\n%s", form, told, g.Stderr)
			}
		})
	}
}

// TestSourceBesideCompiled has a whole folder of another version where the manifest
// is enough. It changes nothing, not even if it is broken, and the operator is told.
func TestSourceBesideCompiled(t *testing.T) {
	form, err := gateway.TestedForm()
	if err != nil {
		t.Fatal(err)
	}
	if form == gateway.Interpreted {
		return // that folder is what runs
	}
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	static := strings.ReplaceAll(catalogueStatic, "plugins:", "localPlugins:")
	g, _ := serveIn(t, strings.ReplaceAll(static, ", version: %s", ""), gateway.Settings{Plugin: brokenSource(t, root), Form: gateway.Interpreted})
	if told := g.Stderr.Lines("plugins-local has v0.99.0 of the plugin, but what runs is v"); len(told) != 1 {
		t.Errorf("the operator is told %q\n%s", told, g.Stderr)
	}
}

// serveIn runs Traefik with a static configuration, which gets an address, and
// with a gate at /gh. It returns Traefik and its URL.
func serveIn(t *testing.T, static string, settings gateway.Settings) (*gateway.Gateway, string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(gateway.Echo))
	t.Cleanup(backend.Close)
	free := testkit.Addresses(t, 1)
	dir := t.TempDir()
	err := errors.Join(os.WriteFile(filepath.Join(dir, "traefik.yml"), fmt.Appendf(nil, static, free[0]), 0o600),
		os.WriteFile(filepath.Join(dir, "dynamic.yml"), fmt.Appendf(nil, catalogueDynamic, backend.URL), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	settings.Env = append(settings.Env, "GH="+secret)
	g, err := gateway.Run(t.Context(), binary, dir, "http://"+free[0]+"/ready", []string{"--configFile=traefik.yml"}, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g, "http://" + free[0]
}

// fetching runs a Traefik that fetches a version from the catalogue. Its requests
// go to a proxy, which leads every host to a server of ours that it has to trust.
func fetching(t *testing.T, version, source string) (*gateway.Gateway, string) {
	t.Helper()
	archive := &bytes.Buffer{}
	if err := zip.CreateFromDir(archive, module.Version{Path: "github.com/hookward/hookward", Version: version}, source); err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 10)
	catalogue := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if strings.HasPrefix(r.URL.Path, "/public/download/") {
			_, _ = rw.Write(archive.Bytes())
		}
	}))
	authority := stores.NewAuthority(t, t.TempDir())
	pair := authority.Issue(t, "catalogue", "plugins.traefik.io")
	certificate, err := tls.LoadX509KeyPair(pair.File, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	catalogue.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	catalogue.StartTLS()
	t.Cleanup(catalogue.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { tunnel(rw, r, catalogue.Listener.Addr().String()) }))
	t.Cleanup(proxy.Close)
	g, url := serveIn(t, strings.ReplaceAll(catalogueStatic, "%s", version), gateway.Settings{
		Env: []string{"HTTPS_PROXY=" + proxy.URL, "NO_PROXY=", "SSL_CERT_FILE=" + authority.File},
	})
	for _, step := range []string{"download", "validate"} {
		if path := <-asked; path != "/public/"+step+"/github.com/hookward/hookward/"+version {
			t.Errorf("Traefik has asked the catalogue for %s", path)
		}
	}
	return g, url
}

// tunnel answers CONNECT, whatever the host, with a connection to an address.
func tunnel(rw http.ResponseWriter, r *http.Request, address string) {
	to, err := net.Dial("tcp", address)
	if r.Method != http.MethodConnect || err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = to.Close() }()
	rw.WriteHeader(http.StatusOK)
	from, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = from.Close() }()
	go func() { _, _ = io.Copy(to, buffered) }()
	_, _ = io.Copy(from, to)
}

// brokenSource is a version of the plugin that no Traefik could interpret.
func brokenSource(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{".traefik.yml", "go.mod"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plugin.go"), []byte("package hookward\n\nconst version = \"v0.99.0\"\n\nthis is no Go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
