package hookward

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/claim"
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
	plainAudit = &audit{payload: payloadHash, rules: noRules(), revealed: strings.NewReplacer()}
)

// recordOutput is the process's stdout itself: what a plugin prints otherwise
// goes through Traefik's log, at a level that hides it.
var recordOutput io.Writer = os.Stdout

// finish does what is left to do once a request has been answered, or has broken
// off. It returns when the record has been handed on.
func finish(d *decision) {
	recorders.jobs <- d
	if len(recorders.jobs) > 0 {
		recorders.wanted <- true
	}
	<-d.done
	if compiled && d.bodyWhole && len(d.body) > smallBody {
		freeBody(d)
	}
}

// recorder settles the claims of requests and hands on their audit records, one
// after another. It also writes down the record of a request that is about to be
// forwarded, where that is required. As with decider, what its variables have at
// the beginning of a turn is another request's.
func recorder(c *crew, d *decision) {
	defer func() {
		if panicked := recover(); panicked != nil {
			recordPanicked(d, fmt.Sprint(panicked))
		}
	}()
	defer leave(c)
	var g *gate
	var a *audit
	var r *auditRecord
	var outputs []*output
	var now time.Time
	var size, colon int
	var handed int64
	var safe bool
	var line []byte
	var texts string
	buffer := &bytes.Buffer{}
	encoder := newEncoder(buffer)
	for {
		if size > maxKept {
			return
		}
		d = <-c.jobs
		if d == nil {
			if len(c.jobs) > 0 {
				continue // see crew
			}
			return
		}
		g = d.gate
		size = len(d.body)
		now = time.Now()

		// The claim: the delivery has been handed on if the backend answered 2xx.
		if d.claim != "" && !d.settled && d.announced == nil {
			d.settled = true // or not at all, if this panics
			if d.policy.shared == nil && d.forward && d.status >= 200 && d.status < 300 {
				claim.Commit(d.state.replays, d.claim, now.UnixNano())
				d.claim = ""
			} else {
				settle(d, now)
			}
		}

		// What is to be recorded. Decision and outcome are those of a refusal, until
		// it is seen that it was none.
		a = plainAudit
		if d.policy != nil {
			a = d.policy.audit
		}
		r = &auditRecord{}
		r.Time = d.start.UTC().Format(timeLayout)
		r.ECSVersion = ecsVersion
		r.Dataset = auditDataset
		r.Kind = "event"
		r.Category = networkEvent
		r.Type = denied
		r.Outcome = "failure"
		r.Decision = "refuse"
		r.Reason = d.reason
		r.Duration = int64(now.Sub(d.start))
		r.InGate = d.inGate
		r.Middleware = g.name
		r.Router = g.router
		r.DeliveryID = d.deliveryID
		r.EventType = d.eventType
		r.Secret = d.proof.secret
		r.PublicKey = d.proof.publicKey
		r.Method = d.method
		r.Path = d.path
		r.Headers = d.recorded
		r.Status = d.status
		r.Host = d.host
		if strings.IndexByte(d.host, ':') >= 0 {
			r.Host = addressOf(d.host)
		}
		colon = strings.IndexByte(d.source, ':')
		if colon > 0 && strings.LastIndexByte(d.source, ':') == colon {
			r.Source = d.source[:colon]
		} else {
			r.Source = addressOf(d.source)
		}
		r.Client = r.Source
		if d.bodyWhole {
			r.BodyHash = hex.EncodeToString(d.bodySum[:])
		}
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
		if d.policy != nil && d.policy.timestamped && !d.proof.timestamp.IsZero() {
			r.Timestamp = d.proof.timestamp.UTC().Format(timeLayout)
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
		if a.payload != payloadHash {
			notePayload(r, a, d)
		}
		if d.announced != nil {
			announce(r, d, now)
			tellAnnounced(d)
			continue
		}
		if a.sample != nil && !noteSample(g.trail, a, r) {
			d.done <- true
			continue
		}

		// Its number, and its line. Nearly always no text of a stranger's has
		// anything in it that is to be escaped, or is a secret.
		if d.sequence == 0 {
			d.sequence = atomic.AddInt64(&g.trail.sequence, 1)
		}
		r.Sequence = d.sequence
		r.Epoch = g.trail.epoch
		r.ID = r.Epoch + "-" + strconv.FormatInt(r.Sequence, 10)
		line = nil
		if r.Query == "" && r.Headers == nil && a.payload == payloadHash {
			texts = r.Path + " " + r.Host + " " + r.DeliveryID + " " + r.EventType + " " + r.MediaType + " " + r.Method
			if len(texts) < maxHarmless && strings.TrimLeft(texts, harmless) == "" {
				texts = strings.ToLower(texts)
				if a.revealed.Replace(texts) == texts {
					buffer.Reset()
					if encoder.Encode(r) == nil {
						line = buffer.Bytes()
					}
				}
			}
		}
		if line == nil {
			line = encode(r, a)
		}
		if line == nil {
			report("error", g.name, "an audit record could not be encoded", now)
			d.done <- true
			continue
		}

		// Its way out.
		handed = 0
		if a.required {
			handed = handedOn(g.trail)
		}
		outputs = nil
		if d.state != nil {
			outputs = d.state.outputs
		}
		if outputs == nil {
			outputs = onStdout()
		}
		if len(outputs) == 1 && outputs[0].direct != nil {
			safe = outbox.Put(outputs[0].direct, line, now)
		} else {
			safe = put(outputs, line, a.required, now)
		}
		if a.required || d.ahead != nil {
			settleAhead(g.trail, d.ahead, d.sequence, safe, handed)
		}
		size += len(line)
		d.done <- true
	}
}

// recordPanicked ends what a recorder has panicked at. What it was to do before the
// record is not tried again, so that the record has its turn. A record that is lost
// has had its number, or takes it now: the gap is seen.
func recordPanicked(d *decision, problem string) {
	now := time.Now()
	report("error", d.gate.name, "recording a request panicked: "+problem, now)
	if d.announced != nil {
		cantAnnounce(d, "recording it panicked", now)
		tellAnnounced(d)
		return
	}
	if d.settled && d.claim != "" {
		d.claim = "" // it is what has panicked
		handOver(recorders, d)
		return
	}
	if d.sequence == 0 {
		d.sequence = atomic.AddInt64(&d.gate.trail.sequence, 1)
	}
	d.done <- true
}

// tellAnnounced lets the decider go on that waits for the record to be written down.
func tellAnnounced(d *decision) {
	waiting := d.announced
	d.announced = nil
	waiting <- true
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
