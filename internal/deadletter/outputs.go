package deadletter

import (
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/store"
)

// Outputs are where a middleware's dead letters go, across all reloads.
type Outputs struct {
	mu      sync.Mutex // for moments only
	byMark  map[string]*output
	private []string
}

// output is one of them. It has one user at a time, but for what Outputs.mu guards.
type output struct {
	turn sync.Mutex // of who uses what follows: two engines may have dead letters
	spec audit.Spec // guarded by Outputs.mu

	made   string // the digest of the spec that the rest is made of
	sender *ship.Sender
	file   *logfile.File
}

// New returns outputs, of which there are none yet.
func New() *Outputs {
	return &Outputs{byMark: map[string]*output{}}
}

// Use has other outputs from now on: each spec with the mark of delivery.Options.Outputs in
// the same place. Headers of the private names are in no letter.
func Use(all *Outputs, specs []audit.Spec, marks []delivery.Output, private []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	byMark := map[string]*output{}
	for i := range specs {
		o := all.byMark[marks[i].Mark]
		if o == nil {
			o = &output{}
		}
		o.spec = specs[i]
		byMark[marks[i].Mark] = o
	}
	for mark, o := range all.byMark {
		if byMark[mark] == nil && o.sender != nil {
			ship.Close(o.sender)
		}
	}
	all.byMark = byMark
	all.private = private
}

// Send hands a dead delivery over to the output of a mark, once, and waits for what becomes
// of that.
func Send(all *Outputs, mark string, d *store.Delivery, e *store.Entry) delivery.Handed {
	all.mu.Lock()
	o := all.byMark[mark]
	all.mu.Unlock()
	if o == nil {
		return delivery.Handed{NotTried: true}
	}
	o.turn.Lock()
	defer o.turn.Unlock()
	all.mu.Lock()
	stays := all.byMark[mark] == o
	private := all.private
	spec := o.spec
	if stays {
		prepare(o, spec)
	}
	all.mu.Unlock()
	if !stays {
		return delivery.Handed{NotTried: true} // a reload has taken it away meanwhile
	}
	if spec.Kind == "sqs" {
		return sendMessage(o, spec, d, e, private)
	}
	line, err := lineOf(d, e, private)
	if err != nil {
		return delivery.Handed{Refused: true, Problem: "a dead letter can't be written as JSON"}
	}
	return sendLine(o, spec, line)
}

// prepare makes what sends by the newest options, with the lock held: see Use.
func prepare(o *output, spec audit.Spec) {
	if o.made == spec.Digest {
		return
	}
	o.made = spec.Digest
	if o.sender != nil {
		ship.Close(o.sender)
		o.sender = nil
	}
	switch {
	case spec.Kind == "stdout":
	case spec.Kind == "file" && o.file == nil:
		o.file = logfile.New(spec.File, func(level, message string, now time.Time) {
			report.Write(level, "hookward", spec.Name+": "+message, now)
		})
	case spec.Kind == "file":
		logfile.Change(o.file, spec.File)
	default:
		o.sender = ship.New(spec.Target)
	}
}

// sendLine hands over a line. What a file has counts once it is synced.
func sendLine(o *output, spec audit.Spec, line []byte) delivery.Handed {
	var err error
	switch {
	case spec.Kind == "stdout":
		err = audit.WriteStdout(line)
	case o.file != nil:
		_, err = logfile.Write(o.file, line, time.Now())
		if err == nil {
			err = logfile.Sync(o.file)
		}
	default:
		outcome := ship.Send(o.sender, [][]byte{line[:len(line)-1]})
		return delivery.Handed{
			Taken:   len(outcome.Later)+len(outcome.Refused) == 0,
			Refused: len(outcome.Refused) > 0, Wait: outcome.Wait, Problem: outcome.Problem,
		}
	}
	if err != nil {
		return delivery.Handed{Problem: err.Error()}
	}
	return delivery.Handed{Taken: true}
}

var unwritable = delivery.Handed{Refused: true, Problem: "a dead letter can't be written as a message"}

// sendMessage sends a message, or, where it is too large, one that says which it is.
func sendMessage(o *output, spec audit.Spec, d *store.Delivery, e *store.Entry, private []string) delivery.Handed {
	url := spec.Target.URL
	fifo := strings.HasSuffix(url, ".fifo")
	m, err := messageOf(d, e, private, url, fifo)
	if err != nil {
		return unwritable
	}
	outcome := ship.SendMessage(o.sender, m)
	if outcome.Refused && !outcome.TooLarge && m.Attributes["encoding"] == encodedText {
		encode(m, d.Body) // it may be the characters: what speaks as SQS does may take fewer
		outcome = ship.SendMessage(o.sender, m)
	}
	isPointer := outcome.TooLarge
	if isPointer {
		m, err = pointerOf(d, e, url, fifo)
		if err != nil {
			return unwritable
		}
		outcome = ship.SendMessage(o.sender, m)
	}
	return delivery.Handed{Taken: outcome.Taken, Pointer: isPointer, Refused: outcome.Refused, Wait: outcome.Wait, Problem: outcome.Problem}
}
