package examples

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// saysCompiled checks that hookward was not interpreted.
func saysCompiled(t *testing.T, g *gateway.Gateway) {
	t.Helper()
	if !strings.Contains(g.Stderr.String(), "compiled into Traefik") {
		t.Error("hookward does not say that it is compiled in")
	}
}

func TestCompiledCompose(t *testing.T) {
	dir := t.TempDir()
	s := composeSetup{folder: "compiled", traefik: compiled(t), deny: example(t, "compiled", "deny.yml"), dir: dir, prefix: dir}.start(t)
	s.guarded(t)
	saysCompiled(t, s.Gateway)
}

// The file without its comment is that of the plugin's example.
func TestCompiledDeny(t *testing.T) {
	rules := func(folder string) string {
		_, text, _ := strings.Cut(example(t, folder, "deny.yml"), "\nhttp:\n")
		return text
	}
	if rules("compiled") != rules("compose") || rules("compiled") == "" {
		t.Errorf("the files differ:\n%s\n%s", rules("compiled"), rules("compose"))
	}
}

// Without the plugin's manifest, as in another working directory, Traefik takes
// away every router that uses the plugin; the file example has what prevents
// that, and what catches it.
func TestCompiledWithoutManifest(t *testing.T) {
	const missing = "failed to open the plugin manifest plugins-local/src/github.com/hookward/hookward/.traefik.yml"
	without := compiled(t)
	// A plugin's folder with nothing in it.
	without.settings.Form, without.settings.Plugin = gateway.Interpreted, t.TempDir()
	edits, more := withWebsite("dynamic.yml")
	f := fileSetup{name: "dynamic.yml", edits: edits, more: more, traefik: without}

	t.Run("abortOnPluginFailure", func(t *testing.T) {
		dir := t.TempDir()
		free := testkit.Addresses(t, 2)
		write(t, edit(t, example(t, "file", "traefik.yml"), `":443"`, `"`+free[0]+`"`, "127.0.0.1:8082", free[1],
			"/etc/traefik/dynamic.yml", dir+"/dynamic.yml"), dir, "traefik.yml")
		write(t, "", dir, "dynamic.yml")
		g, err := without.start(t, dir, free[1], []string{"--configFile=traefik.yml"})
		if err == nil {
			g.Stop()
			t.Fatal("Traefik has started without the manifest")
		}
		if !strings.Contains(err.Error(), "ended at its start") || !strings.Contains(err.Error(), missing) {
			t.Errorf("Traefik did not end because of the manifest: %v", err)
		}
	})
	t.Run("none", func(t *testing.T) {
		f.static = []string{"  abortOnPluginFailure: true\n", ""}
		s := f.start(t)
		s.answers(t, "418", "/github", body)
		s.answers(t, "418", "/github", body, githubSigned(githubSecret, body))
		s.website.arrived(t)
		s.ci.arrived(t)
		if said := s.Stdout.String(); !strings.Contains(said, "Plugins are disabled") || !strings.Contains(said, missing) {
			t.Errorf("Traefik does not say what is missing:\n%s", said)
		}

		f.edits = append(f.edits, denies["dynamic.yml"], "")
		f.start(t).answers(t, "200 website", "/github", body)
	})
}

// Whoever goes back to the plugin, or comes from it, keeps what has passed.
func TestCompiledAndBack(t *testing.T) {
	f := fileSetup{name: "dynamic.yml", state: t.TempDir() + "/state"}
	for i, next := range []traefik{compiled(t), pinnedAs(t, gateway.Interpreted), compiled(t)} {
		f.traefik = next
		s := f.start(t)
		if i == 0 {
			s.answers(t, "200 ci", "/github", body, githubSigned(githubSecret, body))
			s.ci.arrived(t, body)
		} else {
			s.answers(t, "200", "/github", body, githubSigned(githubSecret, body))
			s.ci.arrived(t)
		}
		if next.settings.Form == gateway.Compiled {
			saysCompiled(t, s.Gateway)
		}
		s.Stop()
	}
}

// TestCompiledValues checks what only a cluster would show, as far as files can.
func TestCompiledValues(t *testing.T) {
	plugin := chartValues(t, "kubernetes", "values.yaml")
	if back := chartValues(t, "compiled", "values-plugin.yaml"); !reflect.DeepEqual(back, plugin) {
		t.Errorf("values-plugin.yaml and kubernetes/values.yaml differ:\n%+v\n%+v", back, plugin)
	}
	v := chartValues(t, "compiled", "values-compiled.yaml")
	if v.VersionOverride != pinned(t) || !strings.HasPrefix(v.Image.Tag, pinned(t)+"-") || !v.Experimental.AbortOnPluginFailure {
		t.Errorf("another Traefik than the tested one, or one that goes on without the plugin: %+v", v)
	}
	if len(v.Experimental.LocalPlugins) != 0 {
		t.Error("the chart would mount a volume over the plugin's manifest")
	}
	if v.API.Dashboard == nil || *v.API.Dashboard {
		t.Error("the chart would ask for a web page that the image does not have")
	}
	if !reflect.DeepEqual(v.Volumes, plugin.Volumes) {
		t.Errorf("the secrets are mounted otherwise than for the plugin: %+v", v.Volumes)
	}
}

func TestCompiledKubernetes(t *testing.T) {
	v := chartValues(t, "compiled", "values-compiled.yaml")
	startRelease(t, compiled(t), v, kubernetesObjects(t, stripeSecret), githubSecret+"\n", "418").guarded(t)
}
