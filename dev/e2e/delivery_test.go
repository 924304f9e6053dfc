package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// kept is the configuration of a gate that tries again soon.
func kept(t *testing.T, more string) string {
	return `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + filepath.Join(t.TempDir(), "state") +
		`, delivery: {retry: {schedule: [300ms, 300ms, 300ms], jitter: "0"}` + more + `}}`
}

// script answers each path with the statuses that its query names, one after the other,
// and then with 200.
func script() http.HandlerFunc {
	var turns sync.Map // a path: *atomic.Int64
	return func(rw http.ResponseWriter, r *http.Request) {
		count, _ := turns.LoadOrStore(r.URL.Path, new(atomic.Int64))
		turn := int(count.(*atomic.Int64).Add(1)) - 1
		answers := strings.Split(r.Header.Get("X-Answers"), " ")
		answer := "200"
		if turn < len(answers) && answers[turn] != "" {
			answer = answers[turn]
		}
		switch answer {
		case "hang":
			select {
			case <-r.Context().Done():
			case <-time.After(testkit.Patience):
			}
		case "reset":
			connection, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_ = connection.Close()
			}
		case "half":
			rw.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(rw, "half")
			_ = http.NewResponseController(rw).Flush()
			panic(http.ErrAbortHandler)
		case "endless":
			for {
				if _, err := rw.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		default:
			status := 0
			_, _ = fmt.Sscan(answer, &status)
			rw.Header().Set("X-Backend", "yes")
			if status == 429 {
				rw.Header().Set("Retry-After", "1")
			}
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, "the backend's")
		}
	}
}

// arrives waits until a path has been delivered so often, and returns what came.
func (s *site) arrives(t *testing.T, path string, want int) []*arrival {
	t.Helper()
	testkit.Await(t, fmt.Sprintf("%d arrivals at %s", want, path), func() bool { return len(s.backend.at(path)) >= want })
	return s.backend.at(path)
}

// ends waits for the record of how a delivery has ended.
func (s *site) ends(t *testing.T, id, action string) *record {
	t.Helper()
	var found *record
	testkit.Await(t, "a record that "+id+" is "+action, func() bool {
		for _, r := range s.transitions(t) {
			if r.Kept == id && r.Action == action {
				found = r
			}
		}
		return found != nil
	})
	return found
}

// stored checks the answer to a delivery that is stored, and returns its id.
func (s *site) stored(t *testing.T, a *answer) string {
	t.Helper()
	if a.StatusCode != http.StatusAccepted || string(a.body) != "Accepted\n" || a.Header.Get("X-Backend") != "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s: %s %v %q", a.path, a.Status, a.Header, a.body)
	}
	r := s.record(t, a.path)
	if r.Decision != "pass" || r.Outcome != "unknown" || r.KeptState != "stored" || r.Status != http.StatusAccepted || r.Kept == "" {
		t.Errorf("%s: %+v", a.path, r)
	}
	return r.Kept
}

// What fails for now is stored and comes again, the same to the byte, through the real
// proxy; what does not is the sender's.
func TestDeliveryTriedAgain(t *testing.T) {
	s := start(t, script(), []gate{
		{name: "kept", options: kept(t, ", timeout: 2s, idHeader: Idempotency-Key")},
		{name: "pass", options: kept(t, ", onFailure: pass")},
		{name: "accept", options: kept(t, ", mode: accept")},
	}, gateway.Settings{})
	body := func(i int) string { return fmt.Sprintf("a body of its own %d \x00\xff\r\n", i) }
	for i, c := range []struct {
		answers  string
		arrivals int
	}{
		{"503 500 200", 3}, {"429 200", 2}, {"reset 204", 2}, {"hang 200", 2}, {"502 half", 2}, {"408 endless", 2}, {"425 504 reset 201", 4},
	} {
		t.Run(c.answers, func(t *testing.T) {
			a := s.post(t, "kept", body(i), signed(secret, body(i)), "X-Answers: "+c.answers, "Cookie: a=b", "X-Two: 1", "X-Two: 2", "X-GitHub-Delivery: 7")
			id := s.stored(t, a)
			s.ends(t, id, "delivered")
			got := s.arrives(t, a.path, c.arrivals)
			if len(got) != c.arrivals {
				t.Fatalf("%d arrivals", len(got))
			}
			if got[0].Header.Get("Cookie") == "" {
				t.Error("the first attempt has no cookie")
			}
			got[0].Header.Del("Cookie")
			for n, one := range got {
				h := one.Header.Clone()
				if h.Get("X-Hookward-Attempt") != fmt.Sprint(n+1) || h.Get("X-Hookward-Id") != id || h.Get("Idempotency-Key") != id {
					t.Errorf("attempt %d: %v", n+1, h)
				}
				h.Set("X-Hookward-Attempt", "1")
				if string(one.body) != body(i) || !reflect.DeepEqual(h, got[0].Header) || one.URL.String() != got[0].URL.String() || one.Host != got[0].Host || one.ContentLength != got[0].ContentLength {
					t.Errorf("attempt %d differs:\n%v\n%v", n+1, h, got[0].Header)
				}
			}
		})
	}
	for i, answer := range []string{"200", "201", "302", "400", "404", "410"} {
		a := s.post(t, "kept", body(100+i), signed(secret, body(100+i)), "X-Answers: "+answer)
		if fmt.Sprint(a.StatusCode) != answer || string(a.body) != "the backend's" || len(s.backend.at(a.path)) != 1 {
			t.Errorf("%s: %s %q", answer, a.Status, a.body)
		}
	}
	t.Run("pass", func(t *testing.T) {
		a := s.post(t, "pass", body(200), signed(secret, body(200)), "X-Answers: 503")
		if a.StatusCode != 503 || string(a.body) != "the backend's" {
			t.Errorf("%s %q", a.Status, a.body)
		}
		s.ends(t, s.record(t, a.path).Kept, "delivered")
	})
	t.Run("accept", func(t *testing.T) {
		a := s.post(t, "accept", body(300), signed(secret, body(300)), "X-Answers: 500 200")
		s.ends(t, s.stored(t, a), "delivered")
		if n := len(s.backend.at(a.path)); n != 2 {
			t.Errorf("%d arrivals", n)
		}
		for _, forged := range []string{signed("another secret", body(301)), signed(secret, body(300))} {
			s.refused(t, s.post(t, "accept", body(301), forged), http.StatusUnauthorized, "signature_mismatch")
		}
	})
}

// One poisonous delivery dies alone; the sender's repeat of it passes, once the backend
// takes it, and supersedes it. Repeats of what waits are acknowledged.
func TestDeliveryDies(t *testing.T) {
	s := start(t, script(), []gate{{name: "kept", options: kept(t, "")}}, gateway.Settings{})
	poison := s.post(t, "kept", "poison", signed(secret, "poison"), "X-Answers: 500 500 500 500")
	id := s.stored(t, poison)
	again := s.post(t, "kept", "poison", signed(secret, "poison"))
	if r := s.record(t, again.path); again.StatusCode != http.StatusAccepted || r.Reason != "delivery_stored" || r.Decision != "duplicate" || len(s.backend.at(again.path)) != 0 {
		t.Errorf("%s %+v", again.Status, r)
	}
	for i := range 5 {
		body := fmt.Sprint("good ", i)
		s.ends(t, s.stored(t, s.post(t, "kept", body, signed(secret, body), "X-Answers: 503")), "delivered")
	}
	if r := s.ends(t, id, "dead"); r.Reason != "attempts_exhausted" || r.Attempt != 4 || r.BackendStatus != 500 {
		t.Errorf("%+v", r)
	}
	eventually(t, "the sender's repeat of a dead delivery passes", func() bool {
		return s.post(t, "kept", "poison", signed(secret, "poison")).StatusCode == http.StatusOK
	})
	s.ends(t, id, "superseded")
	rejected := s.stored(t, s.post(t, "kept", "rejected", signed(secret, "rejected"), "X-Answers: 503 422"))
	if r := s.ends(t, rejected, "dead"); r.Reason != "rejected" || r.Attempt != 2 {
		t.Errorf("%+v", r)
	}
}

// A router that is gone has its deliveries wait, without an attempt, and one that is back
// with other servers has them delivered there.
func TestDeliveryOverReloads(t *testing.T) {
	down := testkit.Addresses(t, 1)
	options := kept(t, "")
	s := start(t, nil, nil, gateway.Settings{})
	s.configure(t, "hooks", []gate{{name: "kept", options: options, server: "http://" + down[0]}})
	a := s.post(t, "kept", "body", signed(secret, "body"))
	id := s.stored(t, a)
	s.configure(t, "hooks", nil)
	tried := func() int {
		n := 0
		for _, r := range s.transitions(t) {
			if r.Kept == id {
				n++
			}
		}
		return n
	}
	before := tried()
	for range 3 { // other configurations come and go
		s.configure(t, "other", []gate{{name: "other", options: github}})
		s.configure(t, "other", nil)
	}
	if n := tried(); n > before+1 {
		t.Errorf("%d attempts without a router", n-before)
	}
	s.configure(t, "hooks", []gate{{name: "kept", options: options}})
	s.ends(t, id, "delivered")
	if got := s.arrives(t, a.path, 1); string(got[0].body) != "body" {
		t.Errorf("%q", got[0].body)
	}
}

// A sender that hangs up does not end the attempt, and a restart does not end what waits.
func TestDeliverySenderLeaves(t *testing.T) {
	release := make(chan bool)
	first := atomic.Bool{}
	options := kept(t, ", timeout: 20s")
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/kept/") && first.CompareAndSwap(false, true) {
			<-release
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		rw.WriteHeader(http.StatusOK)
	}, []gate{{name: "kept", options: options}}, gateway.Settings{})
	ctx, leave := context.WithCancel(context.Background())
	r := s.request("kept", "body", signed(secret, "body"))
	path := r.URL.Path
	go func() {
		response, err := s.client.Do(r.WithContext(ctx))
		if err == nil {
			_ = response.Body.Close()
		}
	}()
	s.arrives(t, path, 1)
	leave()
	time.Sleep(100 * time.Millisecond) // so that Traefik may notice
	close(release)
	record := s.record(t, path)
	if record.KeptState != "stored" || record.BackendStatus != http.StatusServiceUnavailable {
		t.Errorf("%+v", record)
	}
	s.ends(t, record.Kept, "delivered")
	s.arrives(t, path, 2)
}

// Attempts in the background have no part in what Traefik keeps of a request, beside an
// access log that is written late, metrics and tracing: it would end Traefik.
func TestDeliveryBesideObservability(t *testing.T) {
	const many = 1000
	s := start(t, script(), []gate{{name: "kept", options: kept(t, ", concurrency: 32")}}, gateway.Settings{
		Static: "accessLog: {bufferingSize: 50, filePath: " + filepath.Join(t.TempDir(), "access.log") + "}\nmetrics: {prometheus: {addRoutersLabels: true}}\ntracing: {otlp: {http: {endpoint: \"http://127.0.0.1:9/\"}}}\n",
	})
	senders := sync.WaitGroup{}
	for n := range 8 {
		senders.Go(func() {
			for i := range many / 8 {
				body := fmt.Sprint("body ", n, " ", i)
				r := s.request("kept", body, signed(secret, body), "X-Answers: 503")
				response, err := s.client.Do(r)
				if err == nil {
					_ = response.Body.Close()
				}
			}
		})
	}
	senders.Wait()
	await(t, "all of them have arrived", func() bool {
		n := 0
		for _, r := range s.transitions(t) {
			if r.Action == "delivered" {
				n++
			}
		}
		return n == many || s.Exited()
	})
	if s.Exited() {
		t.Errorf("Traefik has ended: %s", s.Stderr)
	}
}
