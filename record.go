package hookward

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/traefik"
	"github.com/hookward/hookward/internal/verdict"
)

// newRecord returns what is to be recorded of a request. Decision and outcome are those
// of a refusal, until it is seen that it was none.
//
//inline:hot
func newRecord(x *exchange, now time.Time) *audit.Record {
	r := &audit.Record{}
	r.Time = x.start.UTC().Format(report.TimeLayout)
	r.ECSVersion = report.ECSVersion
	r.Dataset = audit.Dataset
	r.Kind = "event"
	r.Category = audit.Network
	r.Type = audit.Denied
	r.Outcome = "failure"
	r.Decision = "refuse"
	r.Reason = x.reason
	r.Duration = int64(now.Sub(x.start))
	r.InGate = x.inGate
	r.Middleware = x.gate.Name
	r.Router = x.gate.Router
	r.DeliveryID = x.deliveryID
	r.EventType = x.eventType
	r.Secret = x.proof.Secret
	r.PublicKey = x.proof.PublicKey
	r.Method = x.method
	r.Path = x.path
	r.Headers = x.recorded
	r.Status = x.status
	r.Host = hostOf(x.host)
	r.Source = hostOf(x.source)
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
		r.Error = gates.Cause(x.gate)
	}
	if x.proof.JWT != nil || x.proof.Message != nil || x.Certificate != nil {
		noteProof(r, x)
	}
	if !x.proof.Timestamp.IsZero() {
		r.Timestamp = x.proof.Timestamp.UTC().Format(report.TimeLayout)
	}
	return r
}

// hostOf returns a host without its port. An IPv4 address, or a name, has a way of its
// own: interpreted, it takes a fifth of the time.
//
//inline:hot
func hostOf(hostport string) string {
	colon := strings.LastIndexByte(hostport, ':')
	if colon < 0 {
		return hostport
	}
	if hostport[0] == '[' || strings.IndexByte(hostport, ':') < colon {
		return audit.HostOf(hostport)
	}
	return hostport[:colon]
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
		r.Type = audit.Allowed
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
		if x.reason != verdict.DeliveryStored && !acknowledges(x) {
			return
		}
		r.Decision = "duplicate"
	}
	r.Type = audit.Allowed
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

// finish does what is left to do once a request has been answered, or has broken
// off. It returns when the record has been handed on.
func finish(x *exchange) {
	submit(recorders, x)
	<-x.done
	if traefik.Compiled {
		freeBody(x)
	}
}

// recordLoop settles the claims of requests and hands on their audit records, one after
// another. It also writes down the record of a request that is about to be forwarded,
// where that is required.
//
//inline:loop
func recordLoop(w *workers, x *exchange, own *audit.Scratch) {
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
			endBody(x)
			settle(x, now)
		}
		a = auditOf(x)
		r = newRecord(x, now)
		noteOutcome(r, x)
		if x.kept != nil {
			noteKept(r, x)
		}
		if a.Payload != audit.PayloadHash {
			audit.NotePayload(r, a, x.Body, x.bodyWhole, x.contentType, x.encoded, x.passes || x.duplicate)
		}
		if x.announced != nil {
			announce(r, x, now)
			tellAnnounced(x)
			continue
		}
		countRequest(x, r)
		if a.Sample != nil && !audit.Sample(x.gate.Numbers, a, r) {
			x.done <- true
			continue
		}
		numberRecord(r, x)
		line = encodeRecord(r, a, own)
		size += len(line)
		if line == nil {
			report.Write("error", x.gate.Name, "an audit record could not be encoded", now)
			x.done <- true
			continue
		}
		if atomic.LoadInt32(console.Watched) != 0 {
			keepForConsole(x, a, line)
		}
		putRecord(a, x, line, now)
		x.done <- true
	}
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
	t := x.gate.Numbers
	if x.sequence == 0 {
		x.sequence = atomic.AddInt64(&t.Sequence, 1)
	}
	r.Sequence = x.sequence
	r.Epoch = t.Epoch
	r.ID = r.Epoch + "-" + strconv.FormatInt(r.Sequence, 10)
}

// encodeRecord returns the line of a record, or nil. Nearly always no text of a
// stranger's has anything in it that is to be escaped, or is a secret.
//
//inline:hot
func encodeRecord(r *audit.Record, a *audit.Settings, own *audit.Scratch) []byte {
	if r.Query == "" && r.Headers == nil && r.SignatureKeyID == "" && r.ClientCertificate == "" && a.Payload == audit.PayloadHash {
		texts := strings.Join([]string{r.Path, r.Host, r.DeliveryID, r.EventType, r.MediaType, r.Method}, " ")
		if r.TokenAlgorithm != "" {
			texts += audit.TokenTexts(r)
		}
		if len(texts) < audit.MaxHarmless && strings.TrimLeft(texts, audit.Harmless) == "" {
			texts = strings.ToLower(texts)
			own.Buffer.Reset()
			if a.Revealed.Replace(texts) == texts && own.Encoder.Encode(r) == nil {
				return own.Buffer.Bytes()
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
		outputs = x.state.Outputs
	}
	if outputs == nil {
		outputs = gates.Stdout()
	}
	safe := false
	if len(outputs) == 1 && outputs[0].Direct != nil {
		safe = outbox.Put(outputs[0].Direct, line, now)
	} else {
		safe = audit.Put(outputs, line, a.Required, now)
	}
	if safe && x.ahead != nil {
		ahead.ArriveAll(audit.Announcements, audit.IDOf(x.gate.Numbers, x.sequence))
	}
}
