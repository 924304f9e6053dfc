package courier

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reissue"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/traefik"
)

// Kept is what becomes of a request whose delivery is not to be lost. It stands in the
// context of that request, and of each attempt in the background, for the gates of the same
// middleware that are still on its way. Nobody from outside can write there.
type Kept struct {
	Middleware string
	ID         string
	Attempt    string
	Received   string
	Claim      string // by which the delivery is this request's; empty once it is settled
	Background bool   // there is no request: it was verified when it came

	// What is stored, and how. None of this is there in the background.
	Router      string
	Policy      *policy.Policy
	State       *memory.State
	Start       time.Time
	DeliveryID  string
	EventType   string
	Lease       int64         // by which it is this request's among several Traefiks
	Original    *http.Request // as the gate hands it on, but for what Begin has put aside
	Body        []byte
	Limit       string // RateLimit, and RateLimit-Policy, where they are told
	LimitPolicy string

	Request *http.Request // for the backend; what stands behind the gate may change it
	lines   []string      // names and values of the original's headers; nil where Request has a copy
	url     url.URL       // of the original, with lines
	Timer   *time.Timer   // ends an attempt that takes too long
	Cancel  func()

	Calm    bool // there is no answer yet, and nobody has to hear of what arrives
	Stored  bool
	Passed  bool // what the backend answers is the sender's
	Status  int  // of the backend; 0 where it gave none
	Sent    int  // the status that the sender was sent; 0 where nobody has sent one
	swallow bool // what the backend answers is not the sender's
}

// underwayKey is a pointer: Yaegi knows no types of keys apart.
var underwayKey = new(int)

// Underway returns what a gate of the same middleware has noted in a request, or nil.
func Underway(ctx context.Context, middleware string) *Kept {
	value := ctx.Value(underwayKey)
	if value == nil {
		return nil
	}
	k := value.(*Kept)
	if k.Middleware != middleware {
		return nil
	}
	return k
}

// Begin makes the request for the backend. A sender that leaves does not end it, and
// what is stored is the original.
func Begin(k *Kept, timeout time.Duration) {
	ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(k.Original.Context()), underwayKey, k))
	k.Cancel = cancel
	if copyMore {
		k.lines = linesOf(k.Original)
	}
	if k.lines == nil {
		k.Request = k.Original.Clone(ctx)
	} else {
		k.url = *k.Original.URL
		k.Request = k.Original.WithContext(ctx)
	}
	k.Timer = time.AfterFunc(timeout, cancel)
}

// copyMore says that to copy line by line is faster than to copy a map of headers, nearly
// all of which nobody will ever read: interpreted, it is slower.
var copyMore = traefik.Compiled

// linesOf returns the names and values of a request's headers, or nil where a name has
// several, or none, or there are trailers.
func linesOf(r *http.Request) []string {
	if len(r.Trailer) > 0 {
		return nil
	}
	lines := make([]string, 0, 2*len(r.Header))
	for name, values := range r.Header {
		if len(values) != 1 {
			return nil
		}
		lines = append(lines, name, values[0])
	}
	return lines
}

// OriginalOf returns the request as the gate has handed it on, whatever has become of it
// behind.
func OriginalOf(k *Kept) *http.Request {
	if k.lines == nil {
		return k.Original
	}
	r := k.Original.WithContext(k.Original.Context())
	r.URL = &k.url
	r.Header = http.Header{}
	for i := 0; i < len(k.lines); i += 2 {
		r.Header[k.lines[i]] = []string{k.lines[i+1]}
	}
	return r
}

// EndOtherwise ends an attempt of which the sender has no answer yet. The handler behind
// the gate has returned, if it is complete.
func EndOtherwise(rw http.ResponseWriter, k *Kept, complete bool) {
	defer k.Cancel()
	k.Timer.Stop()
	if k.swallow {
		answerStored(rw, k)
		return
	}
	if complete {
		noteDelivered(k) // the server makes a 200 of that
		return
	}
	status := judgeAnswer(k, rw.Header(), http.StatusBadGateway)
	if status == 0 {
		answerStored(rw, k)
		return
	}
	k.Sent = status
	resetHeader(rw, k)
	http.Error(rw, http.StatusText(status), status)
}

