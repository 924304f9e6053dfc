package hookward

import (
	"context"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/ship"
)

// output is where records go: one for all gates, and across all reloads.
type output struct {
	direct *outbox.Direct // to stdout or a file
	queue  *outbox.Queue  // to what is across a network

	ctx  context.Context // of the newest gate that uses it
	last time.Time       // when that was last seen to be there, or the output in use
	uses int64           // until then

	mu     sync.Mutex // held while something is written or sent, for what follows
	file   *logfile.File
	sender *ship.Sender
	of     string // by which options
}

var (
	outputsMu    sync.Mutex
	outputsByKey = map[string]*output{}
)

// onStdout returns the outputs of a gate that has none of its own.
func onStdout() []*output {
	outputsMu.Lock()
	defer outputsMu.Unlock()
	o := outputsByKey["stdout"]
	if o == nil {
		o = newOutput(outputSpec{kind: "stdout", name: "output stdout", key: "stdout", queue: outbox.Options{MemoryBytes: defaultBufferBytes}})
		outputsByKey["stdout"] = o
	}
	return []*output{o}
}

// useOutputs gives a policy the outputs that its options name.
func useOutputs(ctx context.Context, a *audit, now time.Time) {
	outputsMu.Lock()
	defer outputsMu.Unlock()
	outputs := []*output{}
	for i := range a.specs {
		outputs = append(outputs, useOutput(ctx, a.specs[i], now))
	}
	if a.outputs == nil {
		a.outputs = outputs
	}
}

func useOutput(ctx context.Context, s outputSpec, now time.Time) *output {
	o := outputsByKey[s.key]
	if o == nil {
		o = newOutput(s)
		outputsByKey[s.key] = o
	}
	if o.ctx == nil || ctx.Err() == nil {
		o.ctx = ctx
	}
	o.last = now
	if o.of != s.of {
		changeOutput(o, s)
	}
	return o
}

func newOutput(s outputSpec) *output {
	o := &output{of: s.of}
	tell := func(level, message string, now time.Time) { report(level, "hookward", message, now) }
	switch s.kind {
	case "stdout":
		o.direct = outbox.NewDirect(s.name, s.queue.MemoryBytes, recordFormat, writeStdout, tell)
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

// changeOutput gives an output other options. What waits in it stays.
func changeOutput(o *output, s outputSpec) {
	o.of = s.of
	if o.direct != nil {
		outbox.ResizeDirect(o.direct, s.queue.MemoryBytes)
		if o.file != nil {
			o.mu.Lock()
			logfile.Change(o.file, s.file)
			o.mu.Unlock()
		}
		return
	}
	outbox.Resize(o.queue, s.queue)
	// Not under the lock, which is held for as long as a batch takes.
	next := ship.New(s.target)
	time.AfterFunc(0, func() {
		defer func() { _ = recover() }()
		o.mu.Lock()
		before := o.sender
		o.sender = next
		o.mu.Unlock()
		ship.Close(before)
	})
}

func writeStdout(lines []byte, _ time.Time) (int, error) {
	return recordOutput.Write(lines)
}

func writeFile(o *output, lines []byte, now time.Time) (int, error) {
	o.mu.Lock()
	n, err := logfile.Write(o.file, lines, now)
	o.mu.Unlock()
	return n, err
}

func sendRecords(o *output, records [][]byte) outbox.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
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

// forgetOutputs ends outputs that nobody has used for long, and that have nothing
// left.
func forgetOutputs(now time.Time) {
	outputsMu.Lock()
	defer outputsMu.Unlock()
	for key, o := range outputsByKey {
		idle, uses := isIdle(o)
		if o.ctx == nil || o.ctx.Err() == nil || !idle || uses != o.uses {
			o.last = now
			o.uses = uses
		}
		if now.Sub(o.last) <= memoryLinger || key == "stdout" {
			continue
		}
		delete(outputsByKey, key)
		closeOutput(o)
	}
}

// isIdle says whether an output has nothing left, and how many records it has had.
// Traefik may use old gates for as long as it can't build new ones.
func isIdle(o *output) (bool, int64) {
	if o.direct != nil {
		return outbox.DirectIdle(o.direct)
	}
	return outbox.Idle(o.queue)
}

func closeOutput(o *output) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file != nil {
		logfile.Close(o.file)
	}
	if o.sender != nil {
		ship.Close(o.sender)
	}
}
