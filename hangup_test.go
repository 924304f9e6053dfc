package hookward

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// leaves are ways in which a caller goes, and what its request then looks like. What
// Traefik's proxy does is the first.
var leaves = map[string]struct {
	serve func(rw http.ResponseWriter, leave func())
	want  string // what becomes of the next attempt
}{
	"499":               {func(rw http.ResponseWriter, leave func()) { leave(); rw.WriteHeader(499) }, verdict.DeliveryInFlight},
	"another error":     {func(rw http.ResponseWriter, leave func()) { leave(); rw.WriteHeader(500) }, verdict.DeliveryInFlight},
	"an interim answer": {func(rw http.ResponseWriter, leave func()) { rw.WriteHeader(103); leave(); rw.WriteHeader(499) }, verdict.DeliveryInFlight},
	"a panic":           {func(_ http.ResponseWriter, leave func()) { leave(); panic(http.ErrAbortHandler) }, verdict.DeliveryInFlight},
	"nothing":           {func(_ http.ResponseWriter, leave func()) { leave() }, verdict.DeliveryInFlight},

	"200 before":                 {func(rw http.ResponseWriter, leave func()) { rw.WriteHeader(200); leave() }, verdict.DeliveryDuplicate},
	"200 before, and broken off": {func(rw http.ResponseWriter, leave func()) { rw.WriteHeader(200); leave(); panic(http.ErrAbortHandler) }, verdict.DeliveryDuplicate},
	"200 after":                  {func(rw http.ResponseWriter, leave func()) { leave(); rw.WriteHeader(200) }, verdict.DeliveryDuplicate},

	"503 before":                 {func(rw http.ResponseWriter, leave func()) { rw.WriteHeader(503); leave() }, verdict.Verified},
	"503 before, and broken off": {func(rw http.ResponseWriter, leave func()) { rw.WriteHeader(503); leave(); panic(http.ErrAbortHandler) }, verdict.Verified},
	"502, and it waits":          {func(rw http.ResponseWriter, _ func()) { rw.WriteHeader(502) }, verdict.Verified},
	"499, and it waits":          {func(rw http.ResponseWriter, _ func()) { rw.WriteHeader(499) }, verdict.Verified},
	"a panic, and it waits":      {func(_ http.ResponseWriter, _ func()) { panic(http.ErrAbortHandler) }, verdict.Verified},
}

// A caller that hangs up while the backend is at work does not get its claim back, and
// what the backend has answered decides however the caller goes.
func TestCallersWhoHangUp(t *testing.T) {
	records, _ := capture(t)
	signStripe := func() *http.Request {
		stamp := fmt.Sprint(time.Now().Unix())
		return hooktest.NewPost(hooktest.DocsBody, "Stripe-Signature: t="+stamp+",v1="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, stamp+"."+hooktest.DocsBody))
	}
	for kind, c := range map[string]struct {
		options map[string]any
		request *http.Request
	}{
		"github":   {onlyOnce(map[string]any{}), github()},
		"required": {onlyOnce(map[string]any{"required": "true"}), github()},
		"reject":   {onlyOnce(map[string]any{"onDuplicate": "reject"}), github()},
		"stripe":   {map[string]any{"provider": "stripe", "secrets": hooktest.DocsSecret, "replay": "true"}, signStripe()},
	} {
		for how, l := range leaves {
			count := 0
			var leave func()
			h, err := New(context.Background(), http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				count++
				l.serve(rw, leave)
			}), &Config{Raw: c.options}, t.Name()+kind+how)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < 4; i++ {
				ctx, cancel := context.WithCancel(context.Background())
				leave = cancel
				records.Reset()
				r := hooktest.NewPost(hooktest.DocsBody)
				r.Header = c.request.Header.Clone()
				rw := serveAborted(h, r.WithContext(ctx))
				cancel()
				reason := hooktest.OnlyRecord(t, records)["event.reason"]
				if i == 0 {
					continue
				}
				if want := map[bool]int{true: i + 1, false: 1}[l.want == verdict.Verified]; reason != l.want || count != want {
					t.Errorf("%s, %s: attempt %d: %v, and the backend has it %d times", kind, how, i, reason, count)
				}
				if l.want == verdict.DeliveryInFlight && (rw.Code != http.StatusConflict || rw.Header().Get("Retry-After") != "1") {
					t.Errorf("%s, %s: attempt %d: %d %v", kind, how, i, rw.Code, rw.Header())
				}
			}
		}
	}
}

