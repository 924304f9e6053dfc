package examples

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
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
	Image           struct{ Registry, Repository, Tag string }
	VersionOverride string
	Experimental    struct {
		AbortOnPluginFailure bool
		LocalPlugins         map[string]struct{ ModuleName, MountPath, Type, VolumeName, SubPath string }
	}
	AdditionalArguments []string
	API                 struct{ Dashboard *bool }
	Deployment          struct {
		AdditionalVolumes []corev1.Volume    `json:"additionalVolumes"`
		InitContainers    []corev1.Container `json:"initContainers"`
	}
	Volumes []struct{ Name, MountPath, Type string }
}

// chartValues reads values of the chart.
func chartValues(t *testing.T, path ...string) values {
	t.Helper()
	var v values
	strictly(t, &v, path...)
	return v
}

// arguments are those that the chart's template for the pod makes of the values,
// as far as they are about plugins.
func (v values) arguments() []string {
	made := []string{}
	for name, plugin := range v.Experimental.LocalPlugins {
		made = append(made, "--experimental.localPlugins."+name+".moduleName="+plugin.ModuleName)
	}
	if v.Experimental.AbortOnPluginFailure {
		made = append(made, "--experimental.abortonpluginfailure=true")
	}
	return append(made, v.AdditionalArguments...)
}

func strictly(t *testing.T, into any, path ...string) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(example(t, path...)), into); err != nil {
		t.Fatalf("%q: %v", path, err)
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

// kubernetesObjects are what kubectl would apply, given the value of Stripe's
// secret. GitHub's is read from where it is mounted, and not from its object.
func kubernetesObjects(t *testing.T, stripe string) []map[string]any {
	t.Helper()
	var k kustomization
	strictly(t, &k, "kubernetes", "kustomization.yaml")
	found := []map[string]any{}
	for _, name := range k.Resources {
		found = append(found, objects(t, example(t, "kubernetes", name))...)
	}
	for _, generated := range k.SecretGenerator {
		data := map[string]any{}
		for _, entry := range generated.Files {
			key, _, _ := strings.Cut(entry, "=")
			data[key] = base64.StdEncoding.EncodeToString([]byte(githubSecret + "\n"))
		}
		for range generated.Envs {
			data["STRIPE_WEBHOOK_SECRET"] = base64.StdEncoding.EncodeToString([]byte(stripe))
		}
		found = append(found, map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
			"metadata": map[string]any{"name": generated.Name, "namespace": generated.Namespace}, "data": data})
	}
	return found
}

// TestKubernetesFiles checks what only a cluster would show, as far as files
// can.
func TestKubernetesFiles(t *testing.T) {
	var k kustomization
	strictly(t, &k, "kubernetes", "kustomization.yaml")
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

	v := chartValues(t, "kubernetes", "values.yaml")
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
