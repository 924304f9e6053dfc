package hookward

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/iplist"
)

// state is what a policy's checks remember beyond a request. A request takes it together
// with the policy, and nobody writes to it; what it points to changes all the time.
type state struct {
	limits  *bucket.Table // nil, as all that follows, where the policy has no use for it
	bans    *banTable
	replays *claim.Table
	cluster *cluster
	allowed []*iplist.List // of the allow list's sources
	denied  []*iplist.List
	outputs []*output
}

// middleware is what the gates of one name have in common, on however many routers. It
// survives every reload; each part is begun anew only where its own options change.
type middleware struct {
	trail *trail

	// Guarded by registryMu.
	ctx  context.Context // of the newest gate
	last time.Time       // when that was last seen to be there
	seen int64           // records, until last

	mu            sync.Mutex // for what follows; who holds it may wait for a disk, and may lock registryMu
	raw           map[string]any
	compilation   *compilation
	policy        *policy // whose lists these are
	allowed       []*iplist.List
	denied        []*iplist.List
	limits        *bucket.Table
	limitsDigest  string
	bans          *banTable
	bansDigest    string
	replays       *claim.Table
	replaysAt     string // the directory where they outlive the process
	cluster       *cluster
	clusterDigest string
}

const (
	// linger is how long something is kept after the last gate that uses it has gone.
	// Traefik ends the context of all gates before it has built the new ones, and may
	// fail to build them.
	linger        = 10 * time.Minute
	sweepInterval = time.Minute
)

var (
	registryMu   sync.Mutex
	middlewares  = map[string]*middleware{}
	outputsByKey = map[string]*output{} // by where they go: middlewares share them
	sweeping     bool
	sweeper      *time.Timer // one for all turns: see the dialect in CONTRIBUTING.md
)

// compileShared is compile for one of a middleware's gates, once for all that have the
// same configuration. What the policy remembers is in use from then on, for as long as
// the context lasts.
func compileShared(ctx context.Context, name string, raw map[string]any, now time.Time) (*compilation, *state) {
	registryMu.Lock()
	m := middlewareOf(ctx, name, now)
	registryMu.Unlock()
	m.mu.Lock() // who comes meanwhile wants the same
	defer m.mu.Unlock()
	if m.compilation == nil || !reflect.DeepEqual(m.raw, raw) || anyChanged(m.compilation.files) {
		c := compile(raw)
		m.raw = raw
		m.compilation = c
	}
	if m.compilation.policy == nil {
		return m.compilation, nil
	}
	return m.compilation, useState(ctx, name, m, m.compilation.policy, now)
}

// useState returns what the gates before have left to a policy, with the middleware's
// lock held.
func useState(ctx context.Context, name string, m *middleware, p *policy, now time.Time) *state {
	keepLists(ctx, m, p, now)
	s := &state{allowed: m.allowed, denied: m.denied, outputs: useOutputs(ctx, name, p.audit.specs, now)}
	if p.limit != nil {
		s.limits = keepLimits(m, p.limit)
	}
	if p.ban != nil {
		s.bans = keepBans(m, p.ban, p.verification)
	}
	if p.replay != nil {
		s.replays = keepReplays(m, name, p.replay, now)
	}
	s.cluster = keepCluster(m, name, p.shared)
	if p.audit.required {
		openAhead(m.trail, fileOf(p.audit.directory, "ahead-", name), s.outputs, now)
	}
	return s
}

// middlewareOf returns what there is by a name, used by one more gate.
func middlewareOf(ctx context.Context, name string, now time.Time) *middleware {
	m := middlewares[name]
	if m == nil {
		m = &middleware{trail: newTrail(name)}
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

// keepMiddleware says that a gate uses what there is by a name.
func keepMiddleware(ctx context.Context, name string, now time.Time) {
	registryMu.Lock()
	middlewareOf(ctx, name, now)
	registryMu.Unlock()
}

// trailOf returns the trail of a name.
func trailOf(name string) *trail {
	registryMu.Lock()
	defer registryMu.Unlock()
	m := middlewares[name]
	if m == nil {
		m = middlewareOf(context.Background(), name, time.Now()) // of a test: New has one
	}
	return m.trail
}

// onStdout returns the outputs of a gate that has none of its own.
func onStdout() []*output {
	registryMu.Lock()
	defer registryMu.Unlock()
	o := outputsByKey["stdout"]
	if o == nil {
		o = newOutput(outputSpec{kind: "stdout", name: "output stdout", key: "stdout", queue: stdoutQueue})
		outputsByKey["stdout"] = o
	}
	return []*output{o}
}

// useOutputs returns the outputs that a policy names.
func useOutputs(ctx context.Context, name string, specs []outputSpec, now time.Time) []*output {
	registryMu.Lock()
	defer registryMu.Unlock()
	used := []*output{}
	for i := range specs {
		used = append(used, useOutput(ctx, name, specs[i], now))
	}
	return used
}

// useOutput returns an output, used by one more gate.
func useOutput(ctx context.Context, name string, s outputSpec, now time.Time) *output {
	o := outputsByKey[s.key]
	if o == nil {
		o = newOutput(s)
		o.middleware = name
		outputsByKey[s.key] = o
	}
	if o.digest != s.digest && o.middleware != name && o.ctx != nil && o.ctx.Err() == nil {
		report("warn", name, s.name+": middleware "+quote(o.middleware)+" has another configuration of it, which counts", now)
	} else if o.digest != s.digest {
		o.middleware = name
		changeOutput(o, s)
	}
	if o.ctx == nil || ctx.Err() == nil {
		o.ctx = ctx
	}
	o.last = now
	return o
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
		if !isOutputUsed(o, now) && now.Sub(o.last) > linger && key != "stdout" {
			delete(outputsByKey, key)
			closeOutput(o)
		}
	}
	for name, m := range middlewares {
		records := atomic.LoadInt64(&m.trail.sequence)
		if m.ctx == nil || m.ctx.Err() == nil || records != m.seen {
			m.last = now
			m.seen = records
		}
		if now.Sub(m.last) > linger && m.mu.TryLock() {
			delete(middlewares, name)
			closeMiddleware(m)
			m.mu.Unlock()
		}
	}
	sweeping = len(middlewares) > 0
	return len(middlewares)
}

// isOutputUsed says whether an output is used or has something left, and notes it.
func isOutputUsed(o *output, now time.Time) bool {
	idle, uses := isIdle(o)
	if o.ctx != nil && o.ctx.Err() != nil && idle && uses == o.uses {
		return false
	}
	o.last = now
	o.uses = uses
	return true
}
