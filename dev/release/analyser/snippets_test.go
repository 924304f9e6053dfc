package analyser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"testing"
	"text/template"

	"github.com/pelletier/go-toml/v2"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	traefik "github.com/traefik/traefik/v3/pkg/config/label"
	"github.com/traefik/traefik/v3/pkg/provider/file"
	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"gopkg.in/yaml.v3"
	kubernetes "sigs.k8s.io/yaml"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/dev/sources"
	"github.com/hookward/hookward/internal/config"
)

// snippets are what the catalogue shows on the plugin's page: a middleware of the
// testData, under an alias that is the repository's name. The labels it does not
// show; they are the same, as the README writes labels.
func snippets(t *testing.T, m Manifest) map[string]string {
	t.Helper()
	repository := path.Base(m.Import)
	plugin := map[string]any{"plugin": map[string]any{repository: m.TestData}}
	document := map[string]any{"http": map[string]any{"middlewares": map[string]any{"my-" + repository: plugin}}}
	resource := map[string]any{"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
		"metadata": map[string]any{"name": "my-" + repository, "namespace": "my-namespace"}, "spec": plugin}
	text := func(b []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return map[string]string{
		"yaml": text(yaml.Marshal(document)), "toml": text(toml.Marshal(document)), "kubernetes": text(yaml.Marshal(resource)),
	}
}

// options returns what stands under the plugin's key of a snippet's middleware,
// as Traefik reads it.
func options(t *testing.T, form, text, repository string) map[string]any {
	t.Helper()
	if form == "kubernetes" {
		var resource v1alpha1.Middleware
		if err := kubernetes.UnmarshalStrict([]byte(text), &resource); err != nil {
			t.Fatal(err)
		}
		var conf map[string]any
		if err := json.Unmarshal(resource.Spec.Plugin[repository].Raw, &conf); err != nil {
			t.Fatal(err)
		}
		return conf
	}
	name := filepath.Join(t.TempDir(), "snippet."+form)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	configuration, err := (&file.Provider{}).CreateConfiguration(context.Background(), name, template.FuncMap{}, false)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return find(t, configuration, repository)
}

func find(t *testing.T, configuration *dynamic.Configuration, repository string) map[string]any {
	t.Helper()
	m := configuration.HTTP.Middlewares["my-"+repository]
	if m == nil {
		t.Fatalf("the snippet has no middleware my-%s: %+v", repository, configuration.HTTP)
	}
	return m.Plugin[repository]
}

// TestSnippets checks that who copies a snippet has a gate: it refuses what is
// not signed once its secret is there, and everything while it is not.
func TestSnippets(t *testing.T) {
	_, source := unpacked(t)
	repository := path.Base(source.Manifest.Import)
	all := map[string]map[string]any{}
	for form, text := range snippets(t, source.Manifest) {
		all[form] = options(t, form, text, repository)
	}
	labels := map[string]string{}
	label("traefik.http.middlewares.my-"+repository+".plugin."+repository, source.Manifest.TestData, labels)
	configuration, err := traefik.DecodeConfiguration(labels)
	if err != nil {
		t.Fatalf("%v: %v", labels, err)
	}
	all["labels"] = find(t, configuration, repository)

	for form, conf := range all {
		t.Run(form, func(t *testing.T) {
			configuration, err := sources.Config(conf)
			if err != nil {
				t.Fatal(err)
			}
			if decoded, problems := config.Decode(configuration.Raw); len(problems) > 0 || decoded.Provider == "" || len(decoded.Secrets) == 0 {
				t.Errorf("the options are no whole configuration: %+v, %q", decoded, problems)
			}
			answers(t, configuration, "", http.StatusServiceUnavailable)
			answers(t, configuration, "9c3f1b7e5d2a4086b1f3d5e7a9c0b2d4", http.StatusUnauthorized)
		})
	}
}

// answers checks what a gate answers to what nobody has signed, given its secret.
func answers(t *testing.T, configuration *hookward.Config, secret string, want int) {
	t.Helper()
	t.Setenv("GITHUB_WEBHOOK_SECRET", secret)
	// A name of its own: gates of one name share their secrets.
	gate, err := hookward.New(context.Background(), http.NotFoundHandler(), configuration, t.Name()+secret)
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	gate.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", nil))
	if answer.Code != want {
		t.Errorf("with the secret %q, the gate answers %d, want %d", secret, answer.Code, want)
	}
}

// label writes a value as labels.
func label(name string, value any, labels map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			label(name+"."+key, child, labels)
		}
	case []any:
		for i, child := range value {
			label(fmt.Sprintf("%s[%d]", name, i), child, labels)
		}
	default:
		labels[name] = fmt.Sprint(value)
	}
}
