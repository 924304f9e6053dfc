package interpreted

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/report"
)

// BenchmarkKept compares the CPU of a delivery that succeeds with and without the option
// delivery, in both forms: by turns, a few requests at a time, so that a busy machine is busy
// for both. It reports the median of what is more, and of what the gate costs without.
//
//	go test ./interpreted -run '^$' -bench Kept -benchtime 20000x
func BenchmarkKept(b *testing.B) {
	for _, form := range []struct {
		name  string
		build func(http.Handler, map[string]any) http.Handler
	}{{"interpreted", nil}, {"compiled", buildCompiled(b, "kept")}} {
		b.Run(form.name, func(b *testing.B) {
			github := deliveries(b)[1]
			key := github.options["secrets"].([]any)[0].(string)
			both := [2]http.Handler{}
			for i := range both {
				state, err := os.MkdirTemp("", "hookward-kept-")
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { _ = os.RemoveAll(state) }) // while the gate still writes there
				options := map[string]any{"provider": "github", "secrets": github.options["secrets"], "replay": "true", "stateDirectory": state}
				if i == 1 {
					options["delivery"] = "true"
				}
				build := form.build
				if build == nil {
					build = load(b) // an interpreter for each, since it gives gates one name
				}
				both[i] = build(http.HandlerFunc(accept), options)
			}
			const block = 50
			serial := 0
			turn := func(handler http.Handler) float64 {
				bodies, headers := [block][]byte{}, [block]http.Header{}
				for n := range block {
					serial++
					text := fmt.Sprintf("%01024d", serial)
					bodies[n], headers[n] = []byte(text), github.header.Clone()
					headers[n]["X-Hub-Signature-256"] = []string{githubSignature(key, text)}
				}
				before := cpuTime(b)
				for n := range block {
					pass(b, handler, github.url, headers[n], bodies[n])
				}
				return float64(cpuTime(b)-before) / block
			}
			without, more := []float64{}, []float64{}
			for n := 0; n < b.N; n += 2 * block {
				pair := [2]float64{}
				for i := range pair {
					which := (i + n/block/2) % 2
					pair[which] = turn(both[which])
				}
				without, more = append(without, pair[0]), append(more, pair[1]-pair[0])
			}
			slices.Sort(without)
			slices.Sort(more)
			b.ReportMetric(without[len(without)/2], "cpu-ns-without")
			b.ReportMetric(more[len(more)/2], "cpu-ns-more")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// buildCompiled returns what builds a gate without the interpreter, whose records go nowhere.
// Gates with other options have other names.
func buildCompiled(t testing.TB, name string) func(http.Handler, map[string]any) http.Handler {
	audit.Redirect(io.Discard)
	report.Redirect(io.Discard)
	return func(next http.Handler, options map[string]any) http.Handler {
		handler, err := hookward.New(context.Background(), next, &hookward.Config{Raw: options}, fmt.Sprint(name, len(options), "@file"))
		if err != nil {
			t.Fatal(err)
		}
		return handler
	}
}

// cpuTime is what this process has used, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	usage := syscall.Rusage{}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
