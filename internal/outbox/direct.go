package outbox

import (
	"bytes"
	"fmt"
	"io"
	"math"
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
	timer *time.Timer // of drain; see stopped
	until *time.Timer // of the short way

	mu sync.Mutex // guards what follows

	// busy says that somebody writes, or that a retry is planned.
	busy bool
	// behind says that lines wait, or are lost.
	behind bool
	// uses counts lines.
	uses int64

	// out is the short way: who is busy may write a line there, if it is no longer
	// than left, which it is taken off.
	out    io.Writer
	left   int
	opened int // what was left at first
	settle func(line []byte, n int) int

	waiting  buffer
	rest     []byte // of what was written in part: it goes first, and is never dropped
	restOf   []byte // the whole line
	gaps     gaps
	failures int   // in a row
	failed   int64 // all failures
}

// directChunk is how much is written at once of what had to wait.
const directChunk = 64 << 10

// NewDirect returns a Direct. Write gets whole lines, one call at a time, and
// returns of how many bytes it need not be given again, as an io.Writer does.
// What goes wrong is told.
func NewDirect(name string, most int, format Format, write func(lines []byte, now time.Time) (int, error), tell func(level, message string, now time.Time)) *Direct {
	d := &Direct{name: name, most: most, write: write, voice: &voice{tell: tell}, waiting: buffer{chunkBytes: part(directChunk, most)}, gaps: gaps{format: format, spans: map[string]*span{}}}
	d.timer = stopped(func() { drain(d) })
	d.until = stopped(func() { shutLater(d) })
	return d
}

// Put hands on one line, with its newline, and says whether it has arrived: else
// it waits, or will be reported as lost.
//
// Interpreted, a call costs what all variables of the function cost: so Put has the usual
// case alone, in which nobody else is at it, and there is a short way.
func Put(d *Direct, line []byte) bool {
	d.mu.Lock()
	if d.busy || len(line) > d.left {
		return putAny(d, line)
	}
	d.busy = true
	d.uses++
	d.left -= len(line)
	d.mu.Unlock()
	written, err := d.out.Write(line)
	if err != nil {
		return cutShort(d, line, written, err)
	}
	d.mu.Lock()
	if d.behind {
		return leaveRest(d)
	}
	d.busy = false
	d.mu.Unlock()
	return true
}

// putAny is Put for every case. It begins with the lock held.
func putAny(d *Direct, line []byte) bool {
	d.uses++
	if d.busy {
		wait(d, line)
		d.mu.Unlock()
		return false
	}
	d.busy = true
	d.mu.Unlock()
	n, err := d.write(line, time.Now())
	if err != nil {
		failed(d, append([]byte{}, line...), n, false, err) // the line is others' too
		return false
	}
	d.mu.Lock()
	if d.behind {
		return leaveRest(d)
	}
	d.busy = false
	d.mu.Unlock()
	return true
}

// leaveRest leaves what others have brought while a line was written to a goroutine, which
// is the one who is busy then: it is not for a request to write it all. It begins with the
// lock held, and returns what Put does.
func leaveRest(d *Direct) bool {
	d.mu.Unlock()
	d.timer.Reset(0)
	return true
}

// cutShort goes on where a line was written the short way only in part.
func cutShort(d *Direct, line []byte, n int, err error) bool {
	d.mu.Lock()
	d.left += len(line) - n // it has grown by no more than n
	d.mu.Unlock()
	if d.settle != nil {
		n = d.settle(line, n)
	}
	failed(d, append([]byte{}, line...), n, false, err)
	return false
}

// Open opens the short way: as many bytes may be written to out, for as long as until. What
// an error has cut off is settled, as a write of NewDirect's would do it; nil leaves n as
// it is. Whoever calls it is busy.
func Open(d *Direct, out io.Writer, left int64, until time.Duration, settle func(line []byte, n int) int) {
	if left > math.MaxInt32 {
		left = math.MaxInt32 // as much as there is room for everywhere
	}
	d.mu.Lock()
	d.out = out
	d.left = int(left)
	d.opened = int(left)
	d.settle = settle
	d.mu.Unlock()
	d.until.Reset(until)
}

