package hookward

import (
	"net/http"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
)

// One middleware may be on a request's way twice, at an entry point and on a router. The
// second gate must not take the first one's claim for another request's; and nobody
// else's claim for its own.
func TestGateTwiceOnOneWay(t *testing.T) {
	capture(t)
	for _, between := range []string{"nothing", "a copy"} {
		name := t.Name() + between
		raw := onlyOnce(map[string]any{"required": "true"})
		b := &hooktest.Backend{}
		said := make(chan int) // 0 by the backend, which then waits; or what is answered
		goOn := make(chan bool)
		last := handler(newTestGate(name, raw, hooktest.TestTime), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			said <- 0
			<-goOn
			b.Handler().ServeHTTP(rw, r)
		}))
		first := handler(newTestGate(name, raw, hooktest.TestTime), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if between == "a copy" {
				r = r.Clone(r.Context())
			}
			last.ServeHTTP(rw, r)
		}))
		go answerTo(first, said)
		if code := <-said; code != 0 {
			t.Fatalf("%s between: the second gate answers %d", between, code)
		}
		for _, h := range []http.Handler{first, last} {
			if code := serve(h, github()).Code; code != http.StatusConflict {
				t.Errorf("VULNERABLE: %s between: meanwhile, %d for the same delivery", between, code)
			}
		}
		goOn <- true
		if code := <-said; code != http.StatusAccepted || len(b.Requests) != 1 {
			t.Errorf("%s between: %d, %d at the backend", between, code, len(b.Requests))
		}
		if code := serve(first, github()).Code; code != http.StatusOK || len(b.Requests) != 1 {
			t.Errorf("VULNERABLE: %s between: again: %d, %d at the backend", between, code, len(b.Requests))
		}
	}
}

func answerTo(h http.Handler, said chan int) {
	said <- serve(h, github()).Code
}
