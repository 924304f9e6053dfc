// Package delivery knows which deliveries wait, and has each of them tried when it is due,
// until it has arrived or is given up. It must not know what trying one means, nor what is
// recorded of it: that is the gate's.
//
// One goroutine, dispatch, says what is tried next; up to Options.Concurrency others try.
// What is known of a delivery in memory is little, whatever its size; the rest is read
// when it is tried.
package delivery

import (
	"sync"
	"time"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// Options are what a reload may change.
type Options struct {
	Schedule      *retry.Schedule
	Concurrency   int
	Interval      time.Duration // between the beginnings of two attempts; 0 is none
	MaxBytes      int64         // of all files
	MaxDeliveries int
	Keep          time.Duration // of the dead, once all Outputs have them
	KeepDelivered time.Duration // of what has arrived; 0: nothing is kept of it
	Keys          []*store.Key
	Lease         time.Duration // for how long a delivery is nobody else's that is being tried
	Outputs       []Output      // that the dead are handed to
	Window        time.Duration // for how long a claim is remembered; 0: there are none
}

// Result is what has become of an attempt.
type Result struct {
	NotTried bool // the delivery could not be tried, through no fault of its own or the backend's
	Status   int  // of the backend; 0 where it gave none
	After    time.Duration
	Duration time.Duration
	Aborted  bool // the answer broke off behind its status
}

// What becomes of a delivery. They are words of records.
const (
	Stored     = "stored"      // it waits for its next attempt
	Delivered  = "delivered"   // the backend has it
	Failed     = "failed"      // it waits for one more attempt
	Dead       = "dead"        // it is given up, and kept
	Superseded = "superseded"  // the sender has sent a dead one again, and it has arrived
	Expired    = "expired"     // a dead one was kept for its time, and is gone
	HandedOver = "handed_over" // an output has a dead one
	Lost       = "lost"        // it is not in the store any more, through nobody that is known

	// What an operator has done.
	Replayed = "replayed"
	Dropped  = "dropped"
	Adopted  = "adopted" // it was another middleware's
)

// Reasons of a death.
const (
	Exhausted = "attempts_exhausted"
	TooOld    = "too_old"
	Rejected  = "rejected"
)

// Change is a transition of a delivery.
type Change struct {
	To       string
	Reason   string
	Delivery *store.Delivery // without its body, perhaps; nil where its file can't be read
	ID       string
	Router   string
	Attempt  int // how many there have been
	Status   int
	Duration time.Duration
	Aborted  bool
	Next     time.Time // when it is tried again; zero where it is not
	Bytes    int64     // of the file
	Actor    string    // who has done it, where it was an operator; Reason is what they say
	Undone   bool      // that was not done after all
	Output   string    // that has it now
}

// Hooks are what the engine asks of who has it. They are called without a lock.
type Hooks struct {
	// Serves says whether there is somebody to try deliveries of a router.
	Serves func(router string) bool
	// Try tries a delivery; number counts from 1. It may panic.
	Try func(d *store.Delivery, number int) Result
	// Changed is told of each transition.
	Changed func(c *Change)
	// Hand hands a dead delivery over to the output of a mark. It may panic.
	Hand func(mark string, d *store.Delivery, e *store.Entry) Handed
	// Claim is told of what an earlier process has left, or, of a store that is shared, of
	// what has arrived. Release is told of what is dead.
	Claim   func(key string)
	Release func(key string)
	// Renew has the claim of what waits remembered from now on, in a store that is not shared.
	Renew func(key string)
	// Claimed is told that all is claimed that an earlier process has left on a disk; or that
	// nobody will be told. Nil: nobody asks.
	Claimed func()
	// Take claims what is dead for its replay, as a request does, or says why it can't:
	// store.ErrSent or ErrArrived. Claim keeps that then, or Untake gives it back. Nil: nobody
	// else claims.
	Take   func(key string) error
	Untake func(key string)
	Tell   func(level, message string)
}

// Engine has the deliveries of one middleware that wait, or are dead.
type Engine struct {
	store *store.Store
	hooks Hooks
	began time.Time
	clock func() int64     // milliseconds of the process's own clock since began
	wall  func() time.Time // what people call the time
	ready chan bool        // closed when it is known how many there are
	wake  chan bool        // for dispatch
	jobs  chan *item       // for those who try; nil ends one
	timer *time.Timer      // of dispatch
	owner *store.Owner
	other any   // the engine of the same gate that otherOf returns; nil as a rule
	pace  *pace // of both

	giving sync.Mutex // held while an order is given to both

	// deadMu is for the files of the dead. Who holds it may wait for a disk, and lock mu.
	deadMu sync.Mutex

	mu       sync.Mutex // guards what follows; nobody waits for a disk with it
	options  Options
	waiting  map[string]*item // by id
	dead     map[string]*item
	claims   map[string]string   // ids of those that wait, or will once they are begun, by claim
	graves   map[string][]string // ids of the dead, by claim: a sender may have sent it again and again
	queues   map[string]*queue   // by router
	absent   []store.Span        // when no process was there; dispatch's alone
	outlets  []*outlet           // of the dead: see outlet.go
	pending  map[string]bool     // ids of those that are being written, or are not begun
	freed    map[string]bool     // ids of what was dropped, whose claims are given back
	renewing []string            // ids of those whose claims are to be renewed
	replaced []string            // claims of dead ones that have arrived after all
	bytes    int64               // of all files, and of those that are being written
	count    int
	writing  int
	keeping  int // of these, what somebody waits for
	running  int
	atWork   int // workers that try one, or record what came of it, and outlets that somebody works for
	workers  int
	swept    int64 // when the dead were last looked at
	refilled int64 // when what outlets did not want was last given to them again
	renewed  int64 // when the claims of what waits were last renewed; 0 is never
	readAt   int64 // when what could not be read was last tried again
	counted  bool  // it is known how many there are
	claimed  bool  // what waits is claimed, be it that the store is another process's still
	loaded   bool  // and what they are
	owned    bool
	ownedAt  int64 // when that was last looked at
	closed   bool
	reread   bool // files that could not be read may be readable now
	warned   int64
	changes  map[string]int64 // transitions by what has become of a delivery
	deaths   map[string]int64 // of these the dead, by reason
	shared   sharing
	doubtful map[string]int64 // when what the disk has was not stored here, as far as is known; by id
	underway *underway        // what all engines try
	arrived  arrivals
	order    *order      // what an operator has ordered, until it is done
	orders   []*Progress // those that are over
	ordered  int64       // how many there were

	// Alert is not 0 while anybody has to hear of what arrives while its sender waits: see
	// Arrived. Atomic.
	Alert int32
}

// item is a delivery in memory.
type item struct {
	entry    store.Entry // as its file is called
	router   string
	claim    string
	attempts int
	step     int
	due      int64 // by the own clock, as all that follows
	born     int64
	end      string // what has become of it, where only its file does not know yet
	held     string // why it is not tried, although it waits: what is wrong with its file
	busy     bool
	paced    bool  // it is one of those that the pace counts
	taken    int64 // bytes of memory while it is tried
	missed   int   // how often it was not found in a store that is shared
}

// maxConcurrency bounds Options.Concurrency.
const maxConcurrency = 64

// New returns the engine of a store. It is to be started.
func New(s *store.Store, o Options, h Hooks) *Engine {
	e := &Engine{
		store: s, options: o, hooks: h, began: time.Now(), wall: time.Now, owner: store.NewOwner(),
		pace: &pace{}, underway: &everything, ready: make(chan bool), wake: make(chan bool, 1), jobs: make(chan *item, maxConcurrency),
		waiting: map[string]*item{}, dead: map[string]*item{}, claims: map[string]string{}, graves: map[string][]string{}, queues: map[string]*queue{}, pending: map[string]bool{}, freed: map[string]bool{},
		changes: map[string]int64{}, deaths: map[string]int64{},
	}
	e.arrived.items = map[string]*item{}
	e.clock = func() int64 { return time.Since(e.began).Milliseconds() }
	useOutputs(e)
	setAlert(e)
	return e
}

// Start has it work.
func Start(e *Engine) {
	for _, one := range both(e) {
		start(one)
	}
}

func start(e *Engine) {
	e.timer = time.AfterFunc(time.Hour, func() { poke(e) })
	go dispatch(e)
	poke(e)
}

// poke has dispatch look what there is to do.
func poke(e *Engine) {
	e.mu.Lock()
	if len(e.wake) == 0 {
		e.wake <- true
	}
	e.mu.Unlock()
}

// Poke is for who knows that somebody serves a router again.
func Poke(e *Engine) {
	for _, one := range both(e) {
		poke(one)
	}
}

// ChangeOptions puts other options in force at once. What waits, waits as it was planned.
func ChangeOptions(e *Engine, o Options) {
	for _, one := range both(e) {
		one.mu.Lock()
		one.options = o
		one.reread = true
		useOutputs(one)
		setAlert(one)
		one.mu.Unlock()
		store.SetKeys(one.store, o.Keys)
		poke(one)
	}
}

// Close ends it. What waits is on disk.
func Close(e *Engine) {
	for _, one := range both(e) {
		one.mu.Lock()
		one.closed = true
		one.mu.Unlock()
		poke(one)
	}
}

// noteArrived has the dead of a claim ended that has arrived after all, with the lock held.
func noteArrived(e *Engine, claim string) {
	if len(e.graves[claim]) > 0 || mayBeElsewhere(e, claim) {
		e.replaced = append(e.replaced, claim)
	}
}

// changeOf returns a transition of a delivery, of which no more than the item may be known.
func changeOf(it *item, d *store.Delivery, to, reason string) *Change {
	return &Change{To: to, Reason: reason, Delivery: d, ID: it.entry.ID, Router: it.router, Attempt: it.attempts, Bytes: it.entry.Size}
}

// change tells of a transition, and counts it.
func change(e *Engine, c *Change) {
	e.mu.Lock()
	if !c.Undone {
		e.changes[c.To]++
	}
	if c.To == Dead {
		e.deaths[c.Reason]++
	}
	e.mu.Unlock()
	e.hooks.Changed(c)
}
