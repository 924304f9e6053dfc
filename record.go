package hookward

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
)

// finish does what is left to do once a request has been answered, or has broken
// off. It returns when the record has been handed on.
func finish(x *exchange) {
	if !inlined {
		finishHere(x)
		return
	}
	submit(recorders, x)
	<-x.done
}

func finishHere(x *exchange) {
	recordHere(x)
	<-x.done
	freeBody(x)
}

// recordHere records without a worker: compiled, a function allocates next to nothing, and
// to wake another goroutine would cost more.
func recordHere(x *exchange) {
	defer func() {
		if panicked := recover(); panicked != nil {
			recordPanicked(x, fmt.Sprint(panicked))
		}
	}()
	own := recordScratches.Get().(*recordScratch)
	if record(x, own) <= maxKept {
		recordScratches.Put(own)
	}
}

// recordScratches are those of requests that record by themselves.
var recordScratches = sync.Pool{New: func() any { return newRecordScratch() }}

// recordLoop records requests, one after another.
//
//inline:loop
func recordLoop(w *workers, x *exchange, own *recordScratch) {
	defer func() {
		if panicked := recover(); panicked != nil {
			recordPanicked(x, fmt.Sprint(panicked))
		}
	}()
	defer leave(w)
	var size int
	for size <= maxKept {
		x = nextJob(w)
		if x == nil {
			return
		}
		size = record(x, own)
	}
}

// record settles the claim of a request and hands on its audit record. It also writes down
// the record of a request that is about to be forwarded, where that is required. It returns
// how many bytes its variables hold on to.
//
//inline:hot
func record(x *exchange, own *recordScratch) int {
	now := time.Now()
	size := len(x.Body)
	if !x.settled && x.announced == nil {
		x.settled = true // or not at all, if this panics
		endBody(x)
		settle(x, now)
	}
	a := auditOf(x)
	r := newRecord(x, now)
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
		return size
	}
	if x.counts != nil {
		countRequest(x, r, own.sum)
	}
	if a.Sample != nil && !audit.Sample(x.gate.Numbers, a, r) {
		x.done <- true
		return size
	}
	numberRecord(r, x)
	line := encodeRecord(r, a, own.encoder)
	size += len(line)
	if line == nil {
		report.Write("error", x.gate.Name, "an audit record could not be encoded", now)
		x.done <- true
		return size
	}
	if x.counts != nil && atomic.LoadInt32(console.Watched) != 0 {
		keepForConsole(x, a, line)
	}
	putRecord(a, x, line)
	x.done <- true
	return size
}

// recordScratch is what a worker keeps from one request to the next.
type recordScratch struct {
	encoder *audit.Scratch
	sum     *metrics.Sum
}

func newRecordScratch() *recordScratch {
	return &recordScratch{encoder: audit.NewScratch(), sum: metrics.NewSum()}
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
		if len(texts) < audit.MaxHarmless {
			kept, _ := a.Revealed.WriteString(io.Discard, strings.ToLower(texts))
			own.Buffer.Reset()
			if kept == len(texts) && own.Encoder.Encode(r) == nil {
				return own.Buffer.Bytes()
			}
		}
	}
	return audit.Encode(r, a)
}

// putRecord hands a record on to the outputs.
//
//inline:hot
func putRecord(a *audit.Settings, x *exchange, line []byte) {
	var outputs []*audit.Output
	if x.state != nil {
		outputs = x.state.Outputs
	}
	if outputs == nil {
		outputs = gates.Stdout()
	}
	safe := false
	if len(outputs) == 1 && outputs[0].Direct != nil {
		safe = outbox.Put(outputs[0].Direct, line)
	} else {
		safe = audit.Put(outputs, line, a.Required)
	}
	if safe && x.ahead != nil {
		ahead.ArriveAll(audit.Announcements, audit.IDOf(x.gate.Numbers, x.sequence))
	}
}

// keepForConsole keeps a record for the page, with the headers of its request.
func keepForConsole(x *exchange, a *audit.Settings, line []byte) {
	text := &bytes.Buffer{}
	r := x.Request
	if x.kept != nil {
		r = courier.OriginalOf(x.kept)
	}
	_ = r.Header.Write(text) // a buffer takes everything
	if x.policy == nil {
		console.Keep(line, text.Bytes(), a, nil) // nobody can tell what is verified
		return
	}
	console.Keep(line, text.Bytes(), a, x.policy.Names)
}
