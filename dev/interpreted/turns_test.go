package interpreted

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// TestTurnsKeepNothing lets a queue whose receiver is away take thousands of turns.
// Yaegi keeps the variables of a function that plans itself anew with
// time.AfterFunc, so an outage of a day would have cost gigabytes.
func TestTurnsKeepNothing(t *testing.T) {
	i := interp.New(interp.Options{GoPath: linkedPath(t), Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		t.Fatal(err)
	}
	program := strings.ReplaceAll(`
import (
	"time"
	"MODULE/internal/outbox"
)
func span(_ []byte) (string, int64, int64, int64) { return "", 0, 0, 0 }
func gap(_ string, _, _, _ int64) []byte { return nil }
func deaf(_, _ string, _ time.Time) {}
func send(r [][]byte) outbox.Outcome { return outbox.Outcome{Later: r, Problem: "away", Wait: time.Hour} }
func run() {
	o := outbox.Options{Interval: 100 * time.Microsecond, BatchBytes: 1000, MemoryBytes: 100000}
	q := outbox.NewQueue("x", o, outbox.Format{Span: span, Gap: gap}, send, deaf)
	outbox.Add(q, []byte("{}\n"))
}`, "MODULE", module)
	for _, text := range []string{program, "run()"} {
		if _, err := i.Eval(text); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(500 * time.Millisecond)
	before := heap()
	time.Sleep(3 * time.Second) // some ten thousand turns, which would be tens of megabytes
	if grown := heap() - before; grown > 10 {
		t.Errorf("it has grown by %.1f MiB", grown)
	}
	runtime.KeepAlive(i)
}
