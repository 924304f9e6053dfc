package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

const goodGate = `http:
  middlewares:
    hooks:
      plugin:
        hookward:
          provider: github
          secrets: ["env:SECRET"]
`

// checkFiles returns a directory with files to check.
func checkFiles(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	files := map[string]string{
		"good.yml":    goodGate,
		"clear.yml":   strings.Replace(goodGate, "env:SECRET", "a secret that stands in clear here", 1),
		"wrong.yml":   strings.Replace(goodGate, "github", "githb", 1),
		"alias.yml":   strings.Replace(goodGate, "hookward:", "hookwrad:", 1),
		"other.yml":   "http: {middlewares: {a: {headers: {frameDeny: true}}}}\n",
		"foreign.yml": "name: build\n",
		"broken.yml":  "http:\n  a: [\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"none", "real"} {
		if err := os.Mkdir(filepath.Join(directory, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(directory, "real", "good.yaml"), []byte(goodGate), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(directory, "link")); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestCheck(t *testing.T) {
	directory := checkFiles(t)
	tests := []struct {
		arguments      string
		status         int
		stdout, stderr string // a part of each
	}{
		{"good.yml", exitGood, "hookward sections: 1, in 1 file; errors: 0, warnings: 0, infos: 1\n", ""},
		{"good.yml --strict", exitGood, "", ""},
		{"clear.yml", exitGood, "clear.yml:7:21: warning: http.middlewares.hooks.plugin.hookward.secrets[0]: is written in clear", ""},
		{"--strict clear.yml", exitBroken, "[secret-in-clear]", ""},
		{"good.yml wrong.yml", exitBroken, "wrong.yml:6:11: error: http.middlewares.hooks.plugin.hookward.provider: ", ""},
		{"alias.yml", exitBroken, "[plugin-name]", ""},
		{"--plugin hookwrad alias.yml", exitGood, "", ""},
		{"--env good.yml", exitBroken, "environment variable SECRET is not set", ""},
		{"other.yml", exitUsage, "hookward sections: 0", "there is no hookward middleware"},
		{"foreign.yml", exitUsage, "", "no configuration of Traefik"},
		{"broken.yml", exitUsage, "broken.yml:2: error: ", "no configuration of Traefik"},
		{"good.yml broken.yml", exitBroken, "broken.yml:2: error: ", ""},
		{"missing.yml", exitUsage, "missing.yml: error: can't be read: no such file or directory [unreadable]", "no configuration of Traefik"},
		{"good.yml missing.yml", exitUsage, "missing.yml: error: can't be read", "not everything could be looked at"},
		{"good.yml none", exitUsage, "none: error: can't be read: it has no YAML or TOML files [unreadable]", "not everything could be looked at"},
		{"none", exitUsage, "it has no YAML or TOML files", "no configuration of Traefik"},
		{"link", exitGood, "hookward sections: 1, in 1 file; ", ""},
		{"link/", exitGood, "hookward sections: 1, in 1 file; ", ""},
		{"-q good.yml", exitGood, "hookward sections: 1, in 1 file; errors: 0, warnings: 0, infos: 0\n", ""},
		{"-q clear.yml", exitGood, "warnings: 1", ""},
		{"--format github clear.yml", exitGood, "::warning file=clear.yml,line=7,col=21,title=hookward%3A secret-in-clear::http.middlewares.hooks.plugin.hookward.secrets[0]: is written in clear", ""},
		{"--format github good.yml", exitGood, "::notice file=good.yml,line=7,col=21,title=hookward%3A reference::", ""},
		{"--format github none", exitUsage, "::error file=none,title=hookward%3A unreadable::can't be read", "no configuration of Traefik"},
		{"--format sarif wrong.yml", exitBroken, `"level": "error"`, ""},
		{"--format sarif good.yml", exitGood, `"startLine": 7`, ""},
		{"--format xml good.yml", exitUsage, "", `--format: "xml" is not known; allowed: text, json, github, sarif`},
		{"", exitUsage, "", "name a file"},
		{"--nonsense good.yml", exitUsage, "", "--nonsense"},
	}
	inDirectory(t, directory)
	for _, test := range tests {
		stdout, stderr := strings.Builder{}, strings.Builder{}
		status := run(append([]string{"check"}, strings.Fields(test.arguments)...), streams{strings.NewReader(""), &stdout, &stderr})
		if status != test.status || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) || test.stderr == "" && stderr.Len() > 0 {
			t.Errorf("check %s: status %d, want %d\n%s%s", test.arguments, status, test.status, stdout.String(), stderr.String())
		}
		if strings.Contains(stdout.String(), "stands in clear here") {
			t.Errorf("check %s prints a secret", test.arguments)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	for _, test := range []struct {
		text  string
		rules string
	}{
		{strings.Replace(goodGate, "github", "githb", 1), "unknown-provider reference"},
		{strings.Replace(goodGate, `secrets: ["env:SECRET"]`, `token: {bearer: true}`, 1), "option"},
		{"name: build\n", ""},
	} {
		stdout, stderr := strings.Builder{}, strings.Builder{}
		run([]string{"check", "--json", "-"}, streams{strings.NewReader(test.text), &stdout, &stderr})
		findings := []finding.Finding{}
		if err := json.Unmarshal([]byte(stdout.String()), &findings); err != nil || findings == nil {
			t.Fatalf("%v\n%s", err, stdout.String())
		}
		rules := []string{}
		for _, f := range findings {
			rules = append(rules, f.Rule)
			if f.File != "-" || f.Line < 1 || f.Column < 1 || f.Path == "" || f.Message == "" {
				t.Errorf("not a whole finding: %+v", f)
			}
		}
		if got := strings.Join(rules, " "); got != test.rules {
			t.Errorf("%s: %s, want %s", test.text, got, test.rules)
		}
	}
}

// What a file says may not look like something else on a terminal.
func TestCheckPrintsPlainText(t *testing.T) {
	stdout, stderr := strings.Builder{}, strings.Builder{}
	text := "http: {middlewares: {\"a\\e[2Jb\\nc\": {plugin: {hookward: {\"x\\e[31m\\u2028\": 1}}}}}\n"
	run([]string{"check", "-"}, streams{strings.NewReader(text), &stdout, &stderr})
	if strings.ContainsAny(stdout.String(), "\x1b\u2028") || strings.Count(stdout.String(), "\n") > 3 {
		t.Errorf("printed %q", stdout.String())
	}
}

// SARIF is read by programs that take nothing that is not whole.
func TestCheckSARIF(t *testing.T) {
	stdout, stderr := strings.Builder{}, strings.Builder{}
	run([]string{"check", "--format", "sarif", "-"}, streams{strings.NewReader(strings.Replace(goodGate, "github", "githb", 1)), &stdout, &stderr})
	log := sarifLog{}
	if err := json.Unmarshal([]byte(stdout.String()), &log); err != nil || log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("%v\n%s", err, stdout.String())
	}
	r := log.Runs[0]
	if len(r.Results) != 2 || len(r.Tool.Driver.Rules) != 2 || r.Results[0].RuleID != "unknown-provider" || r.Results[0].Level != "error" || r.Results[1].Level != "note" {
		t.Errorf("%+v", r)
	}
	if place := r.Results[0].Locations[0].Physical; place.Artifact.URI != "-" || place.Region.Line != 6 || place.Region.Column != 11 {
		t.Errorf("%+v", place)
	}
}