// Over a real connection, too, with a proxy's way of answering.
func TestHangUpOverAConnection(t *testing.T) {
	capture(t)
	count := int64(0)
	gone := make(chan bool, 1)
	h := newTestHandler(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if atomic.AddInt64(&count, 1) == 1 {
			<-r.Context().Done()
			rw.WriteHeader(499)
			gone <- true
		}
	}), onlyOnce(map[string]any{}))
	server := httptest.NewServer(h)
	defer server.Close()
	send := func(ctx context.Context) (*http.Response, error) {
		r := github()
		address, _ := http.NewRequest(http.MethodPost, server.URL, r.Body)
		address.Header = r.Header
		return server.Client().Do(address.WithContext(ctx))
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for atomic.LoadInt64(&count) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := send(ctx); err == nil {
		t.Fatal("it has waited")
	}
	<-gone
	response, err := send(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusConflict {
		t.Errorf("%d", response.StatusCode)
	}
}

// A claim that is held ends by itself, and then is one as any other.
func TestHoldsEnd(t *testing.T) {
	capture(t)
	raw := onlyOnce(map[string]any{})
	raw["stateDirectory"] = hooktest.Directory(t)
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	attempt := func(at time.Time, status int, left bool) string {
		x := decide(g, github(), at)
		x.Status, x.Left, x.completed = status, left, true
		settle(x, at)
		return x.reason
	}
	at := hooktest.TestTime
	for i, c := range []struct {
		after  time.Duration
		status int
		left   bool
		want   string
	}{
		{0, 499, true, verdict.Verified}, {time.Second, 200, false, verdict.DeliveryInFlight}, {claim.HoldTime - time.Second - 1, 200, false, verdict.DeliveryInFlight},
		{1, 499, true, verdict.Verified}, {claim.HoldTime - 1, 200, false, verdict.DeliveryInFlight},
		{1, 503, false, verdict.Verified}, {0, 200, false, verdict.Verified}, {time.Second, 200, false, verdict.DeliveryDuplicate},
	} {
		at = at.Add(c.after)
		if reason := attempt(at, c.status, c.left); reason != c.want {
			t.Errorf("step %d: %s, want %s", i, reason, c.want)
		}
	}
	// A restart forgets what is in flight, and nothing else.
	held := decide(g, hooktest.NewPost("held", "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "held")), at)
	held.Status, held.Left = 499, true
	settle(held, at)
	gates.Restart()
	g = newTestGate(t.Name(), raw, hooktest.TestTime)
	if reason := attempt(at, 200, false); reason != verdict.DeliveryDuplicate {
		t.Errorf("what was handed on, after a restart: %s", reason)
	}
	again := decide(g, hooktest.NewPost("held", "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "held")), at)
	if again.reason != verdict.Verified {
		t.Errorf("what was held, after a restart: %s", again.reason)
	}
}

// What was not forwarded is given back, whatever its answer and be the caller there or not.
func TestHangUpBeforeItIsForwarded(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), onlyOnce(map[string]any{}), hooktest.TestTime)
	for _, status := range []int{0, 200, 503} {
		ctx, leave := context.WithCancel(context.Background())
		x := decide(g, github().WithContext(ctx), hooktest.TestTime)
		leave()
		if x.reason != verdict.Verified {
			t.Errorf("before %d: %s", status, x.reason)
		}
		x.forward, x.Status = false, status
		settle(x, hooktest.TestTime)
	}
	if again := decide(g, github(), hooktest.TestTime); again.reason != verdict.Verified {
		t.Error(again.reason)
	}
}

// A claim at whose end the gate panics ends by itself, and so does the request, be it that
// it panics once more.
func TestClaimAfterPanic(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), onlyOnce(map[string]any{}), hooktest.TestTime)
	x := decide(g, github(), time.Now())
	x.settled = true
	recordPanicked(x, "a bug in settle")
	<-x.done
	if again := decide(g, github(), time.Now()); again.reason != verdict.DeliveryInFlight {
		t.Errorf("at once: %s", again.reason)
	}
	again := decide(g, github(), time.Now().Add(claim.HoldTime+time.Second))
	if again.reason != verdict.Verified {
		t.Errorf("later: %s", again.reason)
	}
	again.settled = true
	again.lease = 1 // with no Redis that could hold it
	recordPanicked(again, "a bug in settle")
	<-again.done
}
