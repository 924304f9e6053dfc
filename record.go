package hookward

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
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
	plainAudit = &audit{payload: payloadHash, rules: noRules(), revealed: strings.NewReplacer()}
)

// recordOutput is the process's stdout itself: what a plugin prints otherwise
// goes through Traefik's log, at a level that hides it.
var recordOutput io.Writer = os.Stdout

// redirectRecords has the records for stdout go somewhere else. It is for tests.
func redirectRecords(w io.Writer) {
	recordOutput = w
}

// finish does what is left to do once a request has been answered, or has broken
// off. It returns when the record has been handed on.
func finish(d *decision) {
	submit(recorders, d)
	<-d.done
	if compiled && d.bodyWhole && len(d.body) > smallBody {
		freeBody(d)
	}
}

// recordLoop settles the claims of requests and hands on their audit records, one after
// another. It also writes down the record of a request that is about to be forwarded,
// where that is required.
//
//inline:loop
func recordLoop(w *workers, d *decision, own *recordScratch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			recordPanicked(d, fmt.Sprint(panicked))
		}
	}()
	defer leave(w)
	var a *audit
	var r *auditRecord
	var now time.Time
	var line []byte
	var size int
	for size <= maxKept {
		d = nextJob(w)
		if d == nil {
			return
		}
		now = time.Now()
		size = len(d.body)
		if !d.settled && d.announced == nil {
			d.settled = true // or not at all, if this panics
			settle(d, now)
		}
		a = auditOf(d)
		r = newRecord(d, now)
		noteOutcome(r, d)
		if a.payload != payloadHash {
			notePayload(r, a, d)
		}
		if d.announced != nil {
			announce(r, d, now)
			tellAnnounced(d)
			continue
		}
		if a.sample != nil && !noteSample(d.gate.trail, a, r) {
			d.done <- true
			continue
		}
		numberRecord(r, d)
		line = encodeRecord(r, a, own)
		size += len(line)
		if line == nil {
			report("error", d.gate.name, "an audit record could not be encoded", now)
			d.done <- true
			continue
		}
		putRecord(a, d, line, now)
		d.done <- true
	}
}

// recordScratch is what a worker keeps from one record to the next.
type recordScratch struct {
	buffer  *bytes.Buffer
	encoder *json.Encoder
}

func newRecordScratch() *recordScratch {
	buffer := &bytes.Buffer{}
	return &recordScratch{buffer: buffer, encoder: newEncoder(buffer)}
}

// auditOf returns how a request is recorded.
//
//inline:hot
func auditOf(d *decision) *audit {
	if d.policy == nil {
		return plainAudit
	}
	return d.policy.audit
}

// numberRecord gives a record its number, if it has none yet.
//
//inline:hot
func numberRecord(r *auditRecord, d *decision) {
	t := d.gate.trail
	if d.sequence == 0 {
		d.sequence = atomic.AddInt64(&t.sequence, 1)
	}
	r.Sequence = d.sequence
	r.Epoch = t.epoch
	r.ID = idOf(t, r.Sequence)
}

// encodeRecord returns the line of a record, or nil. Nearly always no text of a
// stranger's has anything in it that is to be escaped, or is a secret.
//
//inline:hot
func encodeRecord(r *auditRecord, a *audit, own *recordScratch) []byte {
	if r.Query == "" && r.Headers == nil && a.payload == payloadHash {
		texts := r.Path + " " + r.Host + " " + r.DeliveryID + " " + r.EventType + " " + r.MediaType + " " + r.Method
		if len(texts) < maxHarmless && strings.TrimLeft(texts, harmless) == "" {
			texts = strings.ToLower(texts)
			own.buffer.Reset()
			if a.revealed.Replace(texts) == texts && own.encoder.Encode(r) == nil {
				return own.buffer.Bytes()
			}
		}
	}
	return encode(r, a)
}

// putRecord hands a record on to the outputs.
//
//inline:hot
func putRecord(a *audit, d *decision, line []byte, now time.Time) {
	handed := int64(0)
	if a.required {
		handed = handedOn(d.gate.trail)
	}
	var outputs []*output
	if d.state != nil {
		outputs = d.state.outputs
	}
	if outputs == nil {
		outputs = onStdout()
	}
	safe := false
	if len(outputs) == 1 && outputs[0].direct != nil {
		safe = outbox.Put(outputs[0].direct, line, now)
	} else {
		safe = put(outputs, line, a.required, now)
	}
	if a.required || d.ahead != nil {
		settleAhead(d.gate.trail, d.ahead, d.sequence, safe, handed)
	}
}

// recordPanicked ends what a worker has panicked at. What it was to do before the
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
		submit(recorders, d)
		return
	}
	if d.sequence == 0 {
		d.sequence = atomic.AddInt64(&d.gate.trail.sequence, 1)
	}
	d.done <- true
}

// tellAnnounced lets the worker go on that waits for the record to be written down.
func tellAnnounced(d *decision) {
	waiting := d.announced
	d.announced = nil
	waiting <- true
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
