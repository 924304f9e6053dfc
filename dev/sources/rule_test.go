package sources

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	muxer "github.com/traefik/traefik/v3/pkg/muxer/http"
)

// A router's rule is a mistake to `hookward check` if Traefik can't use it, and only
// then.
func TestRouterRules(t *testing.T) {
	syntax, err := muxer.NewSyntaxParser()
	if err != nil {
		t.Fatal(err)
	}
	command := build(t, "./cmd/hookward")
	good, bad := 0, 0
	for _, rule := range []string{
		"Host(`a`)", "HOST(`a`)", "host(`a`)", "Pathprefix(`/a`)", "PathPrefix(`/a`)", "pathPrefix(`/a`)", "PATHPREFIX(`/`)", "Clientip(`::1`)", "HOst(`a`)",
		"Host(`a`) && (Path(`/a`) || !Method(`GET`))", "!Host(`a`)", "!!Host(`a`)", "-Host(`a`)", "(Host(`a`))", "((Host(`a`))", "Host(`a`))", "Host((`a`))",
		"Host(`a`) & Host(`b`)", "Host(`a`) | Host(`b`)", "Host(`a`) == Host(`b`)", "Host(`a`) and Host(`b`)", "Host(`a`) &&", "&& Host(`a`)", "Host(`a`), Host(`b`)",
		"Host(`a`,`b`)", "Host(`a`,)", "Host()", "Host(a)", "Host(\"a\")", "Host('a')", "Host(\"a\\\"b\")", "Host(`a)", "Host(1)", "Host(``)", "Host", "`a`", "1", "", " ",
		"Host(`ä`)", "HostRegexp(`ä`)", "HostRegexp(`^(a`)", "HostRegexp(`{sub:[a-z]+}.a`)", "Path(`a`)", "Path(`/ä`)", "PathPrefix(``)", "PathRegexp(`(?i)^/a`)", "PathRegexp(`[`)",
		"Header(`A`)", "Header(`A`,`b`)", "Headers(`A`,`b`)", "HeaderRegexp(`(`,`b`)", "HeaderRegexp(`A`,`(`)", "Query(`a`)", "Query(`a`,``)", "Query(`a`,`b`)", "Query(`a`,`b`,`c`)", "QueryRegexp(`(`)", "QueryRegexp(`a`,`(`)",
		"ClientIP(`10.0.0.0/8`)", "ClientIP(`10.0.0.1`)", "ClientIP(`10.0.0`)", "ClientIP(`::1/64`)", "ClientIP(`10.0.0.1`,`10.0.0.2`)", "HostSNI(`a`)", "Hots(`a`)", "a.Host(`a`)", "Host(`a`)(`b`)", "Host(`a`)[0]", "Host(`a`...)", "func() {}", "Host(`a`) // b", "Host(`a`)\n&& Path(`/b`)", "Host(`a`) &&\nPath(`/b`)",
	} {
		err := muxer.NewMuxer(syntax).AddRoute(rule, "", 0, http.NotFoundHandler())
		b, err2 := json.Marshal(map[string]any{"http": map[string]any{"routers": map[string]any{"a": map[string]any{"rule": rule, "service": "noop@internal"}}}})
		if err2 != nil {
			t.Fatal(err2)
		}
		path := filepath.Join(t.TempDir(), "a.yml")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, f := range check(t, command, path) {
			if f.Rule == "router-rule" {
				said += f.Message
			}
		}
		if (err == nil) != (said == "") {
			t.Errorf("%q: Traefik says %v, check says %q", rule, err, said)
		}
		if err == nil {
			good++
		} else {
			bad++
		}
	}
	if good < 20 || bad < 30 {
		t.Errorf("%d rules were good, %d bad: too few of either to tell", good, bad)
	}
}
