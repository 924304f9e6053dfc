package hookward

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reissue"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/verdict"
)

// passAttempt lets a request pass that is an attempt of this middleware's own, which has been
// verified, and says whether it is one. Who asks has seen that the request says so.
func passAttempt(x *exchange) bool {
	x.outer = courier.Underway(x.Request.Context(), x.gate.Name)
	if x.outer == nil || !x.outer.Background {
		return false
	}
	if x.counts != nil {
		atomic.AddInt64(&x.counts.Arrived, -1) // it has no record
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
		k := &courier.Kept{Attempt: "1"}
		k.Middleware = x.gate.Name
		k.ID = store.Prefix + strconv.FormatInt(atomic.AddInt64(store.LastNumber, 1), 16)
		k.Received = x.start.UTC().Format(time.RFC3339)
		k.Claim = x.claim
		k.Router = x.gate.Router
		k.Policy = p
		k.State = x.state
		k.Start = x.start
		k.DeliveryID = x.deliveryID
		k.EventType = x.eventType
		k.Lease = x.lease
		k.Body = x.Body
		k.Limit = x.limit
		k.LimitPolicy = x.limitPolicy
		k.Calm = atomic.LoadInt32(&x.state.Delivery.Alert) == 0
		x.kept = k
		x.awaited = !p.Delivery.Accept
		values := []string{k.ID, "1", k.Received}
		h[reissue.IDHeader] = values[0:1:1]
		h[reissue.AttemptHeader] = values[1:2:2]
		h[reissue.ReceivedHeader] = values[2:3:3]
		if p.Delivery.IDHeader != "" {
			h[p.Delivery.IDHeader] = h[reissue.IDHeader]
		}
		if p.Delivery.SignKey != nil {
			reissue.Sign(h, p.Delivery.SignKey, k.ID, time.Now(), x.Body)
		}
	}
}

// beginAttempt makes the request for the backend.
//
//inline:hot
func beginAttempt(p *policy.Policy, x *exchange) {
	x.kept.Original = x.Request
	if x.awaited {
		courier.Begin(x.kept, p.Delivery.Timeout)
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
	h[reissue.IDHeader] = []string{x.outer.ID}
	h[reissue.AttemptHeader] = []string{x.outer.Attempt}
	h[reissue.ReceivedHeader] = []string{x.outer.Received}
	if p.Delivery.IDHeader != "" {
		h[p.Delivery.IDHeader] = []string{x.outer.ID}
	}
}

// acceptDelivery stores a delivery, and answers before the backend is asked.
func acceptDelivery(rw http.ResponseWriter, r *http.Request, x *exchange) {
	x.completed = true
	if courier.Accept(rw, x.kept) {
		takeKept(x)
		return
	}
	x.reason = verdict.StoreUnavailable
	x.passes = false
	x.forward = false
	refuse(rw, r, x)
}

// takeKept notes what has become of a delivery that is not to be lost.
func takeKept(x *exchange) {
	x.Status = x.kept.Sent
	x.claim = x.kept.Claim
}

// noteKept records that.
//
//inline:hot
func noteKept(r *audit.Record, x *exchange) {
	r.Kept = x.kept.ID
	r.KeptState = delivery.Delivered
	if x.kept.Stored || x.Status < 200 || x.Status > 299 {
		noteNotDelivered(r, x)
	}
}

func noteNotDelivered(r *audit.Record, x *exchange) {
	if x.kept.Stored {
		r.KeptState = delivery.Stored
		r.BackendStatus = x.kept.Status
		r.Outcome = "unknown"
		return
	}
	if x.Status > 0 || !x.completed {
		r.KeptState = "passed"
	}
}
