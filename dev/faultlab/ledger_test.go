package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// tried returns a trial whose ledger has deliveries as they are said to be.
func tried(p promise, records string, build func(l *ledger)) *trial {
	t, l := &trial{ctx: context.Background()}, newLedger()
	build(l)
	lines, err := linesOf([]byte(records))
	if err != nil {
		t.Error(err)
	}
	l.sum(lines).check(t, p)
	return t
}

func arrive(l *ledger, body string, times int) {
	for range times {
		l.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	}
}

const (
	one = `{"event.dataset":"hookward.audit","url.path":"/1"}` + "\n"
	gap = `{"event.dataset":"hookward.audit","event.reason":"records_lost","hookward.gap.count":1}` + "\n"
)

// The ledger sees what it is there for.
func TestLedger(t *testing.T) {
	for name, c := range map[string]struct {
		promise promise
		records string
		arrives int
		status  int
		want    string
	}{
		"all is well":              {promise{once: true, required: true}, one, 1, 200, ""},
		"a delivery is lost":       {promise{}, one, 0, 200, "not taken"},
		"it arrives twice":         {promise{once: true}, one, 2, 200, "more than once"},
		"which is not promised":    {promise{}, one, 2, 200, ""},
		"no record":                {promise{}, "", 1, 200, "have no record"},
		"a gap":                    {promise{}, gap, 1, 200, ""},
		"a gap, required":          {promise{required: true}, gap, 1, 200, "told 2xx, and have no record"},
		"a gap, required, refused": {promise{required: true}, gap, 0, 503, ""},
		"two records":              {promise{}, one + one, 1, 200, "two records"},
		"two, after a kill":        {promise{killed: true}, one + one, 1, 200, ""},
		"no record, after a kill":  {promise{killed: true}, "", 1, 200, ""},
		"no answer":                {promise{required: true}, "", 1, 0, ""},
		"a record in pieces":       {promise{}, one[:49], 1, 0, "the record"},
	} {
		t.Run(name, func(t *testing.T) {
			got := tried(c.promise, c.records, func(l *ledger) {
				arrive(l, "a", c.arrives)
				l.note("/1", "a", c.status)
			})
			if problems := strings.Join(got.problems, "; "); (c.want == "") != (problems == "") || !strings.Contains(problems, c.want) {
				t.Errorf("%q, want %q", problems, c.want)
			}
		})
	}
}

// What the backend refuses is not taken.
func TestLedgerRefusal(t *testing.T) {
	got := tried(promise{once: true}, one, func(l *ledger) {
		l.answer = func(_ string, n int) int { return map[int]int{1: 500, 2: 200}[n] }
		arrive(l, "a", 2)
		l.note("/1", "a", 200)
	})
	if got.Failed() {
		t.Error(got.problems)
	}
}

// A case that skips, fails or panics ends, cleans up, and says so.
func TestTrial(t *testing.T) {
	for want, run := range map[string]func(t *trial){
		"held":    func(t *trial) { t.figure("1") },
		"skipped": func(t *trial) { t.Skipf("no means"); t.Error("goes on") },
		"FAILED":  func(t *trial) { panic("a bug") },
	} {
		cleaned := false
		got := &trial{name: "x", ctx: context.Background()}
		got.begin(func(t *trial) {
			t.Cleanup(func() { cleaned = true })
			run(t)
		})
		if got.verdict() != want || !cleaned || !strings.Contains(table([]*trial{got}), "| x |") {
			t.Errorf("%s, want %s: %s", got.verdict(), want, got.line())
		}
	}
}
