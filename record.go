package hookward

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/redact"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// newRecord returns what is to be recorded of a request. Decision and outcome are those
// of a refusal, until it is seen that it was none.
//
//inline:hot
func newRecord(x *exchange, now time.Time) *audit.Record {
	r := &audit.Record{}
	r.Time = x.start.UTC().Format(report.TimeLayout)
	r.ECSVersion = report.EcsVersion
	r.Dataset = audit.AuditDataset
	r.Kind = "event"
	r.Category = networkEvent
	r.Type = denied
	r.Outcome = "failure"
	r.Decision = "refuse"
	r.Reason = x.reason
	r.Duration = int64(now.Sub(x.start))
	r.InGate = x.inGate
	r.Middleware = x.gate.name
	r.Router = x.gate.router
	r.DeliveryID = x.deliveryID
	r.EventType = x.eventType
	r.Secret = x.proof.Secret
	r.PublicKey = x.proof.PublicKey
	r.Method = x.method
	r.Path = x.path
	r.Headers = x.recorded
	r.Status = x.status
	r.Host = audit.AddressOf(x.host)
	r.Source = audit.AddressOf(x.source)
	r.Client = r.Source
	if x.clientNoted {
		noteAddresses(r, x)
	}
	if x.bodyWhole {
		r.BodyHash = hex.EncodeToString(x.bodySum[:])
	}
	if x.bodyBytes >= 0 {
		r.BodyBytes = &x.bodyBytes
	}
	if len(x.contentType) > 0 {
		r.MediaType = x.contentType[0]
	}
	if x.policy != nil {
		// Without one it is not known where the query has a token.
		r.Query = x.rawQuery
		r.Provider = x.policy.Provider
	} else if x.reason == verdict.ConfigInvalid {
		r.Error = causeOf(x.gate)
	}
	if !x.proof.Timestamp.IsZero() {
		r.Timestamp = x.proof.Timestamp.UTC().Format(report.TimeLayout)
	}
	return r
}

// noteOutcome records what has become of a request.
//
//inline:hot
func noteOutcome(r *audit.Record, x *exchange) {
	if !x.forward {
		if x.reason == verdict.HandshakeAnswered || x.duplicate {
			noteAnswered(r, x)
		}
		return
	}
	r.InBackend = r.Duration - r.InGate
	r.Observed = !x.passes
	r.Aborted = !x.completed
	r.Duplicate = x.duplicate
	if x.passes {
		r.Type = allowed
		r.Decision = "pass"
		if x.completed && x.status < http.StatusBadRequest {
			r.Outcome = "success"
		}
	}
}

// noteAnswered records what the gate has answered by itself, and is no refusal.
func noteAnswered(r *audit.Record, x *exchange) {
	r.Duplicate = x.duplicate
	if x.reason == verdict.HandshakeAnswered {
		r.Decision = "handshake"
	} else {
		if !acknowledges(x) {
			return
		}
		r.Decision = "duplicate"
	}
	r.Type = allowed
	r.Outcome = "success"
}

// noteAddresses records the client where it may not be the peer.
func noteAddresses(r *audit.Record, x *exchange) {
	r.Rule = x.rule
	r.Client = ""
	if x.client.IsValid() {
		r.Client = x.client.String()
	}
}

// notePayload records the body as the option audit.payload says, where that is
// anything but its hash alone.
func notePayload(r *audit.Record, a *audit.Settings, x *exchange) {
	if a.Payload == audit.PayloadNone {
		r.BodyHash = ""
		return
	}
	if len(x.Body) == 0 || !x.passes && !x.duplicate && !a.RefusedPayload {
		return
	}
	if a.Payload == audit.PayloadRedacted {
		noteRedacted(r, a, x)
		return
	}
	body, looked := x.Body, x.Body
	if len(looked) > a.MaxPayload+audit.MaxLookedAt {
		looked = looked[:a.MaxPayload+audit.MaxLookedAt]
	}
	r.Truncated = len(body) > a.MaxPayload || !x.bodyWhole
	if len(body) > a.MaxPayload {
		body = audit.WholeRunes(body[:a.MaxPayload])
	}
	switch {
	case audit.HasSecret(a, string(looked)):
		r.Truncated = true // and nothing of it is left
	case utf8.Valid(x.Body):
		r.BodyContent = string(body)
	default:
		r.BodyBase64 = base64.StdEncoding.EncodeToString(body)
	}
}

