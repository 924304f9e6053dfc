package interpreted

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/gateway"
)

// TestAllocations bounds what a delivery of GitHub's allocates: interpreted, that is most of
// what it costs, and a call that is new on the way of each request takes ten to fifty. Where
// one is worth that, raise the bound, and say in the commit what for.
func TestAllocations(t *testing.T) {
	builds := map[string]func(http.Handler, map[string]any) http.Handler{"interpreted": load(t), "compiled": buildCompiled(t, "allocations")}
	github := deliveries(t)[1]
	limit := map[string]any{"average": "100000", "period": "1s", "burst": "1000000"}
	for _, c := range []struct {
		name    string
		options map[string]any
		most    map[string]uint64
	}{
		{"none", nil, map[string]uint64{"interpreted": 385, "compiled": 32}},
		{"limit", map[string]any{"rateLimit": limit}, map[string]uint64{"interpreted": 440, "compiled": 33}},
		{"both", map[string]any{"rateLimit": limit, "replay": "true"}, map[string]uint64{"interpreted": 520, "compiled": 37}},
		{"delivery", map[string]any{"replay": "true", "delivery": "true"}, map[string]uint64{"interpreted": 970, "compiled": 58}},
	} {
		for form, build := range builds {
			options := map[string]any{"provider": "github", "secrets": github.options["secrets"]}
			if c.name == "delivery" {
				options["stateDirectory"] = t.TempDir()
			}
			for name, value := range c.options {
				options[name] = value
			}
			handler := build(http.HandlerFunc(accept), options)
			// What happens beside the deliveries counts as well: the cheapest of many is what one costs.
			least := uint64(1 << 62)
			for i := range 300 {
				body := fmt.Sprintf("%-12s%01012d", c.name, i) // a new delivery: the gates have one name
				header := github.header.Clone()
				header["X-Hub-Signature-256"] = []string{githubSignature(options["secrets"].([]any)[0].(string), body)}
				least = min(least, allocations(func() { pass(t, handler, github.url, header, []byte(body)) }))
			}
			t.Logf("%s, %s: %d", c.name, form, least)
			if least > c.most[form] {
				t.Errorf("%s, %s: a delivery takes %d allocations, at most %d are known to be needed", c.name, form, least, c.most[form])
			}
		}
	}
}

// TestLoad bounds what a start of Traefik allocates for the plugin, which its time and memory go
// with, and says with -v what each package has of that: see CONTRIBUTING.md for what is dear.
// Where new source is worth more, raise the bound.
func TestLoad(t *testing.T) {
	const most = 3_900_000
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	i := interp.New(interp.Options{GoPath: linkedPath(t), Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	total, live, bytes := uint64(0), int64(0), uint64(0)
	for _, path := range dependencies(t, root) {
		before, after, stays := runtime.MemStats{}, runtime.MemStats{}, runtime.MemStats{}
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := i.Eval(fmt.Sprintf("import %q", path))
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&stays)
		total += after.Mallocs - before.Mallocs
		bytes += after.TotalAlloc - before.TotalAlloc
		live += int64(stays.HeapAlloc) - int64(before.HeapAlloc)
		t.Logf("%8d allocations, %6d KiB, of which %6d stay: %s", after.Mallocs-before.Mallocs, (after.TotalAlloc-before.TotalAlloc)>>10, (int64(stays.HeapAlloc)-int64(before.HeapAlloc))>>10, path)
	}
	t.Logf("%8d allocations, %6d KiB, of which %6d stay, in all", total, bytes>>10, live>>10)
	if total > most {
		t.Errorf("loading the plugin takes %d allocations, at most %d are known to be needed", total, most)
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
