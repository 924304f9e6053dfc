package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// Every file of the catalogue is as it must be.
func TestCatalogue(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readCatalogue(root)
	if err != nil {
		t.Error(err)
	}
	if len(rows) < 144 {
		t.Errorf("only %d providers", len(rows))
	}
}

const goodProvider = `name: Acme
source: its documentation
confidence: official
options:
  signature: {header: X-Acme}
`

// What a contributor may get wrong is said in the words of the file.
func TestMistakesInTheCatalogue(t *testing.T) {
	for _, c := range []struct{ file, old, new, want string }{
		{"acme.yaml", "", "", ""},
		{"acme.yaml", "name: Acme", "nmae: Acme", "catalogue/acme.yaml: yaml: unmarshal errors:\n  line 1: field nmae not found"},
		{"acme.yaml", "name: Acme\n", "", "catalogue/acme.yaml: name: is missing"},
		{"acme.yaml", "source: its documentation\n", "", "catalogue/acme.yaml: source: is missing"},
		{"acme.yaml", "official", "certain", `confidence: "certain" is none of official, vector, secondary`},
		{"acme.yaml", "confidence: official\n", "", `confidence: "" is none of`},
		{"acme.yaml", "header", "haeder", "options.signature.haeder: is not an option, did you mean header?"},
		{"acme.yaml", "{header: X-Acme}", "{header: X-Acme, idHeader: ''}", "options.signature.idHeader: is empty"},
		{"acme.yaml", "signature: {header: X-Acme}", "maxBodyBytes: 5", "options: must describe one of signature, token, jwt, messageSignature"},
		{"acme.yaml", "signature:", "token: {bearer: true}\n  signature:", "options: must describe one of signature, token, jwt, messageSignature"},
		{"acme.yaml", "signature:", "provider: github\n  signature:", "options.provider: is the name of the file"},
		{"acme.yaml", "options:", "vectors: testdata/vectors/acme\noptions:", "vectors: there is nothing in testdata/vectors/acme"},
		{"acme.yaml", "options:", "like: github\noptions:", "like: there is no catalogue/github.yaml"},
		{"acme.yaml", "options:", "like: acme\noptions:", "like: acme is itself like acme; name that"},
		{"acme.yaml", "options:", "ranges: {pth: a}\noptions:", "ranges.pth: is not an option"},
		{"acme.yaml", "options:", "ranges: {path: a}\noptions:", "ranges.url: is missing"},
		{"Acme.yaml", "", "", `"Acme" is not a slug`},
		{"acme.yml", "", "", "catalogue/acme.yml: is not named SLUG.yaml"},
	} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "catalogue"), 0o755); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(goodProvider, c.old, c.new, 1)
		if err := os.WriteFile(filepath.Join(root, "catalogue", c.file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := readCatalogue(root)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s:\n%s\n got %v\nwant %s", c.file, text, err, c.want)
		}
	}
}

// A row that is like another has its options, without its further forms, under its own.
func TestLike(t *testing.T) {
	family := map[string]any{"tolerance": "1m", "signature": map[string]any{"header": "X-A", "format": "{hex}", "alternatives": []any{map[string]any{"format": "v2={hex}"}}}}
	files := map[string]provider{"family": {Options: family}}
	p := provider{Name: "n", Source: "s", Confidence: "vector", Like: "family", Options: map[string]any{"signature": map[string]any{"header": "X-B"}}}
	r, err := p.row("child", files, "")
	if err != nil {
		t.Fatal(err)
	}
	s := r.options.Signature
	if s.Header[0] != "X-B" || s.Format != "{hex}" || s.Alternatives != nil || r.options.Tolerance.String() != "1m0s" {
		t.Errorf("%+v %+v", r.options, s)
	}
	if len(family["signature"].(map[string]any)) != 3 || family["signature"].(map[string]any)["header"] != "X-A" {
		t.Errorf("the family has changed: %v", family)
	}
}

// What is generated is as the comments and the catalogue have it.
func TestUpToDate(t *testing.T) {
	if err := run(true); err != nil {
		t.Error(err)
	}
}
