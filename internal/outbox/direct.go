package outbox

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// Direct hands lines on to something near, such as a file: at once, by whoever
// brings them. While one is at it, or while that fails, the lines of others wait
// in memory, so that nobody waits but the one who is at it.
type Direct struct {
	name  string
	most  int // bytes that wait
	write func(lines []byte, now time.Time) (int, error)
	voice *voice

	mu       sync.Mutex
	busy     bool        // somebody writes, or a retry is planned
	timer    *time.Timer // of drain; see stopped
	uses     int64
	waiting  buffer
	rest     []byte // of what was written in part: it goes first, and is never dropped
	gaps     gaps
	failures int
}

// directChunk is how much is written at once of what had to wait.
const directChunk = 64 << 10

// NewDirect returns a Direct. Write gets whole lines, one call at a time, and
// returns of how many bytes it need not be given again, as an io.Writer does.
// What goes wrong is told.
func NewDirect(name string, most int, format Format, write func(lines []byte, now time.Time) (int, error), tell func(level, message string, now time.Time)) *Direct {
	d := &Direct{name: name, most: most, write: write, voice: &voice{tell: tell}, waiting: buffer{chunkBytes: part(directChunk, most)}, gaps: gaps{format: format, spans: map[string]*span{}}}
	d.timer = stopped(func() { drain(d) })
	return d
}

// Put hands on one line, with its newline, and says whether it has arrived: else
// it waits, or will be reported as lost.
func Put(d *Direct, line []byte, now time.Time) bool {
	d.mu.Lock()
	d.uses++
	if d.busy {
		wait(d, line)
		d.mu.Unlock()
		return false
	}
	d.busy = true
	d.mu.Unlock()
	n, err := d.write(line, now)
	if err != nil {
		failed(d, append([]byte{}, line...), n, false, err) // the line is others' too
		return false
	}
	d.mu.Lock()
	if d.waiting.size > 0 || len(d.gaps.spans) > 0 {
		drainLater(d)
	} else {
		d.busy = false
	}
	d.mu.Unlock()
	return true
}

// wait adds a line to those that wait, with the lock held, and drops the oldest
// where they are too many. As what follows it is a function of its own because
// interpreted code pays for all variables of a function at each call.
func wait(d *Direct, line []byte) {
	add(&d.waiting, line)
	if d.waiting.size > d.most && shrink(&d.waiting, d.most, &d.gaps) {
		say(d.voice, "error", d.name+": records are lost, because too many wait to be written")
	}
}

// drainLater leaves what others have brought meanwhile to a goroutine: it is not
// for a request to write it all.
func drainLater(d *Direct) {
	d.timer.Reset(0)
}

// failed keeps what was not written and plans another attempt. The lines may begin
// in the middle of one.
func failed(d *Direct, lines []byte, n int, torn bool, err error) {
	d.mu.Lock()
	if torn && n == 0 || n > 0 && n < len(lines) && lines[n-1] != '\n' {
		// The line is completed when it can be: nothing may come in between.
		end := n + 1 + bytes.IndexByte(lines[n:], '\n')
		d.rest = lines[n:end]
		n = end
	}
	putBack(&d.waiting, lines[n:])
	shrink(&d.waiting, d.most, &d.gaps)
	d.failures++
	wait := backoff(d.failures, 0)
	d.mu.Unlock()
	say(d.voice, "error", d.name+": "+err.Error()+"; records wait in memory")
	d.timer.Reset(wait)
}

// drain writes what waits. It is the one who is busy.
func drain(d *Direct) {
	defer func() {
		if p := recover(); p != nil {
			say(d.voice, "error", d.name+": writing panicked: "+fmt.Sprint(p))
			d.timer.Reset(longest)
		}
	}()
	for {
		lines, torn := next(d)
		if lines == nil {
			return
		}
		n, err := d.write(lines, time.Now())
		if err != nil {
			failed(d, lines, n, torn, err)
			return
		}
		recovered(d)
	}
}

// next returns what is to be written next, and whether it begins in the middle of
// a line. Where there is nothing, nobody is busy from then on.
func next(d *Direct) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rest) > 0 {
		rest := d.rest
		d.rest = nil
		return rest, true
	}
	lines := append(join(takeGaps(&d.gaps)), take(&d.waiting)...)
	if len(lines) == 0 {
		d.busy = false
		return nil, false
	}
	return lines, false
}

func recovered(d *Direct) {
	d.mu.Lock()
	was := d.failures
	d.failures = 0
	d.mu.Unlock()
	if was > 0 {
		say(d.voice, "info", d.name+": is well again")
	}
}

// DirectIdle says whether nothing waits, and how many lines there have been.
func DirectIdle(d *Direct) (bool, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.busy, d.uses
}

// ResizeDirect changes how many bytes may wait.
func ResizeDirect(d *Direct, most int) {
	d.mu.Lock()
	d.most = most
	d.waiting.chunkBytes = part(directChunk, most)
	d.mu.Unlock()
}
