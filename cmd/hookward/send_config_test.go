package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a gate's own file says of the scheme need not be said again.
func TestSendConfig(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	scheme := `{"signature": {"header": "X-Sig", "signs": "a\n{timestamp}\n{body}", "timestampHeader": "X-Time"}, "secrets": ["env:SEND_SECRET"]`
	g := guard(t, scheme+`}`)
	file := filepath.Join(t.TempDir(), "dynamic.yml")
	gates := `{http: {middlewares: {own: {plugin: {hookward: ` + scheme + `, rateLimit: {average: 1}}}}, other: {plugin: {hookward: {provider: github, secrets: ["env:NOT_HERE"]}}}}}}`
	if err := os.WriteFile(file, []byte(gates), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments string
		status    int
		stderr    string
	}{
		{"--config FILE --middleware own", exitGood, ""},
		{"--config FILE --middleware own@file -H X-More:1 -X POST -d body", exitGood, ""},
		{"--config FILE --middleware own --tamper body", exitBroken, ""},
		{"--config FILE --middleware other", exitUsage, "NOT_HERE is not set"},
		{"--config FILE --middleware other --secret env:SEND_SECRET", exitBroken, ""},
		{"--config FILE", exitUsage, "say with --middleware which one is meant: other@file, own@file"},
		{`--secret env:SEND_SECRET --set signature.header=X-Sig --set signature.timestampHeader=X-Time --set signature.signs=a\n{timestamp}\n{body}`, exitGood, ""},
	} {
		arguments := append([]string{"send"}, strings.Fields(strings.ReplaceAll(c.arguments, "FILE", file))...)
		status, stdout, stderr := hookward(append(arguments, g.URL)...)
		if status != c.status || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%s: %d\n%s%s", c.arguments, status, stdout, stderr)
		}
	}
	passed, _ := g.take()
	if len(passed) != 3 || passed[1].Header.Get("X-More") != "1" {
		t.Errorf("%d have passed", len(passed))
	}
}