// Shut shuts the short way, and returns how many bytes went that way.
func Shut(d *Direct) int64 {
	d.mu.Lock()
	n := d.opened - d.left
	d.opened = 0
	d.left = 0
	d.mu.Unlock()
	return int64(n)
}

// shutLater shuts the short way, and leaves it to Shut to tell what went that way.
func shutLater(d *Direct) {
	d.mu.Lock()
	d.opened -= d.left
	d.left = 0
	d.mu.Unlock()
}

// wait adds a line to those that wait, with the lock held, and drops the oldest
// where they are too many. As what follows it is a function of its own because
// interpreted code pays for all variables of a function at each call.
func wait(d *Direct, line []byte) {
	d.behind = true
	add(&d.waiting, line)
	if d.waiting.size > d.most && shrink(&d.waiting, d.most, &d.gaps) {
		say(d.voice, "error", d.name+": records are lost, because too many wait to be written")
	}
}

// failed keeps what was not written and plans another attempt. The lines may begin
// in the middle of one.
func failed(d *Direct, lines []byte, n int, torn bool, err error) {
	d.mu.Lock()
	whole := lines[:n] // that were written
	tornOf := d.restOf
	if torn && n == 0 || n > 0 && n < len(lines) && lines[n-1] != '\n' {
		// The line is completed when it can be: nothing may come in between.
		end := n + 1 + bytes.IndexByte(lines[n:], '\n')
		d.rest = lines[n:end]
		start := bytes.LastIndexByte(lines[:n], '\n') + 1
		if !torn || start > 0 {
			d.restOf = lines[start:end]
		}
		whole = lines[:start]
		n = end
	}
	putBack(&d.waiting, lines[n:])
	shrink(&d.waiting, d.most, &d.gaps)
	d.failures++
	d.failed++
	wait := pause(d.failures, 0)
	d.mu.Unlock()
	tellArrived(d, whole, torn, tornOf)
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
		tellArrived(d, lines, torn, d.restOf)
		recovered(d)
	}
}

// tellArrived tells which lines have arrived that had to wait. The first may be the rest
// of one.
func tellArrived(d *Direct, lines []byte, torn bool, tornOf []byte) {
	if torn && len(lines) > 0 {
		arrived(d.gaps.format, [][]byte{tornOf})
		lines = lines[bytes.IndexByte(lines, '\n')+1:]
	}
	arrived(d.gaps.format, split(lines))
}

// next returns what is to be written next, and whether it begins in the middle of
// a line. Where there is nothing, nobody is busy from then on.
func next(d *Direct) ([]byte, bool) {
	lines := []byte(nil)
	torn := false
	ends := false
	for len(lines) == 0 && !ends {
		lines, torn, ends = oldestWaiting(d)
		if len(lines) == 0 && !ends {
			lines = fetchKept(d)
		}
	}
	return lines, torn
}

// oldestWaiting is next but for what can be had again. The last result says that there
// is none of that either.
func oldestWaiting(d *Direct) ([]byte, bool, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rest) > 0 {
		rest := d.rest
		d.rest = nil
		return rest, true, false
	}
	lines := append(join(takeGaps(&d.gaps)), take(&d.waiting)...)
	if len(lines) == 0 && len(d.gaps.kept) == 0 {
		d.behind = false
		d.busy = false
		return nil, false, true
	}
	return lines, false, false
}

func recovered(d *Direct) {
	d.mu.Lock()
	was := d.failures
	d.failures = 0
	d.gaps.full = false
	d.mu.Unlock()
	if was > 0 {
		say(d.voice, "info", d.name+": is well again")
	}
}

// ResizeDirect changes how many bytes may wait, and shuts the short way.
func ResizeDirect(d *Direct, most int) {
	shutLater(d)
	d.mu.Lock()
	d.most = most
	d.waiting.chunkBytes = part(directChunk, most)
	d.mu.Unlock()
}
