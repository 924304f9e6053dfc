package hookward

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/reissue"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// decide runs the checks on one request, as handler does, and returns all that is to be
// known of it: whether it is forwarded, and what the record says. It never panics. On
// return the request is ready to be forwarded, if it is to be.
func decide(g *gates.Gate, r *http.Request, now time.Time) *exchange {
	x := &exchange{gate: g, start: now, done: make(chan bool, 1)}
	x.Request = r
	submit(deciders, x)
	<-x.done
	endBody(x)
	return x
}

// decideLoop decides on requests, one after another. It is the order of checks: cheap and
// stateless first, and of a caller that is not verified nothing is remembered but
// bounded counters. A check returns "" to go on, or the reason to stop. Only the reason
// that the policy demands passes, so a check that is forgotten refuses.
//
//inline:loop
func decideLoop(w *workers, x *exchange, own *scratch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			refusePanicked(x, own, fmt.Sprint(panicked))
		}
	}()
	defer leaveDeciding(w, own)
	var p *policy.Policy
	var reason string
	var size int
	for size <= maxKept {
		x = nextJob(w)
		if x == nil {
			return
		}
		p = arrive(x)
		if p == nil {
			continue // it is refused
		}
		if p.Delivery != nil && len(x.Request.Header[reissue.AttemptHeader]) > 0 && passAttempt(x) {
			continue
		}
		findClient(p, x)
		reason = checkMethod(p, x)
		if p.Addresses != nil && reason == "" {
			reason = checkAddress(p, x)
		}
		if p.Ban != nil && reason == "" && x.clientKey != "" {
			reason = checkBan(p, x)
		}
		if p.Limit != nil && reason == "" {
			reason = checkRateLimit(p, x)
		}
		if p.Certificate != nil && reason == "" {
			reason = checkCertificate(p, x)
		}
		if len(p.HandshakeMethods) > 0 && reason == "" && !p.Methods[x.method] {
			reason = answerMethod(p, x)
		}
		if reason == "" {
			reason = readBody(p, x, own)
			if reason == verdict.BodyGivenUp {
				return // the request is answered, and no longer this worker's
			}
		}
		if len(p.Unsigned) > 0 && reason == "" {
			reason = answerUnsigned(p, x)
		}
		if reason == "" {
			reason = checkProof(p, x, own)
		}
		if p.AsksVerified && reason == verdict.Verified {
			reason = answerSigned(p, x)
		}
		takeArrived(p, x)
		if p.Replay != nil && reason == verdict.Verified {
			reason = claimDelivery(p, x)
		}
		conclude(p, x, reason)
		if x.forward {
			handOn(p, x)
		}
		x.inGate = int64(time.Since(x.start))
		if !x.forward && !x.bodyBegun && !drain(x, own) {
			return // as above
		}
		size = len(x.Body)
		x.done <- true
	}
}

// scratch is what a worker keeps from one request to the next.
type scratch struct {
	watch   *intake.Watch
	reading *exchange // whose body is watched over, or was last
	mac     macState
}

func newScratch() *scratch {
	own := &scratch{}
	own.watch = intake.NewWatch(func() { giveUp(own.reading) })
	return own
}

// takePolicy gives a request the policy in force, with its state, and returns it; or nil.
//
//inline:hot
func takePolicy(x *exchange) *policy.Policy {
	f := x.gate.Fixed
	if f == nil {
		f = gates.Current(x.gate, x.start)
	}
	x.policy = f.Policy
	x.state = f.State
	return f.Policy
}

// refuseUnready refuses a request of a gate that has no policy yet.
func refuseUnready(x *exchange) {
	gates.ReportAgain(x.gate, x.start)
	x.reason = verdict.ConfigInvalid
	x.inGate = int64(time.Since(x.start))
	x.done <- true
}

