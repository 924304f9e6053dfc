package hookward

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// These tell the backend that the gate has verified a request, whose it is, and
// what the provider says of it. All names that begin with X-Hookward- are the
// gate's alone.
const (
	providerHeader = "X-Hookward-Provider"
	deliveryHeader = "X-Hookward-Delivery"
	eventHeader    = "X-Hookward-Event"
)

// forward makes a request what the backend is to get: with the gate's headers, if it
// has passed, and with the bytes that were read, one by one.
//
//inline:hot
func forward(p *policy.Policy, x *exchange) {
	r := x.Request
	h := r.Header
	removeSpoofs(p, h)
	// A request that becomes a tunnel would carry bytes past the gate. A server may
	// ignore the wish, RFC 9110, 7.8.
	delete(h, "Upgrade")
	if len(r.Trailer) > 0 {
		removeSpoofedTrailers(r.Trailer, p)
	}
	if x.passes {
		if len(p.Schemes) > 1 {
			signature.RemoveOthers(h, p.Schemes, x.proof.Scheme, p.Names)
		}
		if p.JWT != nil {
			forwardToken(p, x, h)
		}
		h[providerHeader] = []string{p.Provider}
		setHeader(h, deliveryHeader, x.deliveryID)
		setHeader(h, eventHeader, x.eventType)
		if p.Delivery != nil {
			keepDelivery(p, x, h)
		}
	}
	if !x.bodyWhole {
		restoreBegun(x, r)
		return
	}
	// The sender has been asked for the body; the backend must not ask again.
	delete(h, "Expect")
	r.Body = http.NoBody
	if x.bodyBytes > 0 || len(r.Trailer) > 0 {
		x.reader = intake.Reader(x.Body)
		r.Body = x.reader
	}
	r.ContentLength = -1 // trailers travel with chunks only, RFC 9112, 7.1.2
	if len(r.Trailer) == 0 {
		r.ContentLength = x.bodyBytes
		r.TransferEncoding = nil
	}
}

// forwardToken takes the token out, unless the backend is to have it, and puts claims into
// headers.
func forwardToken(p *policy.Policy, x *exchange, h http.Header) {
	if !p.JWT.Forwards {
		jwt.Remove(p.JWT, x.Request)
	}
	for _, f := range p.JWT.ForwardTo {
		text := jwt.Claim(x.proof.JWT.Claims, f.Claim)
		if header.FitsValue.MatchString(text) {
			h[f.Header] = []string{text}
		}
	}
}

// restoreBegun lets the next handler read a body of which a part was read, or nothing:
// the request was refused, but is observed.
func restoreBegun(x *exchange, r *http.Request) {
	if len(x.Body) > 0 {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(x.Body), r.Body))
	}
}

// setHeader sets a header to a text of the sender's, if that may stand there and means
// the same everywhere. Nearly all are short and made of visible characters, which is
// found out in a fifth of the time.
//
//inline:hot
func setHeader(h http.Header, name, text string) {
	if text != "" && (len(text) < header.MaxVisible && header.Visible.Replace(text) == text || header.FitsValue.MatchString(text)) {
		h[name] = []string{text}
	}
}

// ownNames is what names of the gate's own have behind X and whatever follows that.
var ownNames = map[string]bool{"Hookward": true, "hookward": true}

// removeSpoofs takes out of headers what a stranger may have sent in the gate's
// name, and names that a backend could mistake for those of the scheme: WSGI,
// PHP and CGI know X_Hub_Signature_256 by the same name as X-Hub-Signature-256,
// and only the latter was verified.
//
// The server delivers names in canonical form, so two cases cover X-Hookward-
// with whatever stands in the place of its dashes: Apache turns any sign there
// into an underscore.
//
//inline:hot
func removeSpoofs(p *policy.Policy, h http.Header) {
	for name := range h {
		if p.Spoofs[name] || len(name) > 10 && ownNames[name[2:10]] {
			delete(h, name)
		}
	}
}

// removeSpoofedTrailers does the same for trailers. What the scheme reads are
// headers; in a trailer nothing verifies them.
func removeSpoofedTrailers(h http.Header, p *policy.Policy) {
	removeSpoofs(p, h)
	for name := range p.Names {
		delete(h, name)
	}
}

// announceForward has the record of a request written down before it is forwarded,
// and waits for it. Where it can't be, the request is refused.
func announceForward(x *exchange) {
	waiting := make(chan bool, 1)
	x.announced = waiting
	submit(recorders, x)
	<-waiting
}

// announce writes down the record of a request that is about to be forwarded, as
// far as it is known, or refuses the request where it can't be.
func announce(r *audit.Record, x *exchange, now time.Time) {
	numberRecord(r, x)
	log, err := audit.Announce(x.gate.Numbers, x.policy.Audit, r, x.state.Outputs)
	x.ahead = log
	if err != nil {
		cantAnnounce(x, err.Error(), now)
	}
}

// cantAnnounce refuses a request, because its record can't be written down.
func cantAnnounce(x *exchange, problem string, now time.Time) {
	x.reason = verdict.AuditUnavailable
	x.passes = false
	x.forward = false
	report.Write("error", x.gate.Name, "audit.required: a record can't be written down: "+problem, now)
}

// tellAnnounced lets the worker go on that waits for the record to be written down.
func tellAnnounced(x *exchange) {
	waiting := x.announced
	x.announced = nil
	waiting <- true
}
