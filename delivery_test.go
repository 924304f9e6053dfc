package hookward

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/store"
)

// flaky is a backend that answers as a test says, and keeps what it gets.
type flaky struct {
	mu     sync.Mutex
	answer func(rw http.ResponseWriter, r *http.Request, attempt int)
	got    []*seen
}

type seen struct {
	uri, path, host, peer, body string
	headers                     http.Header
	trailer                     http.Header
}

func handleFlaky(f *flaky, rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	one := &seen{uri: r.RequestURI, path: r.URL.Path, host: r.Host, peer: r.RemoteAddr, body: string(body), headers: r.Header.Clone(), trailer: r.Trailer.Clone()}
	f.mu.Lock()
	f.got = append(f.got, one)
	n := len(f.got)
	answer := f.answer
	f.mu.Unlock()
	// What stands behind a gate may change the request.
	for name := range r.Trailer {
		r.Trailer[name] = []string{"changed"}
	}
	for _, values := range r.Header {
		values[0] = "changed"
	}
	r.Header.Set("X-Changed", "yes")
	r.Header.Del("X-Github-Event")
	r.URL.Path = "/changed"
	r.RequestURI = "/changed"
	answer(rw, r, n)
}

func arrivals(f *flaky) []*seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*seen{}, f.got...)
}

func setAnswer(f *flaky, answer func(rw http.ResponseWriter, r *http.Request, attempt int)) {
	f.mu.Lock()
	f.answer = answer
	f.mu.Unlock()
}

// status answers each attempt with the next of some statuses, and the last of them from
// then on.
func statuses(all ...int) func(rw http.ResponseWriter, r *http.Request, attempt int) {
	return func(rw http.ResponseWriter, _ *http.Request, attempt int) {
		if attempt > len(all) {
			attempt = len(all)
		}
		rw.Header().Set("X-Backend", "b")
		rw.Header().Set("Content-Length", "13")
		rw.WriteHeader(all[attempt-1])
		_, _ = io.WriteString(rw, "the backend's")
	}
}

// kept is a gate with delivery, and all that belongs to it.
type kept struct {
	t       *testing.T
	name    string
	state   string
	raw     map[string]any
	backend *flaky
	gate    http.Handler
	records func() string
}

func keptGate(t *testing.T, options map[string]any, answer func(rw http.ResponseWriter, r *http.Request, attempt int)) *kept {
	t.Helper()
	records, reports := capture(t)
	k := &kept{t: t, name: t.Name(), state: hooktest.Directory(t), backend: &flaky{answer: answer}}
	k.records = func() string { return records.String() + reports.String() }
	section := map[string]any{"retry": map[string]any{"schedule": "50ms,50ms,50ms", "jitter": "0"}}
	for name, value := range options {
		section[name] = value
	}
	k.raw = hooktest.Unbanned(hooktest.GithubWith(map[string]any{"stateDirectory": k.state, "replay": "true", "delivery": section}))
	begin(k)
	t.Cleanup(func() { end(k) })
	return k
}

// begin builds the gate, as a start of Traefik does.
func begin(k *kept) {
	next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handleFlaky(k.backend, rw, r) })
	h, _ := New(context.Background(), next, &Config{Raw: k.raw}, k.name)
	k.gate = h
}

// end is the end of the process.
func end(k *kept) {
	e := engineOf(k)
	noteOutputs() // an engine that ends still records
	gates.Restart()
	if e != nil {
		await.Until(k.t, "the store is not read", func() bool { return delivery.Count(e).Loaded })
		delivery.Close(e)
		await.Until(k.t, "the store is not given back", func() bool {
			_, err := os.Stat(filepath.Join(store.DirectoryOf(k.state, k.name), "lock"))
			return err != nil
		})
	}
}

// engineOf returns what has the gate's deliveries.
func engineOf(k *kept) *delivery.Engine {
	for _, g := range gates.Look(time.Now()).Gates {
		if g.Name == k.name && g.State != nil {
			return g.State.Delivery
		}
	}
	return nil
}

