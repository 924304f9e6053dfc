// Package gates knows which middlewares there are, what each of them has in force, and what
// survives a reload. It must not know a request.
package gates

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/console"
	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/scrape"
	"github.com/hookward/hookward/internal/wal"
)

// reportList reports on what belongs to no middleware alone, such as a directory.
func reportList(level, message string, now time.Time) {
	report.Write(level, "hookward", message, now)
}

// middleware is what the gates of one name have in common, on however many routers. It
// survives every reload; each part is begun anew only where its own options change.
type middleware struct {
	numbers *audit.Numbers

	// Guarded by registryMu.
	ctx        context.Context // of the newest gate
	last       time.Time       // when that was last seen to be there
	seen       int64           // records, until last
	problem    string          // of its configuration, for the console
	refuses    bool            // everything, for that
	bodyMemory int64           // what the option maxBodyMemoryBytes names, or 0

	servers *courier.Servers // what stands behind its gates; set once

	// What was last compiled, also guarded by registryMu.
	lastRaw         map[string]any
	lastCompilation *policy.Compilation // of what had no mistake
	lastState       *memory.State
	lifetime        <-chan struct{} // closed when nobody uses that any more, but for another reload
	inUse           bool            // for the lifetime
	directory       string          // where something outlives the process; empty if nothing does

	mu          sync.Mutex // for what follows; who holds it may wait for a disk, and may lock registryMu
	raw         map[string]any
	compilation *policy.Compilation
	memory      memory.Memory
	pushers     []*scrape.Pusher // of a middleware with metrics
	courier     *courier.Courier // nil where nothing is stored

	bodyMemoryTold string
}

const (
	// linger is how long something is kept after the last gate that uses it has gone.
	// Traefik ends the context of all gates before it has built the new ones, and may
	// fail to build them.
	linger        = 10 * time.Minute
	sweepInterval = time.Minute
)

var (
	registryMu  sync.Mutex
	middlewares = map[string]*middleware{}
	sweeping    bool
	sweeper     *time.Timer // one for all turns: see the dialect in CONTRIBUTING.md
)

// compileFor compiles the configuration of one of a middleware's gates, once for all that have the
// same configuration. What the policy remembers is in use from then on, for as long as
// the context lasts.
func compileFor(ctx context.Context, name string, raw map[string]any, now time.Time) (*policy.Compilation, *memory.State) {
	registryMu.Lock()
	m := middlewareOf(ctx, name, now)
	registryMu.Unlock()
	m.mu.Lock() // who comes meanwhile wants the same
	defer m.mu.Unlock()
	if m.compilation == nil || !reflect.DeepEqual(m.raw, raw) || anyChanged(m.compilation.Files) {
		c := policy.Compile(raw)
		m.raw = raw
		m.compilation = c
		registryMu.Lock()
		m.inUse = false
		registryMu.Unlock()
	}
	if m.compilation.Policy == nil {
		return m.compilation, nil
	}
	registryMu.Lock()
	s := m.lastState
	inUse := isInUse(ctx, m)
	registryMu.Unlock()
	if inUse {
		return m.compilation, s
	}
	s = useState(ctx, name, m, m.compilation.Policy, now)
	usePushers(m, name, m.compilation.Policy)
	registryMu.Lock()
	m.lastRaw = raw
	m.lastCompilation = m.compilation
	m.lastState = s
	m.lifetime = ctx.Done()
	m.inUse = true
	m.directory = directoryOf(m.compilation.Policy)
	if m.directory != "" {
		wal.Own(m.directory, func(level, message string) { reportList(level, message, time.Now()) })
	}
	registryMu.Unlock()
	return m.compilation, s
}

// isInUse says whether what was last compiled of a middleware is in use for as long as a
// context lasts, because a gate of the same reload uses it: Traefik gives each a context of its
// own, but ends all of them at once. The registry's lock is held.
func isInUse(ctx context.Context, m *middleware) bool {
	return m.inUse && m.lifetime == ctx.Done()
}

// directoryOf returns where a policy has something outlive the process that no other
// process may use, or nothing.
func directoryOf(p *policy.Policy) string {
	uses := p.Audit.Required || p.Replay != nil || p.Delivery != nil
	for i := range p.Audit.Specs {
		uses = uses || p.Audit.Specs[i].Queue.Directory != ""
	}
	if !uses {
		return ""
	}
	return p.Audit.Directory
}

