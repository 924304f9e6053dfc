package hookward

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/ship"
)

// defaultBufferBytes is how much waits in memory for an output.
const defaultBufferBytes = 8 << 20

// output is where records go: one for all gates, and across all reloads.
type output struct {
	direct *outbox.Direct // to stdout or a file
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
	next    outputSpec
}

// outputSpec is a compiled entry of the option audit.outputs.
type outputSpec struct {
	kind   string // its type
	name   string // for people
	key    string // by which it is one for all gates that write to the same place
	file   logfile.Options
	target ship.Target
	queue  outbox.Options
	digest string // of what may change without it being another place
}

// stdoutQueue is that of stdout, where nobody says anything of it.
var stdoutQueue = outbox.Options{MemoryBytes: defaultBufferBytes}

func newOutput(s outputSpec) *output {
	o := &output{digest: s.digest}
	tell := func(level, message string, now time.Time) { report(level, "hookward", message, now) }
	switch s.kind {
	case "stdout":
		o.stdout = true
		o.direct = outbox.NewDirect(s.name, s.queue.MemoryBytes, recordFormat, func(lines []byte, now time.Time) (int, error) {
			return writeStdout(o, lines, now)
		}, tell)
	case "file":
		o.file = logfile.New(s.file, func(level, message string, now time.Time) { tell(level, s.name+": "+message, now) })
		o.direct = outbox.NewDirect(s.name, s.queue.MemoryBytes, recordFormat, func(lines []byte, now time.Time) (int, error) {
			return writeFile(o, lines, now)
		}, tell)
	default:
		o.sender = ship.New(s.target)
		o.queue = outbox.NewQueue(s.name, s.queue, recordFormat, func(records [][]byte) outbox.Outcome {
			return sendRecords(o, records)
		}, tell)
	}
	return o
}

// changeOutput gives an output other options. What waits in it stays. The file, or
// the sender, is changed by who uses it next: this is for the moment of a reload,
// which waits for no disk and no network.
func changeOutput(o *output, s outputSpec) {
	o.digest = s.digest
	o.nextMu.Lock()
	o.next = s
	o.nextMu.Unlock()
	atomic.StoreInt32(&o.changed, 1)
	if o.direct != nil {
		outbox.ResizeDirect(o.direct, s.queue.MemoryBytes)
	} else {
		outbox.Resize(o.queue, s.queue)
	}
}

// takeChange puts other options in force.
func takeChange(o *output) {
	atomic.StoreInt32(&o.changed, 0)
	o.nextMu.Lock()
	s := o.next
	o.nextMu.Unlock()
	if o.file != nil {
		logfile.Change(o.file, s.file)
	}
	if o.sender != nil {
		ship.Close(o.sender)
		o.sender = ship.New(s.target)
	}
}

// writeStdout writes, and lets those who come next write by themselves for a while.
func writeStdout(o *output, lines []byte, now time.Time) (int, error) {
	n, err := recordOutput.Write(lines)
	if err == nil {
		at := now.UnixNano()
		outbox.Open(o.direct, recordOutput, math.MaxInt64, at, at+int64(time.Second), nil)
	}
	return n, err
}

// writeFile writes, and lets those who come next write by themselves for as long as
// there is nothing else to do.
func writeFile(o *output, lines []byte, now time.Time) (int, error) {
	logfile.Grown(o.file, outbox.Shut(o.direct))
	if atomic.LoadInt32(&o.changed) != 0 {
		takeChange(o)
	}
	n, err := logfile.Write(o.file, lines, now)
	if err != nil {
		return n, err
	}
	out, left, from, until := logfile.Way(o.file)
	if out != nil {
		outbox.Open(o.direct, out, left, from, until, func(line []byte, n int) int { return logfile.Settle(o.file, line, n) })
		if atomic.LoadInt32(&o.changed) != 0 {
			logfile.Grown(o.file, outbox.Shut(o.direct)) // it has changed in between
		}
	}
	return n, nil
}

func sendRecords(o *output, records [][]byte) outbox.Outcome {
	if atomic.LoadInt32(&o.changed) != 0 {
		takeChange(o)
	}
	return ship.Send(o.sender, records)
}

// put hands a record on to the outputs. It says whether each has it where the
// end of the process can't take it away any more.
func put(outputs []*output, line []byte, required bool, now time.Time) bool {
	safe := true
	for i := range outputs {
		arrived := false
		switch {
		case outputs[i].direct != nil:
			arrived = outbox.Put(outputs[i].direct, line, now)
		case required:
			arrived = outbox.Store(outputs[i].queue, line)
		default:
			outbox.Add(outputs[i].queue, line)
		}
		safe = safe && arrived
	}
	return safe
}

// isIdle says whether an output has nothing left, and how many records it has had.
// Traefik may use old gates for as long as it can't build new ones.
func isIdle(o *output) (bool, int64) {
	if o.direct != nil {
		return outbox.DirectIdle(o.direct)
	}
	return outbox.Idle(o.queue)
}

// closeOutput closes what nobody uses any more, and nobody writes to.
func closeOutput(o *output) {
	if o.file != nil {
		logfile.Close(o.file)
	}
	if o.sender != nil {
		ship.Close(o.sender)
	}
}