func post(k *kept, body string, headers ...string) *httptest.ResponseRecorder {
	rw := httptest.NewRecorder()
	r := hooktest.SignedPost(body, headers...)
	r.RequestURI = r.URL.RequestURI()
	k.gate.ServeHTTP(rw, r)
	return rw
}

// numbers waits for so many that wait, and so many that are dead.
func numbers(k *kept, waiting, dead int) {
	k.t.Helper()
	e := engineOf(k)
	n := delivery.Numbers{}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n = delivery.Count(e)
		if n.Loaded && n.Waiting == waiting && n.Dead == dead {
			return
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("%+v, want %d waiting and %d dead; %d arrivals\n%s", n, waiting, dead, len(arrivals(k.backend)), k.records())
		}
	}
}

func recorded(k *kept, text string) {
	k.t.Helper()
	await.Until(k.t, "no record has "+text, func() bool { return strings.Contains(k.records(), text) })
}

// A failure for now is stored and tried again until it arrives: the same bytes, headers and
// id each time, but no cookie from the store.
func TestTriedAgain(t *testing.T) {
	t.Run("one line each", func(t *testing.T) { testTriedAgain(t, "Cookie: a=b", "X-Hookward-Id: forged") })
	t.Run("two lines", func(t *testing.T) { testTriedAgain(t, "Cookie: a=b", "X-Hookward-Id: forged", "X-Two: 1", "X-Two: 2") })
}

func testTriedAgain(t *testing.T, lines ...string) {
	t.Helper()
	k := keptGate(t, map[string]any{"idHeader": "Idempotency-Key"}, statuses(503, 503, 200))
	rw := post(k, "body\x00\xff", lines...)
	if rw.Code != http.StatusAccepted || rw.Body.String() != "Accepted\n" || rw.Header().Get("X-Backend") != "" {
		t.Fatalf("%d %q %v", rw.Code, rw.Body.String(), rw.Header())
	}
	numbers(k, 0, 0)
	got := arrivals(k.backend)
	if len(got) != 3 {
		t.Fatalf("%d arrivals", len(got))
	}
	id := got[0].headers.Get("X-Hookward-Id")
	if !store.FitsID(id) || got[0].headers.Get("Idempotency-Key") != id || got[0].headers.Get("X-Hookward-Received") == "" {
		t.Errorf("%v", got[0].headers)
	}
	if got[0].headers.Get("Cookie") == "" {
		t.Error("the first attempt lacks the cookie")
	}
	got[0].headers.Del("Cookie")
	for i, one := range got {
		if one.headers.Get("X-Hookward-Attempt") != fmt.Sprint(i+1) {
			t.Errorf("attempt %d says %v", i+1, one.headers)
		}
		one.headers.Del("X-Hookward-Attempt")
		if !reflect.DeepEqual(one, got[0]) {
			t.Errorf("attempt %d:\n%+v\n%+v", i+1, one, got[0])
		}
	}
	for _, text := range []string{
		`"hookward.delivery.state":"stored","hookward.delivery.status":503`, `"http.response.status_code":202`, `"event.outcome":"unknown"`,
		`"event.action":"failed","event.outcome":"failure"`, `"event.action":"delivered","event.outcome":"success"`, `"hookward.delivery.attempt":3,"hookward.delivery.status":200`,
	} {
		recorded(k, text)
	}
	if n := strings.Count(k.records(), id); n != 3 {
		t.Errorf("%d records, want 3:\n%s", n, k.records())
	}
}

// What is no failure for now is the sender's business, and nothing of it is stored.
func TestPassedOn(t *testing.T) {
	for _, status := range []int{200, 204, 302, 400, 404, 410, 422} {
		k := keptGate(t, nil, statuses(status))
		rw := post(k, "body")
		if rw.Code != status || rw.Body.String() != "the backend's" || rw.Header().Get("X-Backend") != "b" {
			t.Errorf("%d: %d %q", status, rw.Code, rw.Body.String())
		}
		numbers(k, 0, 0)
		if status > 299 {
			if rw = post(k, "body"); rw.Code != status {
				t.Errorf("%d: the claim is kept: %d", status, rw.Code)
			}
		}
		end(k)
	}
}

