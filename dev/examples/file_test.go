package examples

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/traefik/traefik/v3/pkg/provider/file"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// fileSite is the example for the file provider, on this machine.
type fileSite struct {
	caller
	*gateway.Gateway
	ci, shop, website *backend
}

// fileSetup says how the example is run.
type fileSetup struct {
	name    string   // of the dynamic configuration
	edits   []string // of it
	more    string   // what is to stand at its end; WEBSITE is the URL of a backend that no hook is for
	static  []string // edits of the static configuration
	traefik traefik
	state   string // the directory for /var/lib/hookward; default: one of its own
}

// startFile runs the example in the form that is tested.
func startFile(t *testing.T, name string, edits []string, more string) *fileSite {
	t.Helper()
	return fileSetup{name: name, edits: edits, more: more, traefik: tested()}.start(t)
}

func (f fileSetup) start(t *testing.T) *fileSite {
	t.Helper()
	dir := t.TempDir()
	if f.state == "" {
		f.state = dir + "/state"
	}
	s := &fileSite{ci: serve(t, "ci"), shop: serve(t, "shop"), website: serve(t, website)}
	free := testkit.Addresses(t, 2)
	etc := filepath.Join(dir, "etc", "traefik")
	static := edit(t, example(t, "file", "traefik.yml"), append([]string{
		`":443"`, `"` + free[0] + `"`, "127.0.0.1:8082", free[1], "/etc/traefik/dynamic.yml", filepath.Join(etc, f.name),
	}, f.static...)...)
	dynamic := edit(t, example(t, "file", f.name), append([]string{
		"http://127.0.0.1:8080", s.ci.url, "http://127.0.0.1:8081", s.shop.url,
		"/etc/traefik/", etc + "/", "/etc/hookward/", dir + "/etc/hookward/", "/var/lib/hookward", f.state,
	}, f.edits...)...)
	write(t, static, dir, "traefik.yml")
	write(t, strings.ReplaceAll(dynamic+f.more, "WEBSITE", s.website.url), etc, f.name)
	write(t, githubSecret+"\n", dir, "etc", "hookward", "github")
	s.caller = caller{url: "https://" + free[0], client: trusting(t, filepath.Join(etc, host))}
	s.Gateway = f.traefik.run(t, dir, free[1], []string{"--configFile=traefik.yml"}, "STRIPE_WEBHOOK_SECRET="+stripeSecret)
	// Traefik's ping answers before the file is applied. Until then, it has no
	// certificate that we trust, and no router.
	testkit.Await(t, "Traefik applies the dynamic configuration", func() bool {
		answer, err := s.post("/", "")
		return err == nil && answer != "404"
	})
	return s
}

// trusting writes the certificate of the examples' host, path.crt and path.key,
// and returns a client that trusts no other and sends that host's name.
func trusting(t *testing.T, path string) *http.Client {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, string(public), path+".crt")
	write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), path+".key")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: host}}}
}

// withWebsite returns the edits of a dynamic configuration, and what is to stand
// at its end, that give it a router as many installations have one: it takes
// every request that no other router takes.
func withWebsite(name string) ([]string, string) {
	if name == "dynamic.toml" {
		return nil, "\n[http.routers.website]\nrule = \"PathPrefix(`/`)\"\nservice = \"website\"\n" +
			"[[http.services.website.loadBalancer.servers]]\nurl = \"WEBSITE\"\n"
	}
	// YAML takes no key twice.
	return []string{"  routers:\n", "  routers:\n    website: {rule: \"PathPrefix(`/`)\", service: website}\n",
		"  services:\n", "  services:\n    website: {loadBalancer: {servers: [{url: \"WEBSITE\"}]}}\n"}, ""
}

// The deny router, as it stands in each file.
var denies = map[string]string{
	"dynamic.yml":  "    hooks-deny:\n      rule: Host(`hooks.example.com`)\n      priority: 10000\n      service: noop@internal\n",
	"dynamic.toml": "[http.routers.hooks-deny]\nrule = \"Host(`hooks.example.com`)\"\npriority = 10000\nservice = \"noop@internal\"\n",
}

