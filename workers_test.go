package hookward

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// lateBody is a body that comes when somebody says so.
type lateBody struct {
	come chan bool
	over chan bool
	body *bytes.Reader
}

func (l *lateBody) Read(p []byte) (int, error) {
	<-l.come
	n, err := l.body.Read(p)
	if n > 0 && l.body.Len() == 0 {
		close(l.over)
	}
	return n, err
}

// A delivery whose body was too late is answered. If it comes after all, nobody may
// go on with it: its claim would never be settled, and the sender's next attempt
// refused for good.
func TestBodyAfterItsTime(t *testing.T) {
	records, _ := capture(t)
	g := newTestGate(t.Name(), hooktest.GithubWith(map[string]any{"bodyTimeout": "20ms", "replay": "true"}), hooktest.TestTime)
	late := &lateBody{come: make(chan bool), over: make(chan bool), body: bytes.NewReader([]byte(hooktest.DocsBody))}
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	r.Body = io.NopCloser(late)
	b := &hooktest.Backend{}
	rw := serve(handler(g, b.Handler()), r) // by the real clock
	if record := hooktest.OnlyRecord(t, records); rw.Code != http.StatusRequestTimeout || record["event.reason"] != verdict.BodyTimeout {
		t.Fatalf("%d %v", rw.Code, record)
	}
	close(late.come)
	<-late.over
	time.Sleep(50 * time.Millisecond) // for a worker that goes on
	rw = through(g, b.Handler(), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	if record := hooktest.OnlyRecord(t, records); rw.Code != http.StatusAccepted || len(b.Requests) != 1 {
		t.Errorf("the next attempt: %d %v", rw.Code, record)
	}
}

// Senders that stall hold up nobody, however many they are.
func TestStalledBodiesHoldUpNobody(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "bodyTimeout": "1m"}, hooktest.TestTime)
	come := make(chan bool)
	decided := make(chan *exchange)
	const stalled = 3 * maxIdle
	for i := 0; i < stalled; i++ {
		go decideInto(decided, g, latePost(come))
	}
	for i := 0; i < 10; i++ {
		if x := decide(g, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature), hooktest.TestTime); !x.forward {
			t.Errorf("refused while others stall: %s", x.reason)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); atomic.LoadInt64(&deciders.size) < stalled; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d decide", deciders.size)
		}
	}
	close(come)
	for i := 0; i < stalled; i++ {
		if x := <-decided; !x.forward {
			t.Errorf("refused, although the body came: %s", x.reason)
		}
	}
	// They are not kept.
	for deadline := time.Now().Add(20 * time.Second); atomic.LoadInt64(&deciders.size) > maxIdle; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait for work", deciders.size)
		}
	}
	if x := decide(g, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature), hooktest.TestTime); !x.forward {
		t.Errorf("refused afterwards: %s", x.reason)
	}
}

// A body that panics is refused, also where the clock is one of the past.
func TestPanicAtTheBody(t *testing.T) {
	_, reports := capture(t)
	g := newTestGate(t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	for _, at := range []time.Time{hooktest.TestTime, time.Now()} {
		r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
		come := make(chan bool)
		close(come)
		r.Body = io.NopCloser(&lateBody{come: come}) // without a body
		if x := decide(g, r, at); x.forward || x.reason != verdict.InternalError || !strings.Contains(reports.String(), "panicked") {
			t.Errorf("%v: %s, %s", at, x.reason, reports)
		}
	}
}

// A body that panics after its time is nobody's any more.
func TestPanicAfterItsTime(t *testing.T) {
	records, reports := capture(t)
	g := newTestGate(t.Name(), hooktest.GithubWith(map[string]any{"bodyTimeout": "20ms"}), hooktest.TestTime)
	come := make(chan bool)
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	r.Body = io.NopCloser(&lateBody{come: come}) // without a body
	before := atomic.LoadInt64(&deciders.size)
	rw := serve(handler(g, http.NotFoundHandler()), r)
	if record := hooktest.OnlyRecord(t, records); rw.Code != http.StatusRequestTimeout || record["event.reason"] != verdict.BodyTimeout {
		t.Errorf("%d %v", rw.Code, record)
	}
	close(come)
	for deadline := time.Now().Add(5 * time.Second); atomic.LoadInt64(&deciders.size) > before && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	time.Sleep(20 * time.Millisecond)
	if strings.Contains(reports.String(), "panicked") || records.Len() > 0 {
		t.Errorf("it goes on: %s %s", reports, records)
	}
}

// Who is to end because there are too many takes nobody's job along, also where all
// of the others are stalled, or have just been given up.
func TestWorkersEndWithoutAJob(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), map[string]any{"provider": "github", "secrets": hooktest.DocsSecret, "bodyTimeout": "1s"}, hooktest.TestTime)
	come := make(chan bool)
	decided := make(chan *exchange)
	const stalled = maxIdle + 8
	for i := 0; i < stalled; i++ {
		go decideNow(decided, g, latePost(come))
	}
	one := func(when string) {
		go decideNow(decided, g, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
		for {
			select {
			case x := <-decided:
				if x.forward {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("a request hangs %s", when)
			}
		}
	}
	for i := 0; i < 4; i++ {
		time.Sleep(watchInterval)
		one("while others stall")
	}
	for i := 0; i < 40; i++ {
		time.Sleep(watchInterval / 2)
		one("when others have been given up")
	}
	close(come)
}

func decideNow(decided chan *exchange, g *gates.Gate, r *http.Request) {
	defer func() { _ = recover() }()
	decided <- decide(g, r, time.Now())
}

// latePost is a function of its own because Yaegi would give all requests of a loop
// the last one's body.
func latePost(come chan bool) *http.Request {
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	r.Body = io.NopCloser(&lateBody{come: come, over: make(chan bool), body: bytes.NewReader([]byte(hooktest.DocsBody))})
	return r
}

func decideInto(decided chan *exchange, g *gates.Gate, r *http.Request) {
	defer func() { _ = recover() }()
	decided <- decide(g, r, hooktest.TestTime)
}

// What one request was given is not changed by those that the same goroutines decide
// on after it.
func TestRequestsShareNothing(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), hooktest.GithubOptions(), hooktest.TestTime)
	decisions := []*exchange{}
	for i := 0; i < 20; i++ {
		body := "body " + strconv.Itoa(i)
		r := hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body),
			"X-GitHub-Delivery: id-"+strconv.Itoa(i), "X-GitHub-Event: event-"+strconv.Itoa(i))
		decisions = append(decisions, decide(g, r, hooktest.TestTime))
	}
	for i, x := range decisions {
		n := strconv.Itoa(i)
		body, err := io.ReadAll(x.Request.Body)
		if err != nil || string(body) != "body "+n || x.Request.ContentLength != int64(len(body)) || x.bodySum != sha256.Sum256(body) {
			t.Errorf("VULNERABLE: request %d has the body %q, %d, %v", i, body, x.Request.ContentLength, err)
		}
		h := x.Request.Header
		if h.Get(deliveryHeader) != "id-"+n || h.Get(eventHeader) != "event-"+n || x.deliveryID != "id-"+n || len(h[providerHeader]) != 1 {
			t.Errorf("VULNERABLE: request %d has %v", i, h)
		}
	}
}
