package hookward

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/outbox"
)

const (
	ecsVersion   = "8.17.0"
	auditDataset = "hookward.audit"
	timeLayout   = "2006-01-02T15:04:05.000000Z"
)

var (
	allowed      = []string{"allowed"}
	denied       = []string{"denied"}
	networkEvent = []string{"network"}

	// plainAudit is what a gate records that has no policy.
	plainAudit = &audit{payload: payloadHash, rules: noRules()}
)

// recordOutput is the process's stdout itself: what a plugin prints otherwise
// goes through Traefik's log, at a level that hides it.
var recordOutput io.Writer = os.Stdout

// finish does what is left to do once a request has been answered.
func finish(g *gate, d *decision) {
	if d.claim != "" {
		settleSafely(g, d, time.Now())
	}
	record(g, d)
}

// settleSafely leaves the record its turn, whatever goes wrong with the claim.
func settleSafely(g *gate, d *decision, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			report("error", g.name, "settling a delivery panicked: "+fmt.Sprint(p), now)
		}
	}()
	settle(d, now)
}

// record hands on the audit record of a request.
func record(g *gate, d *decision) {
	a := plainAudit
	if d.policy != nil {
		a = d.policy.audit
	}
	outputs := a.outputs
	if outputs == nil {
		outputs = onStdout()
	}
	now := time.Now()
	r := describe(g, d, now)
	if a.sample != nil && !noteSample(g.trail, a, r) {
		return
	}
	if a.payload != payloadHash {
		notePayload(r, a, d)
	}
	if d.sequence > 0 {
		repeatNumber(g.trail, r, d.sequence)
	} else {
		number(g.trail, r)
	}
	line := encode(r, a)
	if line == nil {
		report("error", g.name, "an audit record could not be encoded", now)
		return
	}
	before := int64(0)
	if a.required {
		before = handedOn(g.trail)
	}
	safe := false
	if len(outputs) == 1 && outputs[0].direct != nil {
		safe = outbox.Put(outputs[0].direct, line, now) // as nearly all have it
	} else {
		safe = put(outputs, line, a.required, now)
	}
	if a.required || d.ahead != nil {
		settleAhead(g.trail, d.ahead, d.sequence, safe, before)
	}
}

// describe returns the record of a request, but for its number and its payload.
func describe(g *gate, d *decision, now time.Time) *auditRecord {
	r := &auditRecord{
		Time:       d.start.UTC().Format(timeLayout),
		ECSVersion: ecsVersion,
		Dataset:    auditDataset,
		Kind:       "event",
		Category:   networkEvent,
		Type:       denied,
		Outcome:    "failure",
		Reason:     d.reason,
		Duration:   int64(now.Sub(d.start)),
		InGate:     d.inGate,
		Middleware: g.name,
		Router:     g.router,
		Decision:   "refuse",
		DeliveryID: d.deliveryID,
		EventType:  d.eventType,
		Secret:     d.secret,
		PublicKey:  d.publicKey,
		Client:     addressOf(d.source),
		Method:     d.method,
		Host:       addressOf(d.host),
		Path:       d.path,
		Headers:    d.recorded,
		BodyHash:   d.bodyHash,
		Status:     d.status,
	}
	r.Source = r.Client
	if len(d.contentType) > 0 {
		r.MediaType = d.contentType[0]
	}
	if d.policy != nil {
		// Without one it is not known where the query has a token.
		r.Query = d.rawQuery
		r.Provider = d.policy.provider
	}
	if d.clientNoted {
		noteAddresses(r, d)
	}
	if d.bodyBytes >= 0 {
		r.BodyBytes = &d.bodyBytes
	}
	if !d.timestamp.IsZero() {
		r.Timestamp = d.timestamp.UTC().Format(timeLayout)
	}
	if d.passes && d.completed && !d.duplicate && d.status < http.StatusBadRequest {
		r.InBackend = r.Duration - r.InGate
		r.Type = allowed
		r.Decision = "pass"
		r.Outcome = "success"
	} else if d.forward {
		noteForwarded(r, d)
	} else if d.reason == handshakeAnswered || d.duplicate {
		noteAnswered(r, d)
	}
	return r
}

// noteForwarded records what has become of a request behind the gate, where that
// is anything but the usual.
func noteForwarded(r *auditRecord, d *decision) {
	r.InBackend = r.Duration - r.InGate
	r.Observed = !d.passes
	r.Aborted = !d.completed
	r.Duplicate = d.duplicate
	if d.passes {
		r.Type = allowed
		r.Decision = "pass"
		if d.completed && d.status < http.StatusBadRequest {
			r.Outcome = "success"
		}
	}
}

// noteAnswered records what the gate has answered by itself, and is no refusal.
func noteAnswered(r *auditRecord, d *decision) {
	r.Duplicate = d.duplicate
	if d.reason == handshakeAnswered {
		r.Decision = "handshake"
	} else {
		if !acknowledges(d) {
			return
		}
		r.Decision = "duplicate"
	}
	r.Type = allowed
	r.Outcome = "success"
}

// noteAddresses records the client where it may not be the peer.
func noteAddresses(r *auditRecord, d *decision) {
	r.Rule = d.rule
	r.Client = ""
	if d.client.IsValid() {
		r.Client = d.client.String()
	}
}

// noteSample says whether a request is recorded where only some are, and notes
// how many it stands for.
func noteSample(t *trail, a *audit, r *auditRecord) bool {
	n := a.sample[r.Decision]
	if n < 2 {
		return true
	}
	r.Sample = n
	return isSampled(t, r.Decision, n)
}

// addressOf returns a host without its port. An IPv4 address, or a name, has a
// way of its own: interpreted, it takes a fifth of the time.
func addressOf(hostport string) string {
	colon := strings.LastIndexByte(hostport, ':')
	if colon < 0 {
		return hostport
	}
	if hostport[0] == '[' || strings.IndexByte(hostport, ':') < colon {
		return addressOfIPv6(hostport)
	}
	return hostport[:colon]
}

func addressOfIPv6(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport
	}
	return host
}