// The sender's own repeat is acknowledged while the delivery waits, and is not doubled.
func TestRepeatWhileStored(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1h"}}, statuses(503))
	post(k, "body")
	for i := 0; i < 3; i++ {
		if rw := post(k, "body"); rw.Code != http.StatusAccepted || rw.Body.String() != "Accepted\n" {
			t.Fatalf("%d %q", rw.Code, rw.Body.String())
		}
	}
	numbers(k, 1, 0)
	if n := len(arrivals(k.backend)); n != 1 {
		t.Errorf("%d arrivals", n)
	}
	recorded(k, `"event.reason":"delivery_stored"`)
	recorded(k, `"hookward.decision":"duplicate"`)
	// Across a restart, too.
	end(k)
	begin(k)
	numbers(k, 1, 0)
	if rw := post(k, "body"); rw.Code != http.StatusAccepted || len(arrivals(k.backend)) != 1 {
		t.Errorf("%d, %d arrivals", rw.Code, len(arrivals(k.backend)))
	}
}

// What is given up gives its claim back: the sender's repeat is forwarded, and if it passes,
// the dead one is superseded.
func TestSuperseded(t *testing.T) {
	k := keptGate(t, nil, statuses(503, 503, 503, 503))
	post(k, "body")
	numbers(k, 0, 1)
	recorded(k, `"event.reason":"attempts_exhausted"`)
	setAnswer(k.backend, statuses(200))
	await.Until(t, "the claim is kept", func() bool { return post(k, "body").Code == http.StatusOK && len(arrivals(k.backend)) == 5 })
	numbers(k, 0, 0)
	recorded(k, `"event.action":"superseded"`)
}

// A 4xx in the background ends it at once.
func TestRejected(t *testing.T) {
	k := keptGate(t, nil, statuses(503, 422))
	post(k, "body")
	numbers(k, 0, 1)
	recorded(k, `"event.reason":"rejected"`)
	if len(arrivals(k.backend)) != 2 {
		t.Error("it is tried once more")
	}
}

// Where nothing can be stored, the sender gets the backend's own answer, and the claim is
// given back: never a 2xx for what nobody has.
func TestNotStorable(t *testing.T) {
	k := keptGate(t, map[string]any{"store": map[string]any{"maxDeliveries": "1"}, "retry": map[string]any{"schedule": "1h"}}, statuses(503))
	post(k, "first")
	numbers(k, 1, 0)
	for i := 0; i < 2; i++ {
		rw := post(k, "second")
		if rw.Code != 503 || rw.Body.String() != "the backend's" {
			t.Errorf("%d %q", rw.Code, rw.Body.String())
		}
	}
	recorded(k, `"hookward.delivery.state":"passed"`)
	setAnswer(k.backend, statuses(200))
	if rw := post(k, "second"); rw.Code != 200 {
		t.Errorf("%d", rw.Code)
	}
}

// An attempt ends at its timeout, whatever the backend does, and a sender that leaves does
// not end it.
func TestTimeoutAndLeaving(t *testing.T) {
	k := keptGate(t, map[string]any{"timeout": "200ms"}, func(rw http.ResponseWriter, r *http.Request, attempt int) {
		if attempt == 1 {
			<-r.Context().Done()
			rw.WriteHeader(499)
		}
	})
	rw := httptest.NewRecorder()
	r := hooktest.SignedPost("body")
	ctx, leave := context.WithCancel(r.Context())
	leave()
	began := time.Now()
	k.gate.ServeHTTP(rw, r.WithContext(ctx))
	if rw.Code != http.StatusAccepted || time.Since(began) < 200*time.Millisecond {
		t.Errorf("%d after %v", rw.Code, time.Since(began))
	}
	numbers(k, 0, 0)
	if len(arrivals(k.backend)) != 2 {
		t.Errorf("%d arrivals", len(arrivals(k.backend)))
	}
}