// arrive notes the request as it came, because what follows the gate may rewrite it. It
// returns the policy in force, or nil where there is none and the request is refused.
//
//inline:hot
func arrive(x *exchange) *policy.Policy {
	if atomic.LoadInt32(metrics.Wanted) != 0 && x.gate.Counts != nil {
		x.counts = x.gate.Counts
		atomic.AddInt64(&x.counts.Arrived, 1)
	}
	p := takePolicy(x)
	r := x.Request
	x.method = r.Method
	x.host = r.Host
	x.path = r.URL.EscapedPath()
	x.rawQuery = r.URL.RawQuery
	x.contentType = r.Header["Content-Type"]
	x.source = r.RemoteAddr
	x.bodyBytes = r.ContentLength
	x.at = int64(x.start.Sub(memory.Started))
	x.reason = verdict.InternalError // until there is another
	if p == nil {
		refuseUnready(x)
		return nil
	}
	lines := r.Header[p.IDHeader]
	if len(lines) > 0 {
		x.deliveryID = lines[0]
	}
	lines = r.Header[p.EventHeader]
	if len(lines) > 0 {
		x.eventType = lines[0]
	}
	if p.Uncompresses {
		x.encoded = len(r.Header["Content-Encoding"]) > 0
	}
	if len(p.Audit.Headers) > 0 {
		x.recorded = audit.Recorded(p.Audit, r.Header)
	}
	return p
}

// leaveDeciding ends a worker that decides. Yaegi keeps its scratch for as long as who has
// started it, so that lets go of the body.
func leaveDeciding(w *workers, own *scratch) {
	intake.Unwatch(own.watch)
	own.reading = nil
	leave(w)
}

// takeArrived goes back to the body as it arrived, where another was verified: see
// signature.Uncompress.
//
//inline:hot
func takeArrived(p *policy.Policy, x *exchange) {
	if p.Uncompresses {
		x.Body = x.arrived
	}
}

// handOn makes a request what the next handler is to get, and has its record written down
// where that is required.
//
//inline:hot
func handOn(p *policy.Policy, x *exchange) {
	forward(p, x)
	if x.kept == nil {
		markClaimed(x)
	} else {
		beginAttempt(p, x)
	}
	if p.Audit.Required {
		announceForward(x)
	}
}

// conclude says what becomes of a request.
//
//inline:hot
func conclude(p *policy.Policy, x *exchange, reason string) {
	x.reason = reason
	x.passes = reason == p.Passes
	x.forward = x.passes
	if !x.passes {
		concludeRefused(p, x)
	}
}

// concludeRefused counts a failed verification, and forwards what is only observed.
func concludeRefused(p *policy.Policy, x *exchange) {
	if verdict.Failures[x.reason] && p.Ban != nil {
		noteFailure(p, x.Request, x, x.start)
	}
	x.forward = p.ObserveOnly && canObserve(x.reason)
}

// canObserve says whether a refused request is there to be forwarded: one whose
// body never came is not, nor one that the gate has answered.
func canObserve(reason string) bool {
	return reason != verdict.BodyTimeout && reason != verdict.BodyIncomplete && reason != verdict.HandshakeAnswered && reason != verdict.DeliveryStored
}

// refusePanicked refuses a request at which a check has panicked. Its
// worker ends with that; another one waits already.
func refusePanicked(x *exchange, own *scratch, problem string) {
	if !intake.End(own.watch) {
		abandonBody(x)
		return // it was answered before
	}
	x.reason = verdict.InternalError
	x.passes = false
	x.forward = false
	x.answer = nil
	report.Write("error", x.gate.Name, "a check panicked, the request is refused: "+problem, x.start)
	x.inGate = int64(time.Since(x.start))
	x.done <- true
}

// Outcome is what becomes of one request.
type Outcome struct {
	Reason string // the record's word
	Passes bool   // it is forwarded as a verified one
	Status int    // what the caller gets from the gate; 0 where the backend answers
	Proof  signature.Proof
	Rule   string // the list that has denied the client
}

// Judge has the gate decide on one request by a policy that counts and remembers
// nothing, for those who explain it. It forwards and records nothing.
func Judge(p *policy.Policy, r *http.Request, now time.Time) Outcome {
	startWorkers()
	x := decide(&gates.Gate{Name: "explain", Fixed: &gates.InForce{Policy: p, State: &memory.State{}}}, r, now)
	o := Outcome{Reason: x.reason, Passes: x.passes, Proof: x.proof, Rule: x.rule}
	if !x.forward {
		o.Status = chooseAnswer(x)
	}
	return o
}
