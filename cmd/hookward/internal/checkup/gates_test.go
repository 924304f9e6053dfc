package checkup

import (
	"path/filepath"
	"strings"
	"testing"
)

// Of whatever is checked, the gates are those that are counted; those of good
// configurations have options.
func TestGates(t *testing.T) {
	directories, err := filepath.Glob(filepath.Join("testdata", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files, all := 0, 0
	for _, directory := range directories {
		if filepath.Ext(directory) == ".txt" {
			continue
		}
		files++
		report := Run([]string{directory}, nil, Options{})
		gates, findings := Gates([]string{directory}, nil, Options{})
		all += len(gates)
		if len(gates) != report.Sections {
			t.Errorf("%s: %d gates, of %d sections", directory, len(gates), report.Sections)
		}
		known := map[string]bool{}
		for _, f := range report.Findings {
			known[f.Rule+f.Message] = true
		}
		for _, f := range findings {
			if !known[f.Rule+f.Message] {
				t.Errorf("%s: says %+v, and check does not", directory, f)
			}
		}
		for _, g := range gates {
			if (g.Options == nil) != (g.Refused != nil) || g.Refused != nil && filepath.Base(directory) == "cured" {
				t.Errorf("%s: %+v", directory, g)
			}
			if g.Refused != nil && !hasError(report, g.Refused.Rule) {
				t.Errorf("%s: refuses what check does not: %+v", directory, g.Refused)
			}
		}
	}
	if files < 50 || all < files {
		t.Errorf("%d gates in %d directories", all, files)
	}
}

func hasError(report Report, rule string) bool {
	for _, f := range report.Findings {
		if f.Rule == rule && f.Severity == "error" {
			return true
		}
	}
	return false
}

func TestGateNames(t *testing.T) {
	manifest := `{"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "a-b", "namespace": "web"}, "spec": {"plugin": {"hookward": {"secrets": "urn:k8s:secret:x:y"}}}}`
	for _, c := range []struct{ text, names, others string }{
		{smallest, "hooks hooks@file", "hooks@docker hook @file file"},
		{strings.Replace(smallest, "hooks:", "-hooks:", 1), "-hooks -hooks@file", "hooks"},
		{manifest, "a-b web-a-b web-a-b@kubernetescrd", "a-b@kubernetescrd a-b@file b web"},
	} {
		gates, findings := Gates([]string{"-"}, strings.NewReader(c.text), Options{})
		if len(gates) != 1 || len(findings) != 0 {
			t.Fatalf("%+v %+v", gates, findings)
		}
		g := gates[0]
		for _, name := range strings.Fields(c.names) {
			if !g.IsNamed(name) {
				t.Errorf("%s is not %s", g.Key, name)
			}
		}
		for _, name := range append(strings.Fields(c.others), "") {
			if g.IsNamed(name) {
				t.Errorf("%s is %q", g.Key, name)
			}
		}
		if got, want := g.IsResolved("urn:k8s:secret:x:y"), c.text == manifest; got != want || g.IsResolved("env:A") {
			t.Errorf("%s: resolved %t", g.Key, got)
		}
	}
}