// lastCompiled returns what the gates before have in force, if they have the same
// configuration. It waits for no disk.
func lastCompiled(name string, raw map[string]any) (*policy.Compilation, *memory.State) {
	registryMu.Lock()
	defer registryMu.Unlock()
	m := middlewares[name]
	if m == nil || m.lastCompilation == nil || !reflect.DeepEqual(m.lastRaw, raw) {
		return nil, nil
	}
	return m.lastCompilation, m.lastState
}

// useState returns what the gates before have left to a policy, with the middleware's
// lock held.
func useState(ctx context.Context, name string, m *middleware, p *policy.Policy, now time.Time) *memory.State {
	keepBodyMemory(m, name, p, now)
	outputs := useOutputs(ctx, name, p.Audit.Specs, now)
	if p.Audit.Required {
		audit.OpenAhead(m.numbers, memory.FileOf(p.Audit.Directory, "ahead-", name), outputs)
	}
	s := memory.Use(ctx, &m.memory, name, p, outputs, now)
	keepCourier(m, name, p, s)
	return s
}

// middlewareOf returns what there is by a name, used by one more gate.
func middlewareOf(ctx context.Context, name string, now time.Time) *middleware {
	m := middlewares[name]
	if m == nil {
		m = &middleware{numbers: audit.NewNumbers(name), servers: courier.NewServers()}
		middlewares[name] = m
	}
	if m.ctx == nil || ctx.Err() == nil {
		m.ctx = ctx // and not that of an old gate, which compiles anew for a new secret
	}
	m.last = now
	if sweeper == nil {
		sweeper = time.AfterFunc(sweepInterval, sweep)
	} else if !sweeping {
		sweeper.Reset(sweepInterval)
	}
	sweeping = true
	return m
}

// noteMistake notes what is wrong with a middleware's configuration, or that nothing is.
func noteMistake(name, problem string, refuses bool) {
	registryMu.Lock()
	m := middlewares[name]
	if m != nil {
		m.problem = problem
		m.refuses = refuses
	}
	registryMu.Unlock()
}

// sweep forgets what belongs to middlewares that are gone.
func sweep() {
	defer func() { _ = recover() }()
	if forget(time.Now()) > 0 {
		registryMu.Lock()
		sweeper.Reset(sweepInterval)
		registryMu.Unlock()
	}
}

// forget returns how many middlewares there still are.
func forget(now time.Time) int {
	registryMu.Lock()
	defer registryMu.Unlock()
	for key, o := range outputsByKey {
		if audit.UnusedFor(o, now) > linger && key != "stdout" {
			delete(outputsByKey, key)
			closeSoon(o)
		}
	}
	for name, m := range middlewares {
		records := atomic.LoadInt64(&m.numbers.Sequence)
		if m.ctx == nil || m.ctx.Err() == nil || records != m.seen {
			m.last = now
			m.seen = records
		}
		if now.Sub(m.last) > linger && m.mu.TryLock() {
			delete(middlewares, name)
			metrics.Drop(name, now)
			memory.Close(&m.memory)
			scrape.ClosePushers(m.pushers)
			if m.courier != nil {
				courier.Close(m.courier)
			}
			audit.CloseAhead(m.numbers)
			m.mu.Unlock()
		}
	}
	limitBodies()
	console.Sweep(now)
	inUse := map[string]bool{}
	for _, m := range middlewares {
		inUse[m.directory] = true
	}
	wal.Disown(inUse)
	sweeping = len(middlewares) > 0
	return len(middlewares)
}

// Restart forgets all gates, with their numbers and outputs, as the end of the process does:
// it closes nothing. It is for tests.
func Restart() {
	registryMu.Lock()
	for name := range middlewares {
		metrics.Drop(name, time.Now())
	}
	middlewares = map[string]*middleware{}
	outputsByKey = map[string]*audit.Output{}
	registryMu.Unlock()
	atomic.StoreInt32(metrics.Wanted, 0)
	metrics.Read(time.Now()) // the last look at the numbers of those that are gone
	ahead.Clear(audit.Announcements)
}
