package hookward

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/ahead"
)

// decision is all that is known of one request, for the answer and the record.
type decision struct {
	message

	gate      *gate
	start     time.Time
	done      chan bool // a word once the decision is taken, and one once it is recorded
	settled   bool      // its claim is settled, or is not to be
	announced chan bool // who waits for its record to be written down; nil where nobody does

	// The request as it came: what follows the gate may rewrite it.
	method string
	host   string
	path   string
	source string // the peer's address, with its port

	rawQuery    string            // as it came
	contentType []string          // as it came
	recorded    map[string]string // headers, for the record
	inGate      int64             // how long the decision took, in nanoseconds
	sequence    int64             // of the record, where it has one already
	ahead       *ahead.Log        // where the record is written down until it is handed on

	client       netip.Addr // the zero Addr where it can't be told
	clientWhole  netip.Addr // before ipStrategy.ipv6Subnet
	clientNoted  bool       // else the client is the peer
	rule         string     // what has denied it
	wait         int64      // until it is worth trying again, in nanoseconds
	limit        string     // RateLimit, and RateLimit-Policy, where they are told
	limitPolicy  string
	rejectStatus int // what the lists say where they refuse

	policy  *policy // nil while the configuration has a mistake
	state   *state  // that goes with it
	reason  string
	passes  bool // it needs nobody's indulgence to be forwarded
	forward bool

	bodyWhole  bool
	hijackable bool              // the connection can be taken away from a read that stalls
	drained    bool              // it was refused, and the rest of the body read for the connection's sake
	stalled    bool              // the body did not come in time; somebody still reads it
	bodyBytes  int64             // of the whole body; -1 where that is not known
	bodySum    [sha256.Size]byte // of the whole body
	guarded    *guardedBody      // what the next handler reads the body from, in a buffer that is used again
	arrived    []byte            // what was read of it, for its decider alone

	proof      proof
	claim      string // by which the delivery is this request's; empty where it has none
	claimToken string // by which it is among several Traefiks
	duplicate  bool   // the delivery has passed before

	deliveryID string
	eventType  string
	answer     *answer // to a handshake

	status    int  // what the client was sent; 0 where the backend sent nothing
	completed bool // whether the backend's handler returned
}

// prepare draws the conclusion from a reason. A request that is forwarded gets
// back the bytes that were read, and loses what only the gate may say.
func prepare(d *decision, r *http.Request, reason string) {
	p := d.policy
	passes := p != nil && reason == p.passes
	forward := passes || p != nil && p.observeOnly && canObserve(reason)
	if forward {
		removeSpoofs(r.Header, p)
		if len(r.Trailer) > 0 {
			removeSpoofedTrailers(r.Trailer, p)
		}
		// A request that becomes a tunnel would carry bytes past the gate. A
		// server may ignore the wish, RFC 9110, 7.8.
		delete(r.Header, "Upgrade")
		if passes {
			tellBackend(d, r.Header)
		}
		restoreBody(d, r)
	}
	d.reason = reason
	d.passes = passes
	d.forward = forward
}

// canObserve says whether a refused request is there to be forwarded: one whose
// body never came is not, nor one that the gate has answered.
func canObserve(reason string) bool {
	return reason != bodyTimeout && reason != bodyIncomplete && reason != handshakeAnswered
}

// restoreBody lets the next handler read what was read here, byte for byte.
func restoreBody(d *decision, r *http.Request) {
	if !d.bodyWhole {
		// Refused, but observed. What was read of it comes first.
		if len(d.body) > 0 {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(d.body), r.Body))
		}
		return
	}
	// The sender has been asked for the body; the backend must not ask again.
	delete(r.Header, "Expect")
	r.Body = readerOf(d)
	if len(r.Trailer) > 0 {
		// Trailers travel with chunks only, RFC 9112, 7.1.2.
		r.ContentLength = -1
		return
	}
	r.ContentLength = int64(len(d.body))
	r.TransferEncoding = nil
	if len(d.body) == 0 {
		r.Body = http.NoBody
	}
}

// conclude draws the conclusion from any reason.
func conclude(d *decision, r *http.Request, reason string, now time.Time) {
	p := d.policy
	if failures[reason] && p.ban != nil {
		noteFailure(p, r, d, now)
	}
	prepare(d, r, reason)
	if d.forward && p.audit.required {
		waiting := make(chan bool, 1)
		d.announced = waiting
		handOver(recorders, d)
		<-waiting
	}
}

// refusePanicked makes a decision a refusal, in which a check has panicked. Its
// decider ends with that; another one waits already.
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
