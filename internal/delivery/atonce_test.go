package delivery

import (
	"math/rand"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// crowd is an engine at work, be it with a disk beside it, and many who want something of it at
// once.
type crowd struct {
	t         *testing.T
	e         *Engine
	c         *commons
	directory string
	options   Options

	busy     sync.WaitGroup
	mu       sync.Mutex
	accepted map[string]bool
	arrived  map[string]bool
	dropped  map[string]bool // or an operator wanted to
}

func newCrowd(t *testing.T, beside bool) *crowd {
	k := &crowd{t: t, directory: store.DirectoryOf(t.TempDir(), "m"), accepted: map[string]bool{}, arrived: map[string]bool{}, dropped: map[string]bool{}}
	k.options = Options{
		Schedule:    &retry.Schedule{Steps: make([]time.Duration, 20), On: []retry.Range{{From: 500, To: 599}}, Network: true, MaxAge: time.Hour, MaxRetryAfter: time.Minute},
		Concurrency: 4, MaxBytes: 1 << 30, MaxDeliveries: 10_000, Keep: time.Hour, Lease: time.Minute,
		Outputs: []Output{{Mark: "0123abcd", Name: "one"}},
	}
	hooks := Hooks{
		Serves: func(_ string) bool { return true }, Try: k.try,
		Changed: func(_ *Change) {}, Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, _ string) {},
		Hand: func(_ string, _ *store.Delivery, _ *store.Entry) Handed { return Handed{Taken: true} },
	}
	disk := store.New(k.directory, "m", nil)
	if !beside {
		k.options.KeepDelivered = time.Hour
		k.options.MaxDeliveries = 200
		k.e = New(disk, k.options, hooks)
	} else {
		k.c = newCommons(func() int64 { return time.Now().UnixMilli() })
		k.e = New(k.c.open("owner"), k.options, hooks)
		Join(k.e, New(disk, k.options, hooks))
	}
	Start(k.e)
	return k
}

func (k *crowd) try(d *store.Delivery, _ int) Result {
	n := rand.Intn(10)
	if n < 2 {
		return Result{Status: 503}
	}
	if n == 2 {
		return Result{Status: 404}
	}
	k.mu.Lock()
	k.arrived[d.ID] = true
	k.mu.Unlock()
	return Result{Status: 200}
}

// send has deliveries arrive, of which the backend takes some at once.
func (k *crowd) send(n int) {
	defer k.busy.Done()
	for i := 0; i < n; i++ {
		d := &store.Delivery{ID: store.NewID(), Received: time.Now(), Router: "a", Claim: store.NewID(), Method: "POST", RequestURI: "/", URL: "/", Body: make([]byte, 100)}
		if rand.Intn(3) == 0 {
			Arrived(k.e, "a", d.Claim)
			if k.c == nil {
				KeepArrived(k.e, d)
			}
			continue
		}
		NoteFailed(k.e, "a", d.ID)
		kept, problem := Keep(k.e, d, 1, 1, 0)
		if problem != "" {
			continue
		}
		k.mu.Lock()
		k.accepted[d.ID] = true
		k.mu.Unlock()
		Begin(kept)
		Waits(k.e, d.Claim)
	}
}

// operate gives orders, looks, and changes options.
func (k *crowd) operate(n int) {
	defer k.busy.Done()
	for i := 0; i < n; i++ {
		p := Pick(k.e, &Filter{State: []string{"", store.Waiting, store.Dead, store.Delivered}[rand.Intn(4)]})
		if len(p.IDs) > 20 {
			p.IDs = p.IDs[:20]
		}
		o := Order{Action: []string{store.Replay, store.Drop}[rand.Intn(2)], Force: true, Actor: "ada", Reason: "why not"}
		if o.Action == store.Drop {
			k.mu.Lock()
			for _, id := range p.IDs {
				k.dropped[id] = true
			}
			k.mu.Unlock()
		}
		given, problem := Give(k.e, o, p.IDs)
		if problem == "" && rand.Intn(4) == 0 {
			Stop(k.e, given.Number, "eve")
		}
		Look(k.e, &Filter{}, "", 5)
		Count(k.e)
		Orders(k.e)
		ChangeOptions(k.e, k.options)
		time.Sleep(time.Millisecond)
	}
}

