package audit

import (
	"context"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/words"
)

// DefaultBufferBytes is how much waits in memory for an output.
const DefaultBufferBytes = 8 << 20

// Output is where records go: one for all gates, and across all reloads.
type Output struct {
	name   string         // for people
	Direct *outbox.Direct // to stdout or a file
	queue  *outbox.Queue  // to what is across a network
	stdout bool           // it is recordOutput

	ctx  context.Context // of the newest gate that uses it
	last time.Time       // when that was last seen to be there, or the output in use
	uses int64           // until then

	digest     string // of its options
	middleware string // whose options they are

	// For one at a time, who writes or sends.
	file   *logfile.File
	sender *ship.Sender

	changed int32      // atomic: there is a next one
	nextMu  sync.Mutex // for what follows; held for moments only
	next    Spec
}

// Spec is a compiled entry of the option audit.outputs.
type Spec struct {
	Kind   string // its type
	Name   string // for people
	Key    string // by which it is one for all gates that write to the same place
	File   logfile.Options
	Target ship.Target
	Queue  outbox.Options
	Digest string // of what may change without it being another place
}

// Stdout is the output of a gate that names none.
var Stdout = Spec{Kind: "stdout", Name: "output stdout", Key: "stdout", Queue: outbox.Options{MemoryBytes: DefaultBufferBytes}}

// NewOutput returns an output as a middleware has it.
func NewOutput(middleware string, s Spec) *Output {
	o := &Output{name: s.Name, digest: s.Digest, middleware: middleware}
	tell := func(level, message string, now time.Time) { report.Write(level, "hookward", message, now) }
	switch s.Kind {
	case "stdout":
		o.stdout = true
		o.Direct = outbox.NewDirect(s.Name, s.Queue.MemoryBytes, recordFormat, func(lines []byte, _ time.Time) (int, error) {
			return writeStdout(o, lines)
		}, tell)
	case "file":
		o.file = logfile.New(s.File, func(level, message string, now time.Time) { tell(level, s.Name+": "+message, now) })
		o.Direct = outbox.NewDirect(s.Name, s.Queue.MemoryBytes, recordFormat, func(lines []byte, now time.Time) (int, error) {
			return writeFile(o, lines, now)
		}, tell)
	default:
		o.sender = ship.New(s.Target)
		o.queue = outbox.NewQueue(s.Name, s.Queue, recordFormat, func(records [][]byte) outbox.Outcome {
			return sendRecords(o, records)
		}, tell)
	}
	return o
}

// UseOutput has one more gate use an output. Of two middlewares that configure it
// differently, the first counts for as long as it is there.
func UseOutput(ctx context.Context, o *Output, middleware string, s Spec, now time.Time) {
	switch {
	case o.digest == s.Digest:
	case o.middleware != middleware && o.ctx != nil && o.ctx.Err() == nil:
		report.Write("warn", middleware, s.Name+": middleware "+words.Quote(o.middleware)+" has another configuration of it, which counts", now)
	default:
		o.middleware = middleware
		changeOutput(o, s)
	}
	if o.ctx == nil || ctx.Err() == nil {
		o.ctx = ctx
	}
	o.last = now
}

// changeOutput gives an output other options. What waits in it stays. The file, or
// the sender, is changed by who uses it next: this is for the moment of a reload,
// which waits for no disk and no network.
func changeOutput(o *Output, s Spec) {
	o.digest = s.Digest
	o.nextMu.Lock()
	o.next = s
	o.nextMu.Unlock()
	atomic.StoreInt32(&o.changed, 1)
	if o.Direct != nil {
		outbox.ResizeDirect(o.Direct, s.Queue.MemoryBytes)
	} else {
		outbox.Resize(o.queue, s.Queue)
	}
}

// takeChange puts other options in force.
func takeChange(o *Output) {
	atomic.StoreInt32(&o.changed, 0)
	o.nextMu.Lock()
	s := o.next
	o.nextMu.Unlock()
	if o.file != nil {
		logfile.Change(o.file, s.File)
	}
	if o.sender != nil {
		ship.Close(o.sender)
		o.sender = ship.New(s.Target)
	}
}

