package examples

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// cluster is the example in a Traefik with its own CRD provider, which asks a
// part of Kubernetes' API.
type cluster struct {
	caller
	plain       caller
	ci, website *backend
}

const websiteRoute = `apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: website, namespace: web}
spec:
  routes:
    - {kind: Rule, match: "PathPrefix(` + "`/`" + `)", services: [{name: website, port: http}]}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: website-tls, namespace: web}
spec:
  tls: {}
  routes:
    - {kind: Rule, match: "PathPrefix(` + "`/`" + `)", services: [{name: website, port: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: website, namespace: web}
spec: {ports: [{name: http, port: 80}]}
`

// startCluster runs objects with the plugin, in the form that is tested.
func startCluster(t *testing.T, all []map[string]any, mounted, answer string) *cluster {
	t.Helper()
	return startRelease(t, tested(), chartValues(t, "kubernetes", "values.yaml"), all, mounted, answer)
}

// startRelease runs objects beside a website for everybody, in a Traefik with the
// arguments of the chart's values, and waits until what is no hook gets an answer.
// The file that is mounted into its pod has what is given, or is missing.
func startRelease(t *testing.T, f traefik, v values, all []map[string]any, mounted, answer string) *cluster {
	t.Helper()
	dir := t.TempDir()
	free := testkit.Addresses(t, 3)
	c := &cluster{ci: serve(t, "ci"), website: serve(t, website)}
	c.plain = caller{url: "http://" + free[0], client: &http.Client{Timeout: testkit.Patience}}
	// The example's certificate is whatever Traefik's default is.
	c.caller = caller{url: "https://" + free[1], client: &http.Client{Timeout: testkit.Patience,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: host}}}}
	all = append(all, objects(t, websiteRoute)...)
	all = append(all, endpoints("hooks", c.ci), endpoints("web", c.website))
	for _, object := range all {
		// In the place of the mount.
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		local := map[string]any{}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), "/etc/hookward/", dir+"/secrets/")), &local); err != nil {
			t.Fatal(err)
		}
		for key, value := range local {
			object[key] = value
		}
	}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: &gateway.Kubernetes{Objects: all}, ReadHeaderTimeout: testkit.Patience}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(api) }()
	if mounted != "" {
		write(t, mounted, dir, "secrets", "github")
	}
	f.run(t, dir, free[2], append([]string{
		"--global.checkNewVersion=false", "--log.level=INFO",
		"--entryPoints.web.address=" + free[0], "--entryPoints.websecure.address=" + free[1],
		"--entryPoints.traefik.address=" + free[2], "--ping=true",
		"--providers.kubernetesCRD.endpoint=http://" + api.Addr().String(), "--providers.kubernetesCRD.token=of-nobody",
	}, v.arguments()...))
	c.plain.applied(t, c.website, answer)
	return c
}

// endpoints are where a backend's service leads.
func endpoints(namespace string, b *backend) map[string]any {
	return map[string]any{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
		"metadata":  map[string]any{"name": b.name, "namespace": namespace, "labels": map[string]any{"kubernetes.io/service-name": b.name}},
		"endpoints": []any{map[string]any{"addresses": []any{"127.0.0.1"}, "conditions": map[string]any{"ready": true, "serving": true}}},
		"ports":     []any{map[string]any{"name": "http", "port": b.port}}}
}

func TestKubernetes(t *testing.T) {
	startCluster(t, kubernetesObjects(t, stripeSecret), githubSecret+"\n", "418").guarded(t)
}

// guarded checks what the example promises.
func (c *cluster) guarded(t *testing.T) {
	t.Helper()
	c.answers(t, "401", "/github", body)
	c.answers(t, "401", "/github", body, githubSigned(stripeSecret, body))
	c.answers(t, "401", "/stripe", body)
	c.answers(t, "401", "/stripe", body, stripeSigned("urn:k8s:secret:stripe:STRIPE_WEBHOOK_SECRET", body))
	c.answers(t, "418", "/github/", body, githubSigned(githubSecret, body))
	c.ci.arrived(t)
	c.answers(t, "200 ci", "/github", body, githubSigned(githubSecret, body))
	c.answers(t, "200", "/github", body, githubSigned(githubSecret, body)) // acknowledged
	c.answers(t, "200 ci", "/stripe", body, stripeSigned(stripeSecret, body))
	// The hooks are on the entry point with TLS alone, and denied on the other.
	c.plain.answers(t, "418", "/github", body, githubSigned(githubSecret, body))
	c.ci.arrived(t, body, body)
	c.website.arrived(t)
}

// The two ways in which a secret comes differ in what happens without it: the
// file's gate answers 503, and the other's is gone.
func TestKubernetesWithoutSecrets(t *testing.T) {
	without := func(all []map[string]any, names ...string) []map[string]any {
		left := []map[string]any{}
		for _, object := range all {
			name := object["metadata"].(map[string]any)["name"].(string)
			if !slices.Contains(names, name) {
				left = append(left, object)
			}
		}
		if len(left) != len(all)-len(names) {
			t.Fatalf("not every one of %q is there", names)
		}
		return left
	}
	all := func() []map[string]any { return kubernetesObjects(t, stripeSecret) }
	c := startCluster(t, without(all(), "stripe"), "", "418")
	for _, path := range []string{"/github", "/stripe"} {
		want := map[string]string{"/github": "503", "/stripe": "418"}[path]
		c.answers(t, want, path, body)
		c.answers(t, want, path, body, githubSigned(githubSecret, body), stripeSigned(stripeSecret, body))
	}
	c.ci.arrived(t)
	c.website.arrived(t)

	trap := startCluster(t, without(all(), "stripe", "hooks-deny", "hooks-deny-tls"), "", "200 website")
	trap.answers(t, "200 website", "/stripe", body)
}

// Nothing trims what comes by URN. Kustomize's env files have no newline in
// them; a file of the generator would have.
func TestKubernetesNewline(t *testing.T) {
	c := startCluster(t, kubernetesObjects(t, stripeSecret+"\n"), githubSecret+"\n", "418")
	c.answers(t, "200 ci", "/github", body, githubSigned(githubSecret, body))
	c.answers(t, "401", "/stripe", body, stripeSigned(stripeSecret, body))
}
