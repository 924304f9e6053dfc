package hookward

import (
	"fmt"
	"net/http"
	"time"
)

// decide is decideOn for a request whose connection can't be had.
func decide(g *gate, r *http.Request, now time.Time) *decision {
	return decideOn(g, r, false, now)
}

// decideOn runs the checks on one request and returns all that is to be known of
// it: whether it is forwarded, and what the record says. It never panics. On
// return the request is ready to be forwarded, if the decision says so.
func decideOn(g *gate, r *http.Request, hijackable bool, now time.Time) *decision {
	d := &decision{gate: g, hijackable: hijackable, start: now, done: make(chan bool, 1)}
	d.request = r
	submit(deciders, d)
	<-d.done
	return d
}

// decideLoop takes decisions, one after another. It is the order of checks: cheap and
// stateless first, and of a caller that is not verified nothing is remembered but
// bounded counters. A check returns "" to go on, or the reason to stop. Only the reason
// that the policy demands passes, so a check that is forgotten refuses.
//
//inline:loop
func decideLoop(w *workers, d *decision, own *scratch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			refusePanicked(d, own.watch, fmt.Sprint(panicked))
		}
	}()
	defer leave(w)
	defer unwatch(own.watch)
	watchFor(own.watch)
	var p *policy
	var reason string
	var size int
	for size <= maxKept {
		d = nextJob(w)
		if d == nil {
			return
		}
		p = takePolicy(d)
		arrive(p, d)
		if p == nil {
			refuseUnready(d)
			continue
		}
		findClient(p, d)
		reason = checkMethod(p, d)
		if reason == "" && p.addresses != nil {
			reason = checkAddress(p, d)
		}
		if reason == "" && p.ban != nil && d.clientKey != "" {
			reason = checkBan(p, d)
		}
		if reason == "" && p.limit != nil {
			reason = checkRateLimit(p, d)
		}
		if reason == "" && !p.methods[d.method] {
			reason = answerMethod(p, d)
		}
		if reason == "" {
			reason = readBody(p, d, own)
			if reason == bodyGivenUp {
				return // the request is answered, and no longer this worker's
			}
		}
		if reason == "" && p.unsigned != nil {
			reason = answerUnsigned(p, d)
		}
		if reason == "" {
			reason = checkProof(p, d, own)
		}
		if reason == verified && p.asksVerified {
			reason = answerSigned(p, d)
		}
		if p.uncompresses {
			d.body = d.arrived // what was verified was not; see uncompress
		}
		if reason == verified && p.replay != nil {
			reason = claimDelivery(p, d)
		}
		conclude(p, d, reason)
		if d.forward {
			removeSpoofs(p, d.request.Header)
			forward(p, d)
			announceForward(p, d)
		}
		d.inGate = int64(time.Since(d.start))
		if !d.forward && !d.bodyBegun && !drain(d, own) {
			return // as above
		}
		size = len(d.body)
		d.done <- true
	}
}

// scratch is what a worker keeps from one request to the next.
type scratch struct {
	watch *bodyWatch
	mac   macState
}

// takePolicy gives a request the policy in force, with its state, and returns it; or nil.
//
//inline:hot
func takePolicy(d *decision) *policy {
	if !d.gate.watches {
		d.policy = d.gate.policy
		d.state = d.gate.state
		return d.policy
	}
	p, s := currentPolicy(d.gate, d.start)
	d.policy = p
	d.state = s
	return p
}

// refuseUnready refuses a request of a gate that has no policy yet.
func refuseUnready(d *decision) {
	reportAgain(d.gate, d.start)
	d.reason = configInvalid
	d.inGate = int64(time.Since(d.start))
	d.done <- true
}

// arrive notes the request as it came: what follows the gate may rewrite it.
//
//inline:hot
func arrive(p *policy, d *decision) {
	r := d.request
	d.method = r.Method
	d.host = r.Host
	d.path = r.URL.EscapedPath()
	d.rawQuery = r.URL.RawQuery
	d.contentType = r.Header["Content-Type"]
	d.source = r.RemoteAddr
	d.bodyBytes = r.ContentLength
	d.reason = internalError // until there is another
	if p == nil {
		return
	}
	lines := r.Header[p.idHeader]
	if len(lines) > 0 {
		d.deliveryID = lines[0]
	}
	lines = r.Header[p.eventHeader]
	if len(lines) > 0 {
		d.eventType = lines[0]
	}
	if p.audit.headers != nil {
		keepHeaders(p.audit, r, d)
	}
}

// conclude says what becomes of a request.
//
//inline:hot
func conclude(p *policy, d *decision, reason string) {
	d.reason = reason
	d.passes = reason == p.passes
	d.forward = d.passes
	if !d.passes {
		concludeRefused(p, d)
	}
}

// concludeRefused counts a failed verification, and forwards what is only observed.
func concludeRefused(p *policy, d *decision) {
	if failures[d.reason] && p.ban != nil {
		noteFailure(p, d.request, d, d.start)
	}
	d.forward = p.observeOnly && canObserve(d.reason)
}

// canObserve says whether a refused request is there to be forwarded: one whose
// body never came is not, nor one that the gate has answered.
func canObserve(reason string) bool {
	return reason != bodyTimeout && reason != bodyIncomplete && reason != handshakeAnswered
}

// announceForward has the record of a request written down before it is forwarded,
// where that is required, and waits for it. Where it can't be, the request is refused.
//
//inline:hot
func announceForward(p *policy, d *decision) {
	if !p.audit.required {
		return
	}
	waiting := make(chan bool, 1)
	d.announced = waiting
	submit(recorders, d)
	<-waiting
}

// refusePanicked makes a decision a refusal, in which a check has panicked. Its
// worker ends with that; another one waits already.
func refusePanicked(d *decision, w *bodyWatch, problem string) {
	if !isOver(w) {
		return // it was answered before
	}
	d.reason = internalError
	d.passes = false
	d.forward = false
	d.answer = nil
	report("error", d.gate.name, "a check panicked, the request is refused: "+problem, d.start)
	d.inGate = int64(time.Since(d.start))
	d.done <- true
}
