package hookward

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/resp"
)

// memory is what the gates of one middleware remember of those who call. It is
// theirs together, on however many routers, and survives every reload; each part
// is begun anew only where its own options change.
type memory struct {
	ctx  context.Context // of the newest gate
	last time.Time       // when that was last seen to be there

	limits     *bucket.Table
	limitsOf   string
	bans       *banTable
	bansOf     string
	replays    *claim.Table
	replaysAre string // where they outlive the process
	shared     *resp.Client
	sharedOf   string
	trail      *trail
	seen       int64 // records, until last
}

const (
	// memoryLinger is how long a memory is kept after the last gate of its name
	// has gone. Traefik ends the context of all gates before it has built the new
	// ones, and may fail to build them.
	memoryLinger  = 10 * time.Minute
	memorySweeper = time.Minute
)

var (
	memoriesMu sync.Mutex
	memories   = map[string]*memory{}
	sweeping   bool
	sweeper    *time.Timer // one for all turns: see the dialect in CONTRIBUTING.md
)

// remember gives a policy what the gates before it remember. The policy may be in
// use already, and is not written to where it has all that.
func remember(ctx context.Context, name string, p *policy, now time.Time) {
	memoriesMu.Lock()
	defer memoriesMu.Unlock()
	m := memoryOf(ctx, name, now)
	if p.limit != nil {
		l := p.limit
		of := fmt.Sprintf("%d %d %d %q %v", l.average, l.period, l.burst, l.header, l.host)
		if m.limits == nil || m.limitsOf != of {
			m.limits = bucket.New(l.average, l.period, l.burst, maxSources)
			m.limitsOf = of
		}
		if l.table != m.limits {
			l.table = m.limits
		}
	}
	if p.ban != nil {
		// Who failed by another secret has not failed by this one.
		of := fmt.Sprintf("%d %d %d %s", p.ban.failures, p.ban.window, p.ban.duration, p.verification)
		if m.bans == nil || m.bansOf != of {
			m.bans = newBanTable(p.ban)
			m.bansOf = of
		}
		if p.ban.table != m.bans {
			p.ban.table = m.bans
		}
	}
	if p.replay != nil {
		rememberReplays(m, name, p.replay, now)
	}
	rememberShared(m, name, p)
	if p.audit.required {
		sum := sha256.Sum256([]byte(name))
		openAhead(m.trail, filepath.Join(p.audit.directory, "ahead-"+hex.EncodeToString(sum[:16])), p.audit, now)
	}
}

// memoryOf returns what there is by a name, used by one more gate.
func memoryOf(ctx context.Context, name string, now time.Time) *memory {
	m := memories[name]
	if m == nil {
		m = &memory{trail: newTrail(name)}
		memories[name] = m
	}
	if m.ctx == nil || ctx.Err() == nil {
		m.ctx = ctx // and not that of an old gate, which compiles anew for a new secret
	}
	m.last = now
	if sweeper == nil {
		sweeper = time.AfterFunc(memorySweeper, sweep)
	} else if !sweeping {
		sweeper.Reset(memorySweeper)
	}
	sweeping = true
	return m
}

// keepTrail says that a gate uses the trail of a name.
func keepTrail(ctx context.Context, name string, now time.Time) {
	memoriesMu.Lock()
	memoryOf(ctx, name, now)
	memoriesMu.Unlock()
}

// trailOf returns the trail of a name.
func trailOf(name string) *trail {
	memoriesMu.Lock()
	defer memoriesMu.Unlock()
	m := memories[name]
	if m == nil {
		m = memoryOf(context.Background(), name, time.Now()) // of a test: New has one
	}
	return m.trail
}

// rememberReplays keeps what is known also where the window changes.
func rememberReplays(m *memory, name string, r *replay, now time.Time) {
	if m.replays != nil && m.replaysAre != r.directory {
		claim.Close(m.replays)
	}
	if m.replays == nil || m.replaysAre != r.directory {
		if m.replays == nil {
			m.replays = claim.New(r.window, maxDeliveries, func(problem string) {
				report("error", name, "replay: "+problem, time.Now())
			})
		}
		m.replaysAre = r.directory
		if r.directory != "" {
			sum := sha256.Sum256([]byte(name))
			path := filepath.Join(r.directory, "replay-"+hex.EncodeToString(sum[:16]))
			claim.Open(m.replays, path, now.UnixNano())
		}
	}
	claim.Resize(m.replays, r.window)
	if r.table != m.replays {
		r.table = m.replays
	}
}

// rememberShared keeps the connections to Redis.
func rememberShared(m *memory, name string, p *policy) {
	if m.shared != nil && (p.shared == nil || m.sharedOf != p.shared.of) {
		closeLater(m.shared)
		m.shared = nil
	}
	if p.shared == nil {
		return
	}
	if m.shared == nil {
		m.shared = resp.NewClient(p.shared.options, func(level, message string, now time.Time) {
			report(level, name, message, now)
		})
		m.sharedOf = p.shared.of
	}
	if p.shared.client != m.shared {
		p.shared.name = name
		p.shared.client = m.shared
	}
}

// closeLater leaves the old connections to those who have claimed something with
// them.
func closeLater(client *resp.Client) {
	time.AfterFunc(sharedClaim, func() {
		defer func() { _ = recover() }()
		resp.Close(client)
	})
}

// sweep forgets what belongs to middlewares that are gone.
func sweep() {
	defer func() { _ = recover() }()
	forgetOutputs(time.Now())
	if forgetMemories(time.Now()) > 0 {
		memoriesMu.Lock()
		sweeper.Reset(memorySweeper)
		memoriesMu.Unlock()
	}
}

// forgetMemories returns how many there still are.
func forgetMemories(now time.Time) int {
	memoriesMu.Lock()
	defer memoriesMu.Unlock()
	for name, m := range memories {
		records := atomic.LoadInt64(&m.trail.sequence)
		if m.ctx == nil || m.ctx.Err() == nil || records != m.seen {
			m.last = now
			m.seen = records
		}
		if now.Sub(m.last) <= memoryLinger {
			continue
		}
		if m.replays != nil {
			claim.Close(m.replays)
		}
		if m.shared != nil {
			resp.Close(m.shared)
		}
		if m.trail.log != nil {
			ahead.Close(m.trail.log)
		}
		delete(memories, name)
	}
	sweeping = len(memories) > 0
	return len(memories)
}
