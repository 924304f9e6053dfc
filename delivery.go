package hookward

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reissue"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/verdict"
)

// keeping is what becomes of a request whose delivery is not to be lost. It stands in the
// context of that request, and of each attempt in the background, for the gates of the same
// middleware that are still on its way. Nobody from outside can write there.
type keeping struct {
	middleware string
	id         string
	attempt    string
	received   string
	claim      string
	background bool // there is no request: it was verified when it came

	request *http.Request // for the backend; what stands behind the gate may change it
	timer   *time.Timer   // ends an attempt that takes too long
	cancel  func()

	calm    bool // there is no answer yet, and nobody has to hear of what arrives
	stored  bool
	swallow bool // what the backend answers is not the sender's
	passed  bool // it is
	status  int  // of the backend; 0 where it gave none
}

// underwayKey is a pointer: Yaegi knows no types of keys apart.
var underwayKey = new(int)

// underwayOf returns what a gate of the same middleware has noted in a request, or nil.
func underwayOf(x *exchange) *keeping {
	value := x.Request.Context().Value(underwayKey)
	if value == nil {
		return nil
	}
	k := value.(*keeping)
	if k.middleware != x.gate.name {
		return nil
	}
	return k
}

// passAttempt lets a request pass that is an attempt of this middleware's own, which has been
// verified, and says whether it is one. Who asks has seen that the request says so.
func passAttempt(x *exchange) bool {
	x.outer = underwayOf(x)
	if x.outer == nil || !x.outer.background {
		return false
	}
	x.through = true
	x.forward = true
	x.done <- true
	return true
}

// keepDelivery says that a request's delivery is not to be lost, and tells the backend
// which one it is. With replay, that is only what this request has claimed.
//
//inline:hot
func keepDelivery(p *policy.Policy, x *exchange, h http.Header) {
	if x.state.Delivery == nil || x.outer != nil || x.duplicate || p.Replay != nil && x.claim == "" {
		labelAgain(p, x, h)
	} else {
		x.kept = &keeping{middleware: x.gate.name, attempt: "1", claim: x.claim}
		x.kept.id = store.Prefix + strconv.FormatInt(atomic.AddInt64(store.LastNumber, 1), 16)
		x.kept.received = x.start.UTC().Format(time.RFC3339)
		x.kept.calm = atomic.LoadInt32(&x.state.Delivery.Alert) == 0
		x.awaited = !p.Delivery.Accept
		h[reissue.IDHeader] = []string{x.kept.id}
		h[reissue.AttemptHeader] = []string{"1"}
		h[reissue.ReceivedHeader] = []string{x.kept.received}
		if p.Delivery.IDHeader != "" {
			h[p.Delivery.IDHeader] = h[reissue.IDHeader]
		}
		if p.Delivery.SignKey != nil {
			reissue.Sign(h, p.Delivery.SignKey, x.kept.id, time.Now(), x.Body)
		}
	}
}

// beginAttempt makes the request for the backend. A sender that leaves does not end it, and
// what is stored is the original.
//
//inline:hot
func beginAttempt(p *policy.Policy, x *exchange) {
	if x.awaited {
		ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(x.Request.Context()), underwayKey, x.kept))
		x.kept.cancel = cancel
		x.kept.request = x.Request.Clone(ctx)
		x.kept.timer = time.AfterFunc(p.Delivery.Timeout, cancel)
	}
}

// labelAgain tells the backend what a gate in front has told this one.
func labelAgain(p *policy.Policy, x *exchange, h http.Header) {
	if x.outer == nil {
		if p.Delivery.SignKey != nil {
			reissue.Sign(h, p.Delivery.SignKey, store.NewID(), time.Now(), x.Body)
		}
		return
	}
	h[reissue.IDHeader] = []string{x.outer.id}
	h[reissue.AttemptHeader] = []string{x.outer.attempt}
	h[reissue.ReceivedHeader] = []string{x.outer.received}
	if p.Delivery.IDHeader != "" {
		h[p.Delivery.IDHeader] = []string{x.outer.id}
	}
}

// endOtherwise ends an attempt of which the sender has no answer yet.
func endOtherwise(rw http.ResponseWriter, x *exchange) {
	defer x.kept.cancel()
	x.kept.timer.Stop()
	if x.kept.swallow {
		x.completed = true
		answerStored(rw, x)
		return
	}
	if x.completed {
		noteDelivered(x) // the server makes a 200 of that
		return
	}
	x.completed = true
	status := judgeAnswer(x, rw.Header(), http.StatusBadGateway)
	if status == 0 {
		answerStored(rw, x)
		return
	}
	x.status = status
	resetHeader(rw, x)
	http.Error(rw, http.StatusText(status), status)
}