// judgeAnswer says which status the sender gets where the backend answers with one, or 0
// where the delivery is stored, and the sender gets an answer of the gate's.
func judgeAnswer(k *Kept, header http.Header, status int) int {
	k.Calm = false
	p := k.Policy.Delivery
	s := p.Options.Schedule
	k.Status = status
	failure := status
	if status > 299 && k.Request.Context().Err() != nil {
		// It took too long, and the proxy says 499 where its context has ended.
		failure = retry.NetworkStatus
		status = http.StatusGatewayTimeout
		k.Status = 0
	}
	if retry.Delivered(status) {
		noteDelivered(k)
	} else if retry.ForNow(s, failure) {
		delivery.NoteFailed(k.State.Delivery, k.Router, k.ID)
		pause, more := retry.Pause(s, 0, retry.After(header["Retry-After"], time.Now()))
		if more && storeDelivery(k, 1, 1, pause) && !p.PassFailure {
			k.swallow = true
			return 0
		}
	}
	k.Passed = true
	return status
}

// noteDelivered tells the engine, if it wants to know.
func noteDelivered(k *Kept) {
	e := k.State.Delivery
	if k.Policy.Delivery.Options.KeepDelivered > 0 {
		d := deliveryOf(k)
		d.Body = append([]byte(nil), d.Body...) // the buffer is another request's soon
		delivery.KeepArrived(e, d)
	}
	if atomic.LoadInt32(&e.Alert) != 0 {
		delivery.Arrived(e, k.Router, k.Claim)
	}
}

// storeDelivery stores a request's delivery, which was tried so often, and has it tried
// after a pause. With that, its claim is kept.
func storeDelivery(k *Kept, attempts, step int, pause time.Duration) bool {
	p := k.Policy
	d := deliveryOf(k)
	kept, problem := delivery.Keep(k.State.Delivery, d, attempts, step, pause)
	now := time.Now()
	if problem != "" {
		report.Write("error", k.Middleware, "delivery: a delivery can't be stored: "+problem, now)
		return false
	}
	if k.Claim != "" && delivery.IsShared(kept) {
		// Redis has the claim with the delivery, and alone knows what becomes of both.
		claim.Release(k.State.Replays, k.Claim)
		cluster.Land(k.State.Cluster, k.Claim, k.Lease)
	} else if k.Claim != "" {
		claim.Commit(k.State.Replays, k.Claim, now.UnixNano())
		if k.State.Cluster != nil {
			cluster.Commit(k.State.Cluster, k.Claim, k.Lease, p.Replay.Window)
		}
	}
	k.Claim = ""
	delivery.Begin(kept)
	k.Stored = true
	return true
}

// deliveryOf returns what is stored of a request.
func deliveryOf(k *Kept) *store.Delivery {
	p := k.Policy
	d := &store.Delivery{
		ID: k.ID, Received: k.Start, Middleware: k.Middleware, Router: k.Router,
		Provider: p.Provider, DeliveryID: k.DeliveryID, EventType: k.EventType, Claim: k.Claim,
	}
	reissue.Fill(d, OriginalOf(k), k.Body, p.Delivery.Tokens)
	return d
}

// Accept stores a delivery, and answers before the backend is asked. It returns false, and
// has not answered, where it can't be stored.
func Accept(rw http.ResponseWriter, k *Kept) bool {
	if !storeDelivery(k, 0, 0, 0) {
		return false
	}
	answerStored(rw, k)
	return true
}

// answerStored tells the sender that its delivery is stored, where the gate answers.
func answerStored(rw http.ResponseWriter, k *Kept) {
	resetHeader(rw, k)
	k.Sent = http.StatusAccepted
	rw.Header()["Cache-Control"] = []string{"no-store"}
	if k.Policy.Bare {
		rw.WriteHeader(http.StatusAccepted)
		return
	}
	http.Error(rw, http.StatusText(http.StatusAccepted), http.StatusAccepted)
}

// resetHeader takes out of an answer what the backend has put there.
func resetHeader(rw http.ResponseWriter, k *Kept) {
	h := rw.Header()
	for name := range h {
		delete(h, name)
	}
	if k.Limit != "" {
		h["Ratelimit"] = []string{k.Limit}
		h["Ratelimit-Policy"] = []string{k.LimitPolicy}
	}
}
