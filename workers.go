package hookward

import (
	"sync"
	"sync/atomic"
	"time"
)

// crew is goroutines that do the same work on one request after another.
//
// Interpreted, a function allocates all of its variables and temporaries at each
// call, which is most of what a request costs; a loop keeps them. So the checks
// and the record are the bodies of two loops, decider and recorder, and what is
// rare is a function that they call. Measured, the same statements in functions:
// 370 allocations and 53 µs of CPU against 175 and 37.
//
// A job that nobody was waiting for has another one of them started, by whoever has
// sent it: see handOver. So there are as many as requests are being read or decided on
// at once, and a sender that stalls holds up nobody else.
type crew struct {
	jobs   chan *decision // nil ends who takes it, unless a job stands behind it: its sender counts on them
	wanted chan bool      // true for one more of them
	size   int64          // atomic: how many there are
}

// maxIdle bounds how many of a crew stay when there is no work for them.
const maxIdle = 32

// maxKept bounds the body, or the record, that a waiting member of a crew may hold
// on to: the variables of its loop keep their values. After a larger one it ends.
const maxKept = 64 << 10

var (
	deciders  = newCrew()
	recorders = newCrew()
)

func newCrew() *crew {
	return &crew{jobs: make(chan *decision, maxIdle), wanted: make(chan bool, maxIdle)}
}

var (
	crewsMu    sync.Mutex
	crewsBegun bool
)

// startCrews is called before there is a request.
func startCrews() {
	crewsMu.Lock()
	begun := crewsBegun
	crewsBegun = true
	crewsMu.Unlock()
	if begun {
		return
	}
	go watch()
	go hireDeciders(deciders)
	go hireRecorders(recorders)
}

// hireDeciders starts deciders. It is a goroutine of its own because Yaegi keeps the
// variables of a function for as long as what it has started with go: deciders that
// start each other would keep those of all before them, bodies included.
func hireDeciders(c *crew) {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		<-c.wanted
		atomic.AddInt64(&c.size, 1)
		go decider(c, nil, &bodyWatch{})
	}
}

// hireRecorders starts recorders.
func hireRecorders(c *crew) {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		<-c.wanted
		atomic.AddInt64(&c.size, 1)
		go recorder(c, nil)
	}
}

// handOver gives a crew a job. What every request needs has these lines written out.
func handOver(c *crew, d *decision) {
	c.jobs <- d
	if len(c.jobs) > 0 {
		c.wanted <- true
	}
}

// leave ends a member of a crew.
func leave(c *crew) {
	atomic.AddInt64(&c.size, -1)
}

const watchInterval = 100 * time.Millisecond

// watch looks now and then for what nobody else sees: bodies that are late, and crews
// that have become too large.
func watch() {
	defer func() { _ = recover() }() // nothing here can panic
	for {
		time.Sleep(watchInterval)
		giveUpLate(int64(time.Since(started)))
		shrinkCrew(deciders)
		shrinkCrew(recorders)
	}
}

// shrinkCrew ends some who wait.
func shrinkCrew(c *crew) {
	excess := atomic.LoadInt64(&c.size) - maxIdle
	for i := int64(0); i < excess && i < maxIdle/4 && len(c.jobs) == 0; i++ {
		c.jobs <- nil
	}
}