// judgeAnswer says which status the sender gets where the backend answers with one, or 0
// where the delivery is stored, and the sender gets an answer of the gate's.
func judgeAnswer(x *exchange, header http.Header, status int) int {
	k := x.kept
	k.calm = false
	p := x.policy.Delivery
	s := p.Options.Schedule
	k.status = status
	failure := status
	if status > 299 && k.request.Context().Err() != nil {
		// It took too long, and the proxy says 499 where its context has ended.
		failure = retry.NetworkStatus
		status = http.StatusGatewayTimeout
		k.status = 0
	}
	if retry.Delivered(status) {
		noteDelivered(x)
	} else if retry.ForNow(s, failure) {
		delivery.NoteFailed(x.state.Delivery, x.gate.router, k.id)
		pause, more := retry.Pause(s, 0, retry.After(header["Retry-After"], time.Now()))
		if more && storeDelivery(x, 1, 1, pause) && !p.PassFailure {
			k.swallow = true
			return 0
		}
	}
	k.passed = true
	return status
}

// noteDelivered tells the engine, if it wants to know.
func noteDelivered(x *exchange) {
	e := x.state.Delivery
	if atomic.LoadInt32(&e.Alert) != 0 {
		delivery.Arrived(e, x.gate.router, x.claim)
	}
}

// storeDelivery stores a request's delivery, which was tried so often, and has it tried
// after a pause. With that, its claim is kept.
func storeDelivery(x *exchange, attempts, step int, pause time.Duration) bool {
	p := x.policy
	d := &store.Delivery{
		ID: x.kept.id, Received: x.start, Middleware: x.gate.name, Router: x.gate.router,
		Provider: p.Provider, DeliveryID: x.deliveryID, EventType: x.eventType, Claim: x.claim,
	}
	reissue.Fill(d, x.Request, x.Body, p.Delivery.Tokens)
	kept, problem := delivery.Keep(x.state.Delivery, d, attempts, step, pause)
	now := time.Now()
	if problem != "" {
		report.Write("error", x.gate.name, "delivery: a delivery can't be stored: "+problem, now)
		return false
	}
	if x.claim != "" {
		claim.Commit(x.state.Replays, x.claim, now.UnixNano())
		if x.state.Cluster != nil {
			cluster.Commit(x.state.Cluster, x.claim, x.lease, p.Replay.Window)
		}
		x.claim = ""
	}
	delivery.Begin(x.state.Delivery, kept)
	x.kept.stored = true
	return true
}

// acceptDelivery stores a delivery, and answers before the backend is asked.
func acceptDelivery(rw http.ResponseWriter, r *http.Request, x *exchange) {
	x.completed = true
	if storeDelivery(x, 0, 0, 0) {
		x.kept.swallow = true
		answerStored(rw, x)
		return
	}
	x.reason = verdict.StoreUnavailable
	x.passes = false
	x.forward = false
	refuse(rw, r, x)
}

// answerStored tells the sender that its delivery is stored, where the gate answers.
func answerStored(rw http.ResponseWriter, x *exchange) {
	resetHeader(rw, x)
	x.status = http.StatusAccepted
	rw.Header()["Cache-Control"] = []string{"no-store"}
	if x.policy.Bare {
		rw.WriteHeader(http.StatusAccepted)
		return
	}
	http.Error(rw, http.StatusText(http.StatusAccepted), http.StatusAccepted)
}

// resetHeader takes out of an answer what the backend has put there.
func resetHeader(rw http.ResponseWriter, x *exchange) {
	h := rw.Header()
	for name := range h {
		delete(h, name)
	}
	if x.limit != "" {
		tellClient(rw, x)
	}
}

// noteKept records what has become of a delivery that is not to be lost.
//
//inline:hot
func noteKept(r *audit.Record, x *exchange) {
	r.Kept = x.kept.id
	r.KeptState = delivery.Delivered
	if x.kept.stored || x.status < 200 || x.status > 299 {
		noteNotDelivered(r, x)
	}
}

func noteNotDelivered(r *audit.Record, x *exchange) {
	if x.kept.stored {
		r.KeptState = delivery.Stored
		r.BackendStatus = x.kept.status
		r.Outcome = "unknown"
		return
	}
	if x.status > 0 || !x.completed {
		r.KeptState = "passed"
	}
}
