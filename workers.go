package hookward

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/traefik"
)

// workers are goroutines that do the same work on one request after another.
//
// Interpreted, a function allocates all of its variables and temporaries at each
// call, which is most of what a request costs; a loop keeps them. So the checks
// and the record run in two loops, decideLoop and recordLoop, into which dev/inline
// writes the functions that every request needs. Compiled, a request records by itself;
// a worker decides all the same, since a read that stalls can only be left to it.
//
// If no worker is idle, the sender of a job has one more started: see submit. So there
// are as many as requests are being decided on at once, and a sender that stalls holds
// up nobody else.
type workers struct {
	jobs   chan *exchange // nil ends who takes it, unless a job stands behind it
	wanted chan bool      // true for one more of them
	size   int64          // atomic: how many there are
}

// maxIdle bounds how many workers of a kind stay when there is no work for them.
const maxIdle = 32

// maxKept bounds the body, or the record, that a waiting worker may hold
// on to: the variables of its loop keep their values. After a larger one it ends.
const maxKept = 64 << 10

var (
	deciders  = newWorkers()
	recorders = newWorkers()
)

func newWorkers() *workers {
	return &workers{jobs: make(chan *exchange, maxIdle), wanted: make(chan bool, maxIdle)}
}

var (
	workersMu    sync.Mutex
	workersBegun bool
)

// startWorkers is called before there is a request.
func startWorkers() {
	workersMu.Lock()
	begun := workersBegun
	workersBegun = true
	workersMu.Unlock()
	if begun {
		return
	}
	go watch()
	go start(deciders)
	go start(recorders)
}

// start starts workers. It is a goroutine of its own because Yaegi keeps the variables of a
// function for as long as what it has started with go: workers that start each other would
// keep those of all before them, bodies included.
func start(w *workers) {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		<-w.wanted
		atomic.AddInt64(&w.size, 1)
		go work(w)
	}
}

// inlined says that the loops of loop.go run, which are for the interpreter.
var inlined = !traefik.Compiled

// work is one worker. Its loop sees to what panics there, and nothing should reach this.
func work(w *workers) {
	defer func() {
		if panicked := recover(); panicked != nil {
			report.Write("error", "hookward", "a worker panicked, and has ended: "+fmt.Sprint(panicked), time.Now())
		}
	}()
	switch {
	case w == deciders && inlined:
		decideLoopInlined(w, nil, newScratch())
	case w == deciders:
		decideLoop(w, nil, newScratch())
	case inlined:
		recordLoopInlined(w, nil, newRecordScratch())
	default:
		recordLoop(w, nil, newRecordScratch())
	}
}

// submit gives workers a job, and sees to it that one of them is there for it.
func submit(w *workers, x *exchange) {
	w.jobs <- x
	if len(w.jobs) > 0 {
		w.wanted <- true
	}
}

// nextJob waits for a job. It returns nil where the worker is to end.
//
//inline:hot
func nextJob(w *workers) *exchange {
	x := <-w.jobs
	for x == nil && len(w.jobs) > 0 {
		x = <-w.jobs // its sender counts on this worker
	}
	return x
}

// leave ends a worker.
func leave(w *workers) {
	atomic.AddInt64(&w.size, -1)
}

const watchInterval = 100 * time.Millisecond

// watch looks now and then for what nobody else sees: a clock that was set, bodies that
// are late, and workers that have become too many.
func watch() {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		time.Sleep(watchInterval)
		claim.Follow()
		intake.GiveUpLate(int64(time.Since(memory.Started)))
		shrink(deciders)
		shrink(recorders)
	}
}

// shrink ends some who wait.
func shrink(w *workers) {
	excess := atomic.LoadInt64(&w.size) - maxIdle
	for i := int64(0); i < excess && i < maxIdle/4 && len(w.jobs) == 0; i++ {
		w.jobs <- nil
	}
}

// recordPanicked ends what a worker has panicked at. The end of a claim is not tried
// again, so that the record has its turn. A record that is lost has had its number, or
// takes it now: the gap is seen.
func recordPanicked(x *exchange, problem string) {
	now := time.Now()
	report.Write("error", x.gate.Name, "recording a request panicked: "+problem, now)
	if x.announced != nil {
		cantAnnounce(x, "recording it panicked", now)
		tellAnnounced(x)
		return
	}
	if x.settled && x.claim != "" {
		holdPanicked(x, now)
		submit(recorders, x)
		return
	}
	if x.sequence == 0 {
		x.sequence = atomic.AddInt64(&x.gate.Numbers.Sequence, 1)
	}
	countLost(x, now)
	x.done <- true
}

// holdPanicked leaves a claim in flight for a time, whose end has panicked. It may panic
// at the same.
func holdPanicked(x *exchange, now time.Time) {
	defer func() {
		_ = recover()
		x.claim = ""
	}()
	hold(x, now)
}