// A panic before there is an answer is a failure for now; behind the header it goes on, as
// it does without delivery, and the status counts.
func TestPanics(t *testing.T) {
	k := keptGate(t, nil, func(rw http.ResponseWriter, _ *http.Request, attempt int) {
		if attempt == 1 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(200)
	})
	if rw := post(k, "body"); rw.Code != http.StatusAccepted {
		t.Errorf("%d", rw.Code)
	}
	numbers(k, 0, 0)
	setAnswer(k.backend, func(rw http.ResponseWriter, _ *http.Request, _ int) {
		rw.WriteHeader(503)
		_, _ = io.WriteString(rw, "half")
		panic(http.ErrAbortHandler)
	})
	if rw := post(k, "other"); rw.Code != http.StatusAccepted || strings.Contains(rw.Body.String(), "half") {
		t.Errorf("%d %q", rw.Code, rw.Body.String())
	}
	setAnswer(k.backend, func(rw http.ResponseWriter, _ *http.Request, _ int) {
		rw.WriteHeader(200)
		_, _ = io.WriteString(rw, "half")
		panic(http.ErrAbortHandler)
	})
	numbers(k, 0, 0)
	panicked := false
	func() {
		defer func() { panicked = recover() != nil }()
		post(k, "third")
	}()
	if !panicked {
		t.Error("the answer that broke off looks whole")
	}
	recorded(k, `"hookward.aborted":true`)
	numbers(k, 0, 0)
}

// A store that was left by a kill is taken over, and what waits in it arrives.
func TestRestart(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "10ms,1h"}}, statuses(503))
	for i := 0; i < 2; i++ { // fewer than those that make the backend be probed
		post(k, fmt.Sprint("body ", i))
	}
	numbers(k, 2, 0)
	await.Until(t, "it is not tried again", func() bool { return len(arrivals(k.backend)) == 4 })
	end(k)
	setAnswer(k.backend, statuses(200))
	k.raw["delivery"] = map[string]any{"retry": map[string]any{"schedule": "10ms,10ms"}}
	begin(k)
	numbers(k, 2, 0)
	if n := len(arrivals(k.backend)); n != 4 {
		t.Errorf("%d arrivals: they are planned for in an hour", n)
	}
}

// In the mode accept the sender has its answer before the backend is asked.
func TestAccept(t *testing.T) {
	k := keptGate(t, map[string]any{"mode": "accept"}, statuses(503, 200))
	rw := post(k, "body")
	if rw.Code != http.StatusAccepted || rw.Body.String() != "Accepted\n" {
		t.Fatalf("%d %q", rw.Code, rw.Body.String())
	}
	numbers(k, 0, 0)
	got := arrivals(k.backend)
	if len(got) != 2 || got[0].headers.Get("X-Hookward-Attempt") != "1" || got[1].headers.Get("X-Hookward-Attempt") != "2" {
		t.Errorf("%+v", got)
	}
	if rw := post(k, "body"); rw.Code != http.StatusOK || len(arrivals(k.backend)) != 2 {
		t.Errorf("a repeat of what has arrived: %d", rw.Code)
	}
	end(k)
	k.raw["delivery"] = map[string]any{"mode": "accept", "store": map[string]any{"maxDeliveries": "1"}, "retry": map[string]any{"schedule": "1h"}}
	setAnswer(k.backend, statuses(503))
	begin(k)
	post(k, "fills it")
	rw = post(k, "another")
	if rw.Code != http.StatusServiceUnavailable || rw.Header().Get("Retry-After") != "30" {
		t.Errorf("%d %v", rw.Code, rw.Header())
	}
	recorded(k, `"event.reason":"store_unavailable"`)
}

// The sender gets the backend's answer with onFailure: pass, and the delivery is stored all
// the same.
func TestPassFailure(t *testing.T) {
	k := keptGate(t, map[string]any{"onFailure": "pass"}, statuses(503, 200))
	rw := post(k, "body")
	if rw.Code != 503 || rw.Body.String() != "the backend's" {
		t.Errorf("%d %q", rw.Code, rw.Body.String())
	}
	numbers(k, 0, 0)
	if rw = post(k, "body"); rw.Code != 200 || len(arrivals(k.backend)) != 2 {
		t.Errorf("the sender's repeat: %d, %d arrivals", rw.Code, len(arrivals(k.backend)))
	}
}
