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
	g := newTestGate(t.Name(), githubWith(map[string]any{"bodyTimeout": "20ms", "replay": "true"}), compile, testTime)
	late := &lateBody{come: make(chan bool), over: make(chan bool), body: bytes.NewReader([]byte(docsBody))}
	r := newPost(docsBody, "X-Hub-Signature-256: "+docsSignature)
	r.Body = io.NopCloser(late)
	b := &backend{}
	rw := serve(handler(g, b.handler()), r) // by the real clock
	if record := onlyRecord(t, records); rw.Code != http.StatusRequestTimeout || record["event.reason"] != bodyTimeout {
		t.Fatalf("%d %v", rw.Code, record)
	}
	close(late.come)
	<-late.over
	time.Sleep(50 * time.Millisecond) // for a worker that goes on
	rw = through(g, b.handler(), newPost(docsBody, "X-Hub-Signature-256: "+docsSignature))
	if record := onlyRecord(t, records); rw.Code != http.StatusAccepted || len(b.requests) != 1 {
		t.Errorf("the next attempt: %d %v", rw.Code, record)
	}
}

// Senders that stall hold up nobody, however many they are.
func TestStalledBodiesHoldUpNobody(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), map[string]any{"provider": "github", "secrets": docsSecret, "bodyTimeout": "1m"}, compile, testTime)
	come := make(chan bool)
	decided := make(chan *decision)
	const stalled = 3 * maxIdle
	for i := 0; i < stalled; i++ {
		go decideInto(decided, g, latePost(come))
	}
	for i := 0; i < 10; i++ {
		if d := decide(g, newPost(docsBody, "X-Hub-Signature-256: "+docsSignature), testTime); !d.forward {
			t.Errorf("refused while others stall: %s", d.reason)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); atomic.LoadInt64(&deciders.size) < stalled; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d decide", deciders.size)
		}
	}
	close(come)
	for i := 0; i < stalled; i++ {
		if d := <-decided; !d.forward {
			t.Errorf("refused, although the body came: %s", d.reason)
		}
	}
	// They are not kept.
	for deadline := time.Now().Add(20 * time.Second); atomic.LoadInt64(&deciders.size) > maxIdle; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait for work", deciders.size)
		}
	}
	if d := decide(g, newPost(docsBody, "X-Hub-Signature-256: "+docsSignature), testTime); !d.forward {
		t.Errorf("refused afterwards: %s", d.reason)
	}
}

// A body that panics is refused, also where the clock is one of the past.
func TestPanicAtTheBody(t *testing.T) {
	_, reports := capture(t)
	g := newTestGate(t.Name(), githubOptions(), compile, testTime)
	for _, at := range []time.Time{testTime, time.Now()} {
		r := newPost(docsBody, "X-Hub-Signature-256: "+docsSignature)
		come := make(chan bool)
		close(come)
		r.Body = io.NopCloser(&lateBody{come: come}) // without a body
		if d := decide(g, r, at); d.forward || d.reason != internalError || !strings.Contains(reports.String(), "panicked") {
			t.Errorf("%v: %s, %s", at, d.reason, reports)
		}
	}
}

// A body that panics after its time is nobody's any more.
func TestPanicAfterItsTime(t *testing.T) {
	records, reports := capture(t)
	g := newTestGate(t.Name(), githubWith(map[string]any{"bodyTimeout": "20ms"}), compile, testTime)
	come := make(chan bool)
	r := newPost(docsBody, "X-Hub-Signature-256: "+docsSignature)
	r.Body = io.NopCloser(&lateBody{come: come}) // without a body
	before := atomic.LoadInt64(&deciders.size)
	rw := serve(handler(g, http.NotFoundHandler()), r)
	if record := onlyRecord(t, records); rw.Code != http.StatusRequestTimeout || record["event.reason"] != bodyTimeout {
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
	g := newTestGate(t.Name(), map[string]any{"provider": "github", "secrets": docsSecret, "bodyTimeout": "1s"}, compile, testTime)
	come := make(chan bool)
	decided := make(chan *decision)
	const stalled = maxIdle + 8
	for i := 0; i < stalled; i++ {
		go decideNow(decided, g, latePost(come))
	}
	one := func(when string) {
		go decideNow(decided, g, newPost(docsBody, "X-Hub-Signature-256: "+docsSignature))
		for {
			select {
			case d := <-decided:
				if d.forward {
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

func decideNow(decided chan *decision, g *gate, r *http.Request) {
	defer func() { _ = recover() }()
	decided <- decide(g, r, time.Now())
}

// latePost is a function of its own because Yaegi would give all requests of a loop
// the last one's body.
func latePost(come chan bool) *http.Request {
	r := newPost(docsBody, "X-Hub-Signature-256: "+docsSignature)
	r.Body = io.NopCloser(&lateBody{come: come, over: make(chan bool), body: bytes.NewReader([]byte(docsBody))})
	return r
}

func decideInto(decided chan *decision, g *gate, r *http.Request) {
	defer func() { _ = recover() }()
	decided <- decide(g, r, testTime)
}

// What one request was given is not changed by those that the same goroutines decide
// on after it.
func TestRequestsShareNothing(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), githubOptions(), compile, testTime)
	decisions := []*decision{}
	for i := 0; i < 20; i++ {
		body := "body " + strconv.Itoa(i)
		r := newPost(body, "X-Hub-Signature-256: sha256="+hexMACOf("hmac-sha256", docsSecret, body),
			"X-GitHub-Delivery: id-"+strconv.Itoa(i), "X-GitHub-Event: event-"+strconv.Itoa(i))
		decisions = append(decisions, decide(g, r, testTime))
	}
	for i, d := range decisions {
		n := strconv.Itoa(i)
		body, err := io.ReadAll(d.request.Body)
		if err != nil || string(body) != "body "+n || d.request.ContentLength != int64(len(body)) || d.bodySum != sha256.Sum256(body) {
			t.Errorf("VULNERABLE: request %d has the body %q, %d, %v", i, body, d.request.ContentLength, err)
		}
		h := d.request.Header
		if h.Get(deliveryHeader) != "id-"+n || h.Get(eventHeader) != "event-"+n || d.deliveryID != "id-"+n || len(h[providerHeader]) != 1 {
			t.Errorf("VULNERABLE: request %d has %v", i, h)
		}
	}
}
