package checkup

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// What a variable has is not shown, whatever a template makes of it, and wherever it
// comes to stand.
func TestVariablesAreNotShown(t *testing.T) {
	const value = "Topsecret-value0"
	t.Setenv("HOOKWARD_TEST_LEAK", value)
	t.Setenv("HOOKWARD_TEST_SIGNS", "*anchored-"+value+": [x")
	t.Setenv("HOOKWARD_TEST_LINES", "first-line: 1\n\t"+value)
	t.Setenv("HOOKWARD_TEST_SHORT", "zq")
	gate := func(options string) string {
		return "http: {middlewares: {m: {plugin: {hookward: {" + options + "}}}}}\n"
	}
	env := "{{ env `HOOKWARD_TEST_LEAK` }}"
	for name, text := range map[string]string{
		"option":    gate("provider: '" + env + "', secrets: ['env:S']"),
		"secret":    gate("provider: svix, secrets: ['" + env + "']"),
		"option's":  gate("provider: github, secrets: ['env:S'], " + env + ": 1"),
		"key":       "http: {middlewares: {'" + env + "': {plugin: {hookward: {provider: githb}}}}}\n",
		"router":    "http: {routers: {'" + env + "': {rule: Host(, service: x, middlewares: ['" + env + "']}}, middlewares: {m: {plugin: {hookward: {}}}}}\n",
		"upper":     gate("provider: '{{ env `HOOKWARD_TEST_LEAK` | upper }}'"),
		"reshaped":  gate("provider: '{{ env `HOOKWARD_TEST_LEAK` | replace `ecret` `abcdef` | lower }}'"),
		"quoted":    gate("provider: {{ env `HOOKWARD_TEST_LEAK` | quote }}"),
		"split":     gate("provider: '{{ index (split (env `HOOKWARD_TEST_LEAK`) `-`) 1 }}'"),
		"expanded":  gate("provider: '{{ expandenv `a$HOOKWARD_TEST_LEAK` }}'"),
		"signs":     gate("provider: {{ env `HOOKWARD_TEST_SIGNS` }}"),
		"lines":     gate("provider: {{ env `HOOKWARD_TEST_LINES` }}"),
		"twice":     "http:\n  middlewares:\n    " + env + ": {}\n    " + env + ": {}\n",
		"short":     gate("provider: '{{ env `HOOKWARD_TEST_SHORT` }}'"),
		"compose":   "services: {a: {labels: ['traefik.http.middlewares.m.plugin.hookward.provider=${HOOKWARD_TEST_LEAK}']}}\n",
		"compose's": "services: {a: {labels: ['traefik.http.middlewares.$HOOKWARD_TEST_LEAK.plugin.hookward.=x']}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, filepath.Join(t.TempDir(), "a.yml"), text)
			report := Run([]string{file}, nil, Options{Environment: true})
			gates, findings := Gates([]string{file}, nil, Options{Environment: true})
			shown := []any{report, findings}
			for _, g := range gates {
				shown = append(shown, g.Key, g.Name, g.Refused)
			}
			all, err := json.Marshal(shown)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"opsecret", "opsabcdef", "value0", "anchored", "zq"} {
				if strings.Contains(strings.ToLower(strings.ReplaceAll(string(all), file, "")), secret) {
					t.Errorf("%s is shown: %s", secret, all)
				}
			}
			if len(report.Findings) == 0 {
				t.Error("nothing is said")
			}
		})
	}
}

// A gate is found by the name that it has, and by the one that is shown.
func TestHiddenGate(t *testing.T) {
	t.Setenv("HOOKWARD_TEST_LEAK", "topsecretvalue")
	gates, _ := Gates([]string{"-"}, strings.NewReader(strings.Replace(smallest, "hooks:", "'{{ env `HOOKWARD_TEST_LEAK` }}':", 1)), Options{Environment: true})
	if len(gates) != 1 || gates[0].Key != "$HOOKWARD_TEST_LEAK@file" || !gates[0].IsNamed("topsecretvalue") || !gates[0].IsNamed("topsecretvalue@file") || !gates[0].IsNamed("$HOOKWARD_TEST_LEAK") {
		t.Fatalf("found %+v", gates)
	}
	if got := gates[0].Hide("provider: \"topsecretvalue\" is unknown"); got != "provider: \"$HOOKWARD_TEST_LEAK\" is unknown" {
		t.Error(got)
	}
}
