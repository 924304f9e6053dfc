package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const gateTOML = `
[http.middlewares.toml.plugin.hookward]
provider = "github"
secrets = ["env:{{ env "VERIFY_VARIABLE" }}"]
`

const gateCompose = `
services:
  shop:
    labels:
      traefik.http.middlewares.gh.plugin.hookward.provider: github
      traefik.http.middlewares.gh.plugin.hookward.secrets: env:${VERIFY_VARIABLE}
      traefik.http.middlewares.gh.plugin.hookward.maxBodyBytes: "5"
  swarm:
    deploy:
      labels: ["traefik.http.middlewares.sw.plugin.hookward.Provider=github", "traefik.http.middlewares.sw.plugin.hookward.secrets[0]=env:VERIFY_SECRET"]
  broken:
    labels: ["traefik.http.middlewares.br..plugin.hookward.provider=github"]
`

const gateManifests = `
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: gh, namespace: web}
spec: {plugin: {hookward: {provider: github, maxBodyBytes: 100, secrets: ["urn:k8s:secret:hooks:github"]}}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: fixed}
spec: {plugin: {hookward: {provider: github, secrets: ["env:VERIFY_SECRET"]}}}
`

func fileGate(name, alias, options string) string {
	return "http:\n  middlewares:\n    " + name + ":\n      plugin:\n        " + alias + ": {" + options + "}\n"
}

