package examples

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	machinery "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/hookward/hookward/dev/gateway"
)

// kustomization is what the example uses of it.
type kustomization struct {
	APIVersion      string   `json:"apiVersion"`
	Kind            string   `json:"kind"`
	Resources       []string `json:"resources"`
	SecretGenerator []struct {
		Name      string   `json:"name"`
		Namespace string   `json:"namespace"`
		Files     []string `json:"files"`
		Envs      []string `json:"envs"`
	} `json:"secretGenerator"`
	GeneratorOptions struct {
		DisableNameSuffixHash bool `json:"disableNameSuffixHash"`
	} `json:"generatorOptions"`
}

// values is what the example uses of the chart's values.
type values struct {
	Image        struct{ Tag string }
	Experimental struct {
		AbortOnPluginFailure bool
		LocalPlugins         map[string]struct{ ModuleName, MountPath, Type, VolumeName, SubPath string }
	}
	Deployment struct {
		AdditionalVolumes []corev1.Volume    `json:"additionalVolumes"`
		InitContainers    []corev1.Container `json:"initContainers"`
	}
	Volumes []struct{ Name, MountPath, Type string }
}

func strictly(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(example(t, "kubernetes", name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// kinds are those of the example's objects, as their programs decode
// them.
var kinds = map[string]func() any{
	"v1 Namespace":                     func() any { return &corev1.Namespace{} },
	"v1 Service":                       func() any { return &corev1.Service{} },
	"apps/v1 Deployment":               func() any { return &appsv1.Deployment{} },
	"traefik.io/v1alpha1 Middleware":   func() any { return &v1alpha1.Middleware{} },
	"traefik.io/v1alpha1 IngressRoute": func() any { return &v1alpha1.IngressRoute{} },
}

// objects decodes the documents of some YAML, and takes no field that a kind
// does not have.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	found := []map[string]any{}
	reader := machinery.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		object := map[string]any{}
		if err := yaml.UnmarshalStrict(document, &object); err != nil {
			t.Fatalf("%s\n%v", document, err)
		}
		if len(object) == 0 {
			continue // comments
		}
		version, _ := object["apiVersion"].(string)
		name, _ := object["kind"].(string)
		typed := kinds[version+" "+name]
		if typed == nil {
			t.Fatalf("%s\nhas no kind that is known here", document)
		}
		if err := yaml.UnmarshalStrict(document, typed()); err != nil {
			t.Fatalf("%s\n%v", document, err)
		}
		found = append(found, object)
	}
}

// kubernetesObjects are what kubectl would apply, given the values of the two
// secrets.
func kubernetesObjects(t *testing.T, github, stripe string) []map[string]any {
	t.Helper()
	var k kustomization
	strictly(t, "kustomization.yaml", &k)
	found := []map[string]any{}
	for _, name := range k.Resources {
		found = append(found, objects(t, example(t, "kubernetes", name))...)
	}
	contents := map[string]string{"secrets/github": github, "secrets/stripe.env": stripe}
	for _, generated := range k.SecretGenerator {
		data := map[string]any{}
		for _, entry := range generated.Files {
			key, file, _ := strings.Cut(entry, "=")
			data[key] = base64.StdEncoding.EncodeToString([]byte(contents[file]))
		}
		for range generated.Envs {
			data["STRIPE_WEBHOOK_SECRET"] = base64.StdEncoding.EncodeToString([]byte(stripe))
		}
		found = append(found, map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
			"metadata": map[string]any{"name": generated.Name, "namespace": generated.Namespace}, "data": data})
	}
	return found
}

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