// noteRedacted records what may be kept of a body. What can't be read, or was not
// read whole, has nothing but its hash.
func noteRedacted(r *audit.Record, a *audit.Settings, x *exchange) {
	text, truncated, ok := "", true, false
	if x.bodyWhole {
		text, truncated, ok = redact.Body(a.Rules, x.Body, audit.SaysForm(x.contentType), a.MaxPayload)
	}
	r.Truncated = truncated || !ok
	if ok && !audit.HasSecret(a, text) {
		r.BodyContent = text
	}
}

var allowed = []string{"allowed"}

var denied = []string{"denied"}

var networkEvent = []string{"network"}

// finish does what is left to do once a request has been answered, or has broken
// off. It returns when the record has been handed on.
func finish(x *exchange) {
	submit(recorders, x)
	<-x.done
	if x.stalled {
		return // somebody still reads the body, and gives its memory back: see abandonBody
	}
	if compiled && x.bodyWhole && len(x.Body) > smallBody {
		freeBody(x)
	}
	if x.held+x.heldByHolder > 0 {
		returnMemory(x)
	}
}

// recordLoop settles the claims of requests and hands on their audit records, one after
// another. It also writes down the record of a request that is about to be forwarded,
// where that is required.
//
//inline:loop
func recordLoop(w *workers, x *exchange, own *recordScratch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			recordPanicked(x, fmt.Sprint(panicked))
		}
	}()
	defer leave(w)
	var a *audit.Settings
	var r *audit.Record
	var now time.Time
	var line []byte
	var size int
	for size <= maxKept {
		x = nextJob(w)
		if x == nil {
			return
		}
		now = time.Now()
		size = len(x.Body)
		if !x.settled && x.announced == nil {
			x.settled = true // or not at all, if this panics
			settle(x, now)
		}
		a = auditOf(x)
		r = newRecord(x, now)
		noteOutcome(r, x)
		if a.Payload != audit.PayloadHash {
			notePayload(r, a, x)
		}
		if x.announced != nil {
			announce(r, x, now)
			tellAnnounced(x)
			continue
		}
		if a.Sample != nil && !noteSample(x.gate.trail, a, r) {
			x.done <- true
			continue
		}
		numberRecord(r, x)
		line = encodeRecord(r, a, own)
		size += len(line)
		if line == nil {
			report.Write("error", x.gate.name, "an audit record could not be encoded", now)
			x.done <- true
			continue
		}
		putRecord(a, x, line, now)
		x.done <- true
	}
}

// recordScratch is what a worker keeps from one record to the next.
type recordScratch struct {
	buffer  *bytes.Buffer
	encoder *json.Encoder
}

func newRecordScratch() *recordScratch {
	buffer := &bytes.Buffer{}
	return &recordScratch{buffer: buffer, encoder: audit.NewEncoder(buffer)}
}

// auditOf returns how a request is recorded.
//
//inline:hot
func auditOf(x *exchange) *audit.Settings {
	if x.policy == nil {
		return audit.Plain
	}
	return x.policy.Audit
}

// numberRecord gives a record its number, if it has none yet.
//
//inline:hot
func numberRecord(r *audit.Record, x *exchange) {
	t := x.gate.trail
	if x.sequence == 0 {
		x.sequence = atomic.AddInt64(&t.Sequence, 1)
	}
	r.Sequence = x.sequence
	r.Epoch = t.Epoch
	r.ID = audit.IdOf(t, r.Sequence)
}

