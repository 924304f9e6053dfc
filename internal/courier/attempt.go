package courier

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reissue"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// tryDelivery tries a delivery through the newest handler behind a gate of its router.
func tryDelivery(c *Courier, d *store.Delivery, number int) delivery.Result {
	now := time.Now()
	one := serverFor(c.servers, c.name, d.Router)
	if one == nil || !one.look(now) {
		return delivery.Result{NotTried: true}
	}
	p, s := newest(c)
	if !announceAttempt(c, p, s, d, number, now) {
		return delivery.Result{NotTried: true}
	}
	u := &Kept{Middleware: c.name, ID: d.ID, Attempt: strconv.Itoa(number), Received: d.Received.UTC().Format(time.RFC3339), Claim: d.Claim, Background: true}
	noted := context.WithValue(context.Background(), underwayKey, u)
	// The proxy says so only then where an answer breaks off.
	noted = context.WithValue(noted, http.ServerContextKey, &http.Server{})
	ctx, cancel := context.WithTimeout(noted, p.Delivery.Timeout)
	defer cancel()
	r, err := reissue.Request(ctx, d, number, p.Delivery.Token)
	if err != nil {
		return delivery.Result{Status: http.StatusBadRequest}
	}
	if p.Delivery.SignKey != nil {
		reissue.Sign(r.Header, p.Delivery.SignKey, d.ID, now, d.Body)
	}
	a := &reissue.Answer{}
	whole := tryNext(one.next, reissue.NewWriter(a, cancel), r)
	if a.Status == 0 && whole && ctx.Err() == nil {
		a.Status = http.StatusOK // what the server makes of that
	}
	result := delivery.Result{Status: a.Status, Aborted: !whole && a.Status > 0}
	if a.Status > 299 {
		if ctx.Err() == context.DeadlineExceeded {
			result.Status = retry.NetworkStatus
		}
		result.After = retry.After(a.Header["Retry-After"], time.Now())
	}
	return result
}

// announceAttempt writes down that an attempt is about to be made, where records are
// required. It says whether it may be made.
func announceAttempt(c *Courier, p *policy.Policy, s *memory.State, d *store.Delivery, number int, now time.Time) bool {
	if !p.Audit.Required {
		return true
	}
	r := audit.NewDeliveryRecord(c.numbers, now)
	describeDelivery(r, d)
	r.Kept = d.ID
	r.Attempt = number
	r.Action = delivery.Failed
	err := audit.AnnounceDelivery(c.numbers, p.Audit, r, s.Outputs)
	if err != nil {
		report.Write("error", c.name, "audit.required: the record of an attempt can't be written down, so it is not made: "+err.Error(), now)
		return false
	}
	c.mu.Lock()
	c.announced[d.ID] = r
	c.mu.Unlock()
	return true
}

// recordChange records a transition.
func recordChange(c *Courier, change *delivery.Change) {
	now := time.Now()
	c.mu.Lock()
	p := c.policy
	s := c.state
	r := c.announced[change.ID]
	delete(c.announced, change.ID)
	c.mu.Unlock()
	if r == nil {
		r = audit.NewDeliveryRecord(c.numbers, now)
	}
	r.Outcome = "failure"
	if change.To == delivery.Delivered || change.To == delivery.Superseded || change.To == delivery.HandedOver || change.Actor != "" && !change.Undone {
		r.Outcome = "success"
	}
	if change.Delivery != nil {
		describeDelivery(r, change.Delivery)
	}
	r.Kept = change.ID
	r.Action = change.To
	r.Reason = change.Reason
	r.Router = change.Router
	r.Attempt = change.Attempt
	r.BackendStatus = change.Status
	r.Duration = int64(change.Duration)
	r.Aborted = change.Aborted
	r.Bytes = change.Bytes
	r.Actor = change.Actor
	r.Output = change.Output
	if !change.Next.IsZero() {
		r.Next = change.Next.UTC().Format(report.TimeLayout)
	}
	c.told(audit.PutDelivery(p.Audit, r, s.Outputs))
}

func describeDelivery(r *audit.DeliveryRecord, d *store.Delivery) {
	r.Provider = d.Provider
	r.DeliveryID = d.DeliveryID
	r.EventType = d.EventType
	r.Received = d.Received.UTC().Format(report.TimeLayout)
	r.Router = d.Router
}