// startCluster runs objects beside a website for everybody, and waits until what
// is no hook gets an answer. The file that the pod of Traefik would have mounted
// has what is given, or is missing.
func startCluster(t *testing.T, all []map[string]any, mounted, answer string) *cluster {
	t.Helper()
	dir := t.TempDir()
	free := addresses(t, 3)
	c := &cluster{ci: serve(t, "ci"), website: serve(t, website)}
	c.plain = caller{url: "http://" + free[0], client: &http.Client{Timeout: patience}}
	// The example's certificate is whatever Traefik's default is.
	c.caller = caller{url: "https://" + free[1], client: &http.Client{Timeout: patience,
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
	server := &http.Server{Handler: &gateway.Kubernetes{Objects: all}, ReadHeaderTimeout: patience}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(api) }()
	if mounted != "" {
		write(t, mounted, dir, "secrets", "github")
	}
	var v values
	strictly(t, "values.yaml", &v)
	run(t, dir, free[2], []string{
		"--global.checkNewVersion=false", "--log.level=INFO",
		"--entryPoints.web.address=" + free[0], "--entryPoints.websecure.address=" + free[1],
		"--entryPoints.traefik.address=" + free[2], "--ping=true",
		"--experimental.abortOnPluginFailure=true",
		"--experimental.localPlugins.hookward.moduleName=" + v.Experimental.LocalPlugins["hookward"].ModuleName,
		"--providers.kubernetesCRD.endpoint=http://" + api.Addr().String(), "--providers.kubernetesCRD.token=of-nobody",
	})
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
	c := startCluster(t, kubernetesObjects(t, "", stripeSecret), githubSecret+"\n", "418")
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
	all := func() []map[string]any { return kubernetesObjects(t, "", stripeSecret) }
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
	c := startCluster(t, kubernetesObjects(t, "", stripeSecret+"\n"), githubSecret+"\n", "418")
	c.answers(t, "200 ci", "/github", body, githubSigned(githubSecret, body))
	c.answers(t, "401", "/stripe", body, stripeSigned(stripeSecret, body))
}

// TestKubernetesFiles checks what only a cluster would show, as far as files
// can.
func TestKubernetesFiles(t *testing.T) {
	var k kustomization
	strictly(t, "kustomization.yaml", &k)
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "examples", "kubernetes", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name != "kustomization.yaml" && name != "values.yaml" && !slices.Contains(k.Resources, name) {
			t.Errorf("kustomization.yaml does not have %s", name)
		}
	}
	secrets := map[string]bool{}
	for _, generated := range k.SecretGenerator {
		secrets[generated.Namespace+"/"+generated.Name] = true
	}
	if !k.GeneratorOptions.DisableNameSuffixHash || len(secrets) != 2 {
		t.Errorf("the secrets have other names than the middlewares say: %+v", k)
	}

	var v values
	strictly(t, "values.yaml", &v)
	plugin := v.Experimental.LocalPlugins["hookward"]
	if v.Image.Tag != pinned(t) || !v.Experimental.AbortOnPluginFailure {
		t.Errorf("another Traefik than the tested one, or one that goes on without the plugin: %+v", v)
	}
	if plugin.MountPath != "/plugins-local/src/"+plugin.ModuleName || plugin.Type != "localPath" {
		t.Errorf("the plugin is not where Traefik looks for it: %+v", plugin)
	}
	fetched := v.Deployment.InitContainers[0]
	source := fetched.VolumeMounts[0]
	if v.Deployment.AdditionalVolumes[0].Name != plugin.VolumeName || source.Name != plugin.VolumeName ||
		!strings.Contains(fetched.Args[0], source.MountPath+"/"+plugin.SubPath+"\n") {
		t.Errorf("the source is fetched into another place than it is mounted from: %+v, %+v", fetched, plugin)
	}
	for _, volume := range v.Volumes {
		if volume.Type != "secret" || !secrets["traefik/"+volume.Name] {
			t.Errorf("the volume %+v has no secret in Traefik's namespace", volume)
		}
		if !strings.Contains(example(t, "kubernetes", "middlewares.yaml"), `"file:`+volume.MountPath+`/github"`) {
			t.Errorf("no middleware reads a file below %s", volume.MountPath)
		}
	}
}