// encodeRecord returns the line of a record, or nil. Nearly always no text of a
// stranger's has anything in it that is to be escaped, or is a secret.
//
//inline:hot
func encodeRecord(r *audit.Record, a *audit.Settings, own *recordScratch) []byte {
	if r.Query == "" && r.Headers == nil && a.Payload == audit.PayloadHash {
		texts := r.Path + " " + r.Host + " " + r.DeliveryID + " " + r.EventType + " " + r.MediaType + " " + r.Method
		if len(texts) < audit.MaxHarmless && strings.TrimLeft(texts, audit.Harmless) == "" {
			texts = strings.ToLower(texts)
			own.buffer.Reset()
			if a.Revealed.Replace(texts) == texts && own.encoder.Encode(r) == nil {
				return own.buffer.Bytes()
			}
		}
	}
	return audit.Encode(r, a)
}

// putRecord hands a record on to the outputs.
//
//inline:hot
func putRecord(a *audit.Settings, x *exchange, line []byte, now time.Time) {
	var outputs []*audit.Output
	if x.state != nil {
		outputs = x.state.outputs
	}
	if outputs == nil {
		outputs = onStdout()
	}
	safe := false
	if len(outputs) == 1 && outputs[0].Direct != nil {
		safe = outbox.Put(outputs[0].Direct, line, now)
	} else {
		safe = audit.Put(outputs, line, a.Required, now)
	}
	if safe && x.ahead != nil {
		ahead.ArriveAll(audit.Announcements, audit.IdOf(x.gate.trail, x.sequence))
	}
}

// recordPanicked ends what a worker has panicked at. What it was to do before the
// record is not tried again, so that the record has its turn. A record that is lost
// has had its number, or takes it now: the gap is seen.
func recordPanicked(x *exchange, problem string) {
	now := time.Now()
	report.Write("error", x.gate.name, "recording a request panicked: "+problem, now)
	if x.announced != nil {
		cantAnnounce(x, "recording it panicked", now)
		tellAnnounced(x)
		return
	}
	if x.settled && x.claim != "" {
		x.claim = "" // it is what has panicked
		submit(recorders, x)
		return
	}
	if x.sequence == 0 {
		x.sequence = atomic.AddInt64(&x.gate.trail.Sequence, 1)
	}
	x.done <- true
}

// tellAnnounced lets the worker go on that waits for the record to be written down.
func tellAnnounced(x *exchange) {
	waiting := x.announced
	x.announced = nil
	waiting <- true
}

// noteSample says whether a request is recorded where only some are, and notes
// how many it stands for.
func noteSample(t *audit.Numbers, a *audit.Settings, r *audit.Record) bool {
	n := a.Sample[r.Decision]
	if n < 2 {
		return true
	}
	r.Sample = n
	return isSampled(t, r.Decision, n)
}

// announce writes down the record of a request that is about to be forwarded, as
// far as it is known, or refuses the request where it can't be.
func announce(r *audit.Record, x *exchange, now time.Time) {
	t := x.gate.trail
	r.Outcome = "unknown"
	r.Aborted = false // as far as one can tell
	r.InBackend = 0
	r.Sequence = atomic.AddInt64(&t.Sequence, 1)
	r.Epoch = t.Epoch
	r.ID = audit.IdOf(t, r.Sequence)
	x.sequence = r.Sequence
	line := audit.Encode(r, x.policy.Audit)
	if line == nil {
		cantAnnounce(x, audit.ErrNotEncoded.Error(), now)
		return
	}
	log, err := audit.Announce(t, r.ID, r.Sequence, line, x.state.outputs)
	if err != nil {
		cantAnnounce(x, err.Error(), now)
		return
	}
	x.ahead = log
}

// cantAnnounce refuses a request, because its record can't be written down.
func cantAnnounce(x *exchange, problem string, now time.Time) {
	x.reason = verdict.AuditUnavailable
	x.passes = false
	x.forward = false
	report.Write("error", x.gate.name, "audit.required: a record can't be written down: "+problem, now)
}

// isSampled says whether a decision is one of so many that is recorded.
func isSampled(t *audit.Numbers, decision string, one int64) bool {
	t.Mu.Lock()
	n := t.Seen[decision]
	t.Seen[decision] = n + 1
	t.Mu.Unlock()
	return n%one == 0
}
