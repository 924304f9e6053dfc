package hookward

import (
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// This file is what a request leaves behind: what its record says, and what it adds to the
// numbers.

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
	r.Status = x.Status
	r.Host = x.host
	if strings.IndexByte(x.host, ':') >= 0 {
		r.Host = audit.HostOf(x.host)
	}
	peer, _, err := net.SplitHostPort(x.source)
	if err != nil {
		peer = x.source
	}
	r.Source = peer
	r.Client = peer
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
	if (x.proof.Scheme == nil || x.proof.Scheme.Timestamped) && !x.proof.Timestamp.IsZero() {
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
		r.Type = audit.Allowed
		r.Decision = "pass"
		if x.completed && x.Status < http.StatusBadRequest {
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

// noteProof records what a token, a message signature or a client certificate says of
// itself.
func noteProof(r *audit.Record, x *exchange) {
	if x.proof.JWT != nil {
		audit.NoteToken(r, x.proof.JWT.Algorithm, x.proof.JWT.KeyID, x.proof.JWT.Issuer, x.proof.JWT.Subject)
	}
	if x.proof.Message != nil {
		r.SignatureLabel = x.proof.Message.Label
		r.SignatureKeyID = x.proof.Message.KeyID
		r.SignatureAlgorithm = x.proof.Message.Algorithm
	}
	if x.Certificate != nil {
		r.ClientSubject = x.Certificate.Subject.String()
		r.ClientCertificate = clientcertificate.Fingerprint(x.Certificate)
		r.ClientCertificateEnds = x.Certificate.NotAfter.UTC().Format(report.TimeLayout)
	}
}

// countRequest counts a request as its record has it, once, whatever becomes of the record.
func countRequest(x *exchange, r *audit.Record, sum *metrics.Sum) {
	if x.counted {
		return
	}
	x.counted = true
	body := int64(-1)
	if x.bodyWhole {
		body = x.bodyBytes
	}
	metrics.Count(x.counts, sum, r, x.forward, body, int64(x.start.Sub(x.proof.Timestamp)))
}

// countLost counts a request whose record is lost. It makes no record: that may be what has
// panicked, and to do it again would end Traefik.
func countLost(x *exchange, now time.Time) {
	r := &audit.Record{Decision: "refuse", Reason: x.reason, Status: x.Status, InGate: x.inGate}
	if x.forward {
		r.InBackend = int64(now.Sub(x.start)) - x.inGate
		r.Observed = !x.passes
	}
	if x.passes {
		r.Decision = "pass"
	}
	if x.counts != nil {
		countRequest(x, r, metrics.NewSum())
	}
}
