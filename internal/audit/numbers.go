package audit

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
)

// Numbers numbers the records of a middleware, so that it can be seen whether one
// is missing. The epoch is new with each start of Traefik, and the first number
// in it is 1.
type Numbers struct {
	name     string
	Epoch    string
	Sequence int64 // of the last record; atomic

	mu      sync.Mutex
	seen    map[string]int64 // requests by decision, where there are samples
	log     *ahead.Log       // of what is about to be forwarded; nil where that is not written down
	logAt   string
	outputs []*Output // of the newest gate
}

// Announcements are the records that are written down until all outputs have them.
var Announcements = ahead.NewBook()

func NewNumbers(name string) *Numbers {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	return &Numbers{name: name, Epoch: hex.EncodeToString(random), seen: map[string]int64{}}
}

// IDOf returns the id of a record, which no other has.
func IDOf(t *Numbers, sequence int64) string {
	return t.Epoch + "-" + strconv.FormatInt(sequence, 10)
}

// Sample says whether a record is kept where only some are, and notes how many it
// stands for.
func Sample(t *Numbers, a *Settings, r *Record) bool {
	every := a.Sample[r.Decision]
	if every < 2 {
		return true
	}
	r.Sample = every
	t.mu.Lock()
	n := t.seen[r.Decision]
	t.seen[r.Decision] = n + 1
	t.mu.Unlock()
	return n%every == 0
}

// Announce writes down the record of a request that is about to be forwarded, as far as
// it is known, until all outputs have it. It returns where, or why it can't be.
func Announce(t *Numbers, a *Settings, r *Record, outputs []*Output) (*ahead.Log, error) {
	r.Outcome = "unknown"
	r.Aborted = false // as far as one can tell
	r.InBackend = 0
	line := Encode(r, a)
	if line == nil {
		return nil, errNotEncoded
	}
	return announceLine(t, r.ID, r.Sequence, line, outputs)
}

func announceLine(t *Numbers, id string, sequence int64, line []byte, outputs []*Output) (*ahead.Log, error) {
	full := fullOutput(outputs, len(line))
	if full != "" {
		return nil, errors.New(full + " has no room for it")
	}
	t.mu.Lock()
	log := t.log
	t.mu.Unlock()
	if log == nil {
		return nil, errNotOpen
	}
	err := ahead.Begin(log, sequence, string(line[:len(line)-1]))
	if err != nil {
		return nil, err
	}
	ahead.Enter(Announcements, id, log, sequence, len(outputs))
	return log, nil
}

// OpenAhead lets a middleware write ahead. What another process was at when it ended is
// recorded as soon as it is found. What was begun in another file is ended there.
func OpenAhead(t *Numbers, path string, outputs []*Output) {
	t.mu.Lock()
	t.outputs = outputs
	before := t.log
	same := t.logAt == path
	t.mu.Unlock()
	if same {
		return
	}
	var log *ahead.Log
	log = ahead.New(path, func(left []ahead.Left) { recordLeft(t, log, left) }, func(level, message string) {
		report.Write(level, t.name, "audit.required: "+message, time.Now())
	})
	t.mu.Lock()
	t.log = log
	t.logAt = path
	t.mu.Unlock()
	ahead.Open(log)
	if before != nil {
		ahead.Retire(before)
	}
}

// recordLeft has the outputs record what another process has announced and not recorded.
func recordLeft(t *Numbers, log *ahead.Log, left []ahead.Left) {
	t.mu.Lock()
	outputs := t.outputs
	t.mu.Unlock()
	ids := []string{}
	for i := range left {
		id := idIn([]byte(left[i].Text))
		if id == "" {
			ahead.End(log, left[i].Number) // it is none of ours
		} else if ahead.Enter(Announcements, id, log, left[i].Number, len(outputs)) {
			ids = append(ids, id)
		}
	}
	for i := 0; i < len(outputs) && len(ids) > 0; i++ {
		fetchAgain(outputs[i], ids)
	}
}

// CloseAhead closes the log of a middleware that is gone.
func CloseAhead(t *Numbers) {
	if t.log != nil {
		ahead.Close(t.log)
	}
}

// recordFormat tells the outputs what they have to know of records: an announcement can
// be had again, and ends when all outputs have the record.
var recordFormat = outbox.Format{Span: spanOf, Gap: gapRecord, IsGap: isGap, Kept: announcedID, Again: announcedLine, Arrived: noteArrived}

// idStart is how every record begins.
const idStart = `{"event.id":"`

// idIn returns the id of a record.
func idIn(line []byte) string {
	if !bytes.HasPrefix(line, []byte(idStart)) {
		return ""
	}
	id, _, _ := bytes.Cut(line[len(idStart):], []byte(`"`))
	return string(id)
}

// announcedID returns the id of a record that is announced, or nothing.
func announcedID(line []byte) string {
	if ahead.IsEmpty(Announcements) {
		return ""
	}
	id := idIn(line)
	if !ahead.Has(Announcements, id) {
		return ""
	}
	return id
}

// announcedLine returns the record that was announced: what came after that is not known.
func announcedLine(id string) []byte {
	text := ahead.Look(Announcements, id)
	if len(text) < 3 {
		return nil
	}
	return []byte(text[:len(text)-1] + `,"hookward.interrupted":true}` + "\n")
}

// noteArrived notes that an output has records.
func noteArrived(lines [][]byte) {
	if ahead.IsEmpty(Announcements) {
		return
	}
	for i := range lines {
		ahead.Arrive(Announcements, idIn(lines[i]))
	}
}

// spanOf returns which records a line stands for.
func spanOf(line []byte) (string, int64, int64, int64) {
	a := &lossRecord{}
	err := json.Unmarshal(line, a)
	switch {
	case err != nil || a.Epoch == "":
		return "", 0, 0, 0
	case a.Count > 0:
		return a.Epoch + " " + a.Middleware, a.First, a.Last, a.Count
	}
	return a.Epoch + " " + a.Middleware, a.Sequence, a.Sequence, 1
}