func TestFile(t *testing.T) {
	for name := range denies {
		t.Run(name, func(t *testing.T) {
			startFile(t, name, nil, "").guarded(t)
		})
		t.Run(name+" beside a website", func(t *testing.T) {
			edits, more := withWebsite(name)
			s := startFile(t, name, edits, more)
			s.guarded(t)
			s.website.arrived(t)
		})
	}
}

func (s *fileSite) guarded(t *testing.T) {
	t.Helper()
	s.caller.guarded(t, s.ci, s.shop)
}

// A misspelt middleware takes its router away. Without the deny router the
// website gets what no gate has seen; this is the trap that the examples are
// written around.
func TestFileMisspelt(t *testing.T) {
	for name, deny := range denies {
		for mistake, misspelt := range map[string][]string{
			"the plugin's name":     {"github-hooks:\n      plugin:\n        hookward:", "github-hooks:\n      plugin:\n        hookwrd:"},
			"the middleware's name": {"middlewares: [github-hooks]", "middlewares: [github-hook]"},
		} {
			if name == "dynamic.toml" {
				misspelt = map[string][]string{
					"the plugin's name":     {"github-hooks.plugin.hookward", "github-hooks.plugin.hookwrd"},
					"the middleware's name": {`middlewares = ["github-hooks"]`, `middlewares = ["github-hook"]`},
				}[mistake]
			}
			t.Run(name+" "+mistake, func(t *testing.T) {
				edits, more := withWebsite(name)
				edits = append(edits, misspelt...)
				s := startFile(t, name, edits, more)
				s.answers(t, "418", "/github", body)
				s.answers(t, "418", "/github", body, githubSigned(githubSecret, body))
				s.answers(t, "401", "/stripe", body)
				s.answers(t, "200 shop", "/stripe", body, stripeSigned(stripeSecret, body))
				s.website.arrived(t)
				s.ci.arrived(t)

				trap := startFile(t, name, append(edits, deny, ""), more)
				trap.answers(t, "200 website", "/github", body)
			})
		}
	}
}

// A plugin that can't be loaded ends Traefik.
func TestFileWithoutPlugin(t *testing.T) {
	dir := t.TempDir()
	free := testkit.Addresses(t, 2)
	write(t, edit(t, example(t, "file", "traefik.yml"), `":443"`, `"`+free[0]+`"`, "127.0.0.1:8082", free[1],
		"/etc/traefik/dynamic.yml", filepath.Join(dir, "dynamic.yml"),
		"moduleName: github.com/hookward/hookward", "moduleName: github.com/hookward/elsewhere"), dir, "traefik.yml")
	write(t, "", dir, "dynamic.yml")
	g, err := tested().start(t, dir, free[1], []string{"--configFile=traefik.yml"})
	if err == nil {
		g.Stop()
		t.Fatal("Traefik has started without the plugin")
	}
	if !strings.Contains(err.Error(), "ended at its start") || !strings.Contains(err.Error(), "github.com/hookward/elsewhere") {
		t.Errorf("Traefik did not end because of the plugin: %v", err)
	}
}

// TestFileForms checks that both files say the same, as Traefik reads them.
func TestFileForms(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) any {
		path := filepath.Join(root, "examples", "file", name)
		// The certificate is not there, which is Traefik's concern later on.
		configuration, err := (&file.Provider{}).CreateConfiguration(context.Background(), path, template.FuncMap{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(configuration.HTTP.Routers) != 3 || len(configuration.HTTP.Middlewares) != 2 {
			t.Fatalf("%s lacks routers or middlewares: %+v", name, configuration.HTTP)
		}
		return configuration
	}
	if yaml, toml := read("dynamic.yml"), read("dynamic.toml"); !reflect.DeepEqual(yaml, toml) {
		t.Errorf("the files differ:\n%+v\n%+v", yaml, toml)
	}
}