// What was accepted has arrived, is dead, or was dropped, whoever does what at once; and nothing
// is counted that is not there.
func TestAllAtOnce(t *testing.T) {
	for _, beside := range []bool{false, true} {
		k := newCrowd(t, beside)
		waitFor(t, "it is not loaded", func() bool { return Count(k.e).Loaded })
		n := 200
		if beside {
			n = 50 // what Redis does not take down is tried again in ten seconds
		}
		k.busy.Add(6)
		go k.operate(n)
		for i := 0; i < 4; i++ {
			go k.send(n)
		}
		go k.goAway(20)
		k.busy.Wait()
		waitFor(t, "something waits for ever", func() bool {
			for _, one := range both(k.e) {
				one.mu.Lock()
				for _, q := range one.queues {
					q.until = 0 // the backend need not be probed for so long
				}
				one.mu.Unlock()
			}
			Poke(k.e)
			n := Count(k.e)
			return n.Waiting == 0 && Orders(k.e)[len(Orders(k.e))-1].Ended.After(time.Time{})
		})
		k.check()
	}
}

// goAway has Redis be away now and then, and lose answers.
func (k *crowd) goAway(n int) {
	defer k.busy.Done()
	if k.c == nil {
		return
	}
	for i := 0; i < n; i++ {
		k.c.mu.Lock()
		k.c.away = i%2 == 0
		k.c.loses = i % 3
		k.c.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	k.c.mu.Lock()
	k.c.away = false
	k.c.loses = 0
	k.c.mu.Unlock()
}

func (k *crowd) check() {
	k.mu.Lock()
	for id := range k.accepted {
		if !k.arrived[id] && !k.dropped[id] && stateIn(whoHas(k.e, id), id) != store.Dead {
			k.t.Errorf("%s was accepted, and is gone", id)
		}
	}
	k.mu.Unlock()
	Close(k.e)
	waitFor(k.t, "it does not end", func() bool {
		_, err := os.Stat(filepath.Join(k.directory, "lock"))
		return os.IsNotExist(err)
	})
	for _, e := range both(k.e) {
		e.mu.Lock()
		bytes := int64(0)
		for _, it := range itemsOf(e) {
			bytes += it.entry.Size
		}
		kept := int64(0)
		for _, it := range e.arrived.items {
			kept += it.entry.Size
		}
		if e.count != len(e.waiting)+len(e.dead) || e.bytes != bytes || e.arrived.bytes != kept || e.running != 0 || e.pace.running != 0 {
			k.t.Errorf("%d of %d and %d bytes, %d bytes of what has arrived; %d are tried, %d of the pace", e.count, len(e.waiting)+len(e.dead), e.bytes-bytes, e.arrived.bytes-kept, e.running, e.pace.running)
		}
		if !store.IsShared(e.store) {
			for _, state := range []string{store.Dead, store.Delivered} {
				n := 0
				_, _ = store.List(e.store, state, func(_ *store.Entry) bool { n++; return true })
				if state == store.Dead && n != len(e.dead) || state == store.Delivered && n != len(e.arrived.items) {
					k.t.Errorf("%d files are %s", n, state)
				}
			}
		}
		e.mu.Unlock()
	}
}

// That somebody has to hear of what arrives is not forgotten where one engine says so as the
// other one says that it is over.
func TestAlertOfBoth(t *testing.T) {
	b := newBesides(t)
	for i := 0; i < 20000; i++ {
		raise(b.disk, 0)
		raise(b.e, 0)
		wait := &sync.WaitGroup{}
		wait.Add(2)
		go raiseAtOnce(b.e, 0, wait)
		go raiseAtOnce(b.disk, 1, wait)
		wait.Wait()
		if atomic.LoadInt32(&b.e.Alert) != 1 {
			t.Fatalf("it is forgotten the %d. time", i+1)
		}
	}
}

func raiseAtOnce(e *Engine, alert int32, wait *sync.WaitGroup) {
	defer wait.Done()
	e.mu.Lock()
	raise(e, alert)
	e.mu.Unlock()
}

// An order for nothing is over at once.
func TestOrderForNothing(t *testing.T) {
	b := newBesides(t)
	b.e.owned = true
	p, problem := Give(b.e, Order{Action: store.Drop, Actor: "a", Reason: "r"}, []string{})
	if problem != "" || p.Number != 1 || p.Total != 0 {
		t.Errorf("%+v, %q", p, problem)
	}
}
