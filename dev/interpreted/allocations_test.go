package interpreted

import (
	"fmt"
	"net/http"
	"runtime"
	"testing"
)

// TestAllocations bounds what a delivery of GitHub's allocates, interpreted, which is most of
// what it costs there. A call that is new on the way of each request takes ten to fifty. Where
// one is worth that, raise the bound, and say in the commit what for.
func TestAllocations(t *testing.T) {
	build := load(t)
	github := deliveries(t)[1]
	limit := map[string]any{"average": "100000", "period": "1s", "burst": "1000000"}
	for _, c := range []struct {
		name    string
		options map[string]any
		most    uint64
	}{
		{"none", nil, 450},
		{"limit", map[string]any{"rateLimit": limit}, 520},
		{"both", map[string]any{"rateLimit": limit, "replay": "true"}, 610},
		{"delivery", map[string]any{"replay": "true", "stateDirectory": t.TempDir(), "delivery": "true"}, 990},
	} {
		options := map[string]any{"provider": "github", "secrets": github.options["secrets"]}
		for name, value := range c.options {
			options[name] = value
		}
		handler := build(http.HandlerFunc(accept), options)
		// What happens beside the deliveries counts as well: the cheapest of many is what one costs.
		least := uint64(1 << 62)
		for i := range 300 {
			body := fmt.Sprintf("%01024d", i)
			header := github.header.Clone()
			header["X-Hub-Signature-256"] = []string{githubSignature(options["secrets"].([]any)[0].(string), body)}
			least = min(least, allocations(func() { pass(t, handler, github.url, header, []byte(body)) }))
		}
		t.Logf("%s: %d", c.name, least)
		if least > c.most {
			t.Errorf("%s: a delivery takes %d allocations, at most %d are known to be needed", c.name, least, c.most)
		}
	}
}

// allocations returns how many there were while f ran.
func allocations(f func()) uint64 {
	before, after := runtime.MemStats{}, runtime.MemStats{}
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