// writeStdout writes, and lets those who come next write by themselves for a while.
func writeStdout(o *Output, lines []byte) (int, error) {
	n, err := recordOutput.Write(lines)
	if err == nil {
		outbox.Open(o.Direct, recordOutput, math.MaxInt64, time.Second, nil)
	}
	return n, err
}

// writeFile writes, and lets those who come next write by themselves for as long as
// there is nothing else to do.
func writeFile(o *Output, lines []byte, now time.Time) (int, error) {
	logfile.Grown(o.file, outbox.Shut(o.Direct))
	if atomic.LoadInt32(&o.changed) != 0 {
		takeChange(o)
	}
	n, err := logfile.Write(o.file, lines, now)
	if err != nil {
		return n, err
	}
	out, left, until := logfile.Way(o.file, now)
	if out != nil {
		outbox.Open(o.Direct, out, left, until, func(line []byte, n int) int { return logfile.Settle(o.file, line, n) })
		if atomic.LoadInt32(&o.changed) != 0 {
			logfile.Grown(o.file, outbox.Shut(o.Direct)) // it has changed in between
		}
	}
	return n, nil
}

func sendRecords(o *Output, records [][]byte) outbox.Outcome {
	if atomic.LoadInt32(&o.changed) != 0 {
		takeChange(o)
	}
	return ship.Send(o.sender, records)
}

// Put hands a record on to the outputs. It says whether each has it where the
// end of the process can't take it away any more.
func Put(outputs []*Output, line []byte, required bool) bool {
	safe := true
	have := 0
	for i := range outputs {
		arrived := false
		switch {
		case outputs[i].Direct != nil:
			arrived = outbox.Put(outputs[i].Direct, line)
		case required:
			arrived = outbox.Store(outputs[i].queue, line)
		default:
			outbox.Add(outputs[i].queue, line)
		}
		safe = safe && arrived
		if arrived {
			have++
		}
	}
	for i := 0; i < have && !safe; i++ {
		noteArrived([][]byte{line}) // the others tell by themselves
	}
	return safe
}

// fullOutput returns the name of an output where no record of so many bytes may wait, or
// nothing.
func fullOutput(outputs []*Output, size int) string {
	for _, o := range outputs {
		if o.Direct != nil && !outbox.DirectHasRoom(o.Direct, size) || o.Direct == nil && !outbox.HasRoom(o.queue, size) {
			return o.name
		}
	}
	return ""
}

// fetchAgain has an output record what was announced.
func fetchAgain(o *Output, ids []string) {
	if o.Direct != nil {
		outbox.FetchDirect(o.Direct, ids)
	} else {
		outbox.Fetch(o.queue, ids)
	}
}

// IsIdle says whether an output has nothing left, and how many records it has had.
// Traefik may use old gates for as long as it can't build new ones.
func IsIdle(o *Output) (bool, int64) {
	if o.Direct != nil {
		return outbox.DirectIdle(o.Direct)
	}
	return outbox.Idle(o.queue)
}

// UnusedFor returns for how long nobody has used an output that has nothing left.
func UnusedFor(o *Output, now time.Time) time.Duration {
	idle, uses := IsIdle(o)
	if o.ctx == nil || o.ctx.Err() == nil || !idle || uses != o.uses {
		o.last = now
		o.uses = uses
	}
	return now.Sub(o.last)
}

// CloseOutput closes what nobody uses any more, and nobody writes to.
func CloseOutput(o *Output) {
	if o.file != nil {
		logfile.Close(o.file)
	}
	if o.sender != nil {
		ship.Close(o.sender)
	}
}

// recordOutput is the process's stdout itself: what a plugin prints otherwise
// goes through Traefik's log, at a level that hides it.
var recordOutput io.Writer = os.Stdout

// WriteStdout writes a line that is no record where records for stdout go.
func WriteStdout(line []byte) error {
	_, err := recordOutput.Write(line)
	return err
}

// Redirect has the records for stdout go somewhere else. It is for tests.
func Redirect(w io.Writer) {
	recordOutput = w
}

// HealthOf returns an output's name, for people, and how it is doing.
func HealthOf(o *Output) (string, outbox.Health) {
	if o.Direct != nil {
		return o.name, outbox.DirectHealth(o.Direct)
	}
	return o.name, outbox.QueueHealth(o.queue)
}