// Words of a test's command have | between them.
func TestVerifySources(t *testing.T) {
	t.Setenv("VERIFY_LEAK", "topsecretvalue")
	const github = `provider: github, secrets: ["env:VERIFY_SECRET"]`
	t.Setenv("VERIFY_SECRET", verifySecret)
	t.Setenv("VERIFY_VARIABLE", "VERIFY_SECRET")
	files := map[string]string{
		"good":                verifyRaw,
		"a.toml":              gateTOML,
		"compose.yaml":        gateCompose,
		"manifests.yaml":      gateManifests,
		"static/traefik.yml":  "experimental: {plugins: {renamed: {moduleName: github.com/hookward/hookward, version: v1.0.0}}}\n",
		"static/a.yml":        fileGate("gh", "renamed", github),
		"static/b.yml":        fileGate("other", "hookward", github),
		"many/a.yml":          fileGate("one", "hookward", github),
		"many/b.yml":          fileGate("two", "hookward", github),
		"many/c.yaml":         "services: {shop: {labels: [traefik.http.middlewares.two.plugin.hookward.provider=github]}}\n",
		"many/broken.yml":     "http:\n  middlewares: [\n",
		"twice/a.yml":         fileGate("gh", "hookward", github),
		"twice/b.yml":         fileGate("gh", "hookward", github+", maxBodyBytes: 5"),
		"differ.yml":          "services: {a: {labels: [traefik.http.middlewares.gh.plugin.hookward.provider=github]}, b: {labels: [traefik.http.middlewares.gh.plugin.hookward.provider=gitlab]}}\n",
		"same.yml":            "services: {a: {labels: &l [traefik.http.middlewares.gh.plugin.hookward.provider=github, \"traefik.http.middlewares.gh.plugin.hookward.secrets=env:VERIFY_SECRET\"]}, b: {labels: *l}}\n",
		"date.yml":            fileGate("gh", "hookward", github) + "    other: {headers: {customRequestHeaders: {X-Day: 2026-01-02}}}\n",
		"null.yml":            "http: {middlewares: {gh: {plugin: {hookward: }}}}\n",
		"two.yml":             "http: {middlewares: {gh: {plugin: {hookward: {" + github + "}, another: {a: b}}}}}\n",
		"function.yml":        fileGate("gh", "hookward", github) + "# {{ bcrypt \"x\" }}\n",
		"missing-secret.yml":  fileGate("gh", "hookward", `provider: github, secrets: ["env:NOT_HERE"]`),
		"escape\x1b[2J.yml":   fileGate(`"a\e[2Jb"`, "hookward", github) + fileGate("x", "hookward", github)[len("http:\n  middlewares:\n"):],
		"unset.yml":           fileGate("gh", "hookward", `provider: github, secrets: ['{{ env "NOT_HERE" }}']`),
		"leak.yml":            fileGate("gh", "hookward", `provider: '{{ env "VERIFY_LEAK" }}', secrets: ["env:VERIFY_SECRET"]`),
		"mistake.yml":         fileGate("gh", "hookward", github+", toleranse: 5m"),
		"near.yml":            fileGate("gh", "hookwrad", github),
		"odd/a.yml":           fileGate("gh", "hookward", github),
		"odd/b\x1b[2J.yml":    fileGate("other", "another", "day: 2026-01-02"),
		"empty-directory/.gi": "",
	}
	directory := t.TempDir()
	for name, text := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inDirectory(t, directory)
	for _, c := range []struct {
		words          string
		status         int
		stdout, stderr string
	}{
		{"--config|a.toml", exitGood, "PASSES", ""},
		{"--config|a.toml|--middleware|toml@file", exitGood, "PASSES", ""},
		{"--config|compose.yaml|--middleware|gh", exitBroken, "body_too_large", ""},
		{"--config|compose.yaml|--middleware|gh@docker|--set|MaxBodyBytes=50", exitGood, "PASSES", ""},
		{"--config|compose.yaml|--middleware|sw@swarm", exitGood, "note: compose.yaml:12:14: ", ""},
		{"--config|compose.yaml|--middleware|sw@docker", exitUsage, "", `no middleware "sw@docker" of this plugin; there are: gh@docker, sw@swarm; compose.yaml:12:14: `},
		{"--config|manifests.yaml|--middleware|fixed", exitGood, "PASSES", ""},
		{"--config|manifests.yaml|--middleware|default-fixed", exitGood, "PASSES", ""},
		{"--config|manifests.yaml|--middleware|default-fixed@kubernetescrd", exitGood, "PASSES", ""},
		{"--config|manifests.yaml|--middleware|gh", exitUsage, "", "--config: secrets[0]: is resolved by Traefik, out of a secret of Kubernetes"},
		{"--config|manifests.yaml|--middleware|web-gh|--secret|env:VERIFY_SECRET", exitGood, "13 bytes, of at most 100", ""},
		{"--config|manifests.yaml|--middleware|gh@kubernetescrd", exitUsage, "", "there are: default-fixed@kubernetescrd, web-gh@kubernetescrd"},
		{"--config|static", exitGood, "PASSES", ""},
		{"--config|static/traefik.yml|--config|static/a.yml", exitGood, "PASSES", ""},
		{"--config|static/a.yml", exitUsage, "", "there is no hookward middleware"},
		{"--config|static/a.yml|--plugin|renamed", exitGood, "PASSES", ""},
		{"--config|static|--plugin|hookward", exitGood, "PASSES", ""},
		{"--config|static|--middleware|other", exitUsage, "", `no middleware "other"`},
		{"--config|many", exitUsage, "", "which one is meant: one@file, two@docker, two@file"},
		{"--config|many|--middleware|one", exitGood, "note: many/broken.yml:2: ", ""},
		{"--config|many|--middleware|two", exitUsage, "", "which one is meant: two@docker, two@file"},
		{"--config|many|--middleware|two@file", exitGood, "PASSES", ""},
		{"--config|many|--middleware|three", exitUsage, "", "there are: one@file, two@docker, two@file; many/broken.yml:2: "},
		{"--config|many/broken.yml", exitUsage, "", "--config: many/broken.yml:2: "},
		{"--config|twice", exitGood, "note: gh@file is defined in twice/b.yml as well", ""},
		{"--config|differ.yml", exitUsage, "", "Traefik takes none of them"},
		{"--config|same.yml", exitGood, "PASSES", ""},
		{"--config|date.yml", exitUsage, "", "date.yml:6:46: http.middlewares.other.headers.customRequestHeaders.X-Day: is a date"},
		{"--config|null.yml", exitUsage, "", "null.yml:1:36: http.middlewares.gh.plugin.hookward: has no value: Traefik takes nothing of this file"},
		{"--config|two.yml", exitUsage, "", "a middleware has one plugin"},
		{"--config|function.yml", exitUsage, "", "the function bcrypt of Traefik's templates is not known here"},
		{"--config|missing-secret.yml", exitUsage, "export it, or name another reference with --secret", ""},
		{"--config|missing-secret.yml|--set|Secrets[0]=env:VERIFY_SECRET", exitGood, "PASSES", ""},
		{"--config|missing-secret.yml|--set|secrets[]=env:VERIFY_SECRET", exitUsage, "NOT_HERE is not set", ""},
		{"--config|escape\x1b[2J.yml", exitUsage, "", "which one is meant: a\ufffd[2Jb@file, x@file"},
		{"--config|unset.yml", exitUsage, "hint: what a template or Compose puts in is read here", ""},
		{"--config|odd", exitGood, "note: odd/b\ufffd[2J.yml:5:19: http.middlewares.other.plugin.another.day: is a date", ""},
		{"--config|leak.yml", exitUsage, `"$VERIFY_LEAK" is not in the catalogue`, ""},
		{"--config|mistake.yml", exitUsage, "did you mean tolerance?", ""},
		{"--config|near.yml", exitUsage, "", "'hookward check FILE' says why"},
		{"--config|empty-directory", exitUsage, "", "it has no YAML or TOML files"},
		{"--config|missing.yml", exitUsage, "", "missing.yml: can't be read: no such file or directory"},
		{"--config|-|--config|-", exitUsage, "", "stdin can be read once"},
		{"--provider|github|--plugin|x", exitUsage, "", "--plugin: belongs to --config"},
	} {
		status, stdout, stderr := hookward(append([]string{"verify", "--request", "good"}, strings.Split(c.words, "|")...)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || (c.stdout == "") != (stdout == "") || (c.stderr == "") != (stderr == "") {
			t.Errorf("%s: %d\n%s\n%s\nwant %d, %q, %q", c.words, status, stdout, stderr, c.status, c.stdout, c.stderr)
		}
		if strings.Contains(stdout+stderr, verifySecret) || strings.Contains(stdout+stderr, "\x1b") {
			t.Errorf("%s: prints what it should not: %q", c.words, stdout+stderr)
		}
	}
}

// A configuration may come from stdin, and has a line there, too.
func TestVerifyConfigStdin(t *testing.T) {
	t.Setenv("VERIFY_SECRET", verifySecret)
	verifyFiles(t, map[string]string{"good": verifyRaw})
	for text, want := range map[string]string{
		fileGate("gh", "hookward", `provider: github, secrets: ["env:VERIFY_SECRET"]`): "PASSES",
		gateManifests:   "which one is meant: default-fixed@kubernetescrd, web-gh@kubernetescrd",
		"http:\n  a: [": "--config: -:2: ",
	} {
		stdout, stderr := strings.Builder{}, strings.Builder{}
		run([]string{"verify", "--config", "-", "--request", "good"}, streams{strings.NewReader(text), &stdout, &stderr})
		if !strings.Contains(stdout.String()+stderr.String(), want) {
			t.Errorf("%s: %s%s, want %q", text, stdout.String(), stderr.String(), want)
		}
	}
}
