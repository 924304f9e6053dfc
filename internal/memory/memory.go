// Package memory knows what a policy's checks remember beyond a request, and which of it
// outlives a reload. It must not know a request, nor which gates there are.
package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/introspect"
	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
)

const (
	// maxSources bounds the sources whose budgets are counted one by one. Those
	// beyond share what is left; see the package bucket.
	maxSources = 100_000
	// maxDeliveries bounds what is remembered: at least half of them, which are
	// the last ones.
	maxDeliveries = 200_000
)

// State is what a policy's checks remember beyond a request. A request takes it together
// with the policy, and nobody writes to it; what it points to changes all the time.
type State struct {
	Limits  *bucket.Table // nil, as all that follows, where the policy has no use for it
	Bans    *bans.Table
	Replays *claim.Table
	Cluster *cluster.Cluster
	Allowed []*iplist.List // of the allow list's sources
	Denied  []*iplist.List
	KeySets []*keyset.Set // of the policy's KeySources, in their order
	Outputs []*audit.Output

	Introspection *introspect.Client // who is asked about access tokens
	Delivery      *delivery.Engine
}

// Memory is what one middleware has left to the next policy of its name. It has one user
// at a time. Each part is begun anew only where its own options change.
type Memory struct {
	policy           *policy.Policy // whose lists and key sets these are
	allowed          []*iplist.List
	denied           []*iplist.List
	keySets          []*keyset.Set
	limits           *bucket.Table
	limitsDigest     string
	bans             *bans.Table
	bansDigest       string
	replays          *claim.Table
	replaysDirectory string // the directory where they outlive the process
	cluster          *cluster.Cluster
	introspection    *introspect.Client
	clusterDigest    string
}

// Use returns what the policies before have left to one, in use for as long as the
// context lasts.
func Use(ctx context.Context, m *Memory, name string, p *policy.Policy, outputs []*audit.Output, now time.Time) *State {
	keepLists(ctx, m, p, now)
	s := &State{Allowed: m.allowed, Denied: m.denied, KeySets: m.keySets, Outputs: outputs}
	if p.Limit != nil {
		s.Limits = keepLimits(m, p.Limit)
	}
	if p.Ban != nil {
		s.Bans = keepBans(m, p.Ban, p.VerificationDigest)
	}
	if p.Replay != nil {
		s.Replays = keepReplays(m, name, p.Replay, now)
	}
	s.Cluster = keepCluster(m, name, p.Shared)
	if p.JWT != nil && p.JWT.Introspection != nil {
		s.Introspection = keepIntrospection(m, name, *p.JWT.Introspection)
	}
	return s
}

// Close closes what is open of a middleware that is gone.
func Close(m *Memory) {
	if m.replays != nil {
		claim.Close(m.replays)
	}
	if m.cluster != nil {
		cluster.Close(m.cluster)
	}
}

// keepLists lets the lists and key sets that stand elsewhere keep themselves fresh while the context
// lasts, and some minutes more.
func keepLists(ctx context.Context, m *Memory, p *policy.Policy, now time.Time) {
	if m.policy != p {
		m.policy = p
		m.allowed = nil
		m.denied = nil
		if p.Addresses != nil {
			m.allowed = useLists(ctx, p.Addresses.Allow, now)
			m.denied = useLists(ctx, p.Addresses.Deny, now)
		}
		m.keySets = nil
		for _, source := range p.KeySources {
			m.keySets = append(m.keySets, keyset.Use(ctx, source, reportList, now))
		}
		return
	}
	for _, list := range m.allowed {
		iplist.Keep(ctx, list)
	}
	for _, list := range m.denied {
		iplist.Keep(ctx, list)
	}
	for _, set := range m.keySets {
		keyset.Keep(ctx, set)
	}
}

func useLists(ctx context.Context, l *policy.AddressList, now time.Time) []*iplist.List {
	lists := []*iplist.List{}
	if l == nil {
		return lists
	}
	for _, source := range l.Sources {
		lists = append(lists, iplist.Use(ctx, source, reportList, now))
	}
	return lists
}

func keepLimits(m *Memory, l *policy.RateLimit) *bucket.Table {
	digest := fmt.Sprintf("%d %d %d %q %v", l.Average, l.Period, l.Burst, l.Header, l.Host)
	if m.limits == nil || m.limitsDigest != digest {
		m.limits = bucket.New(l.Average, l.Period, l.Burst, maxSources)
		m.limitsDigest = digest
	}
	return m.limits
}

func keepBans(m *Memory, b *policy.Ban, verification string) *bans.Table {
	// Who failed by another secret has not failed by this one.
	digest := fmt.Sprintf("%d %d %d %s", b.Failures, b.Window, b.Duration, verification)
	if m.bans == nil || m.bansDigest != digest {
		m.bans = bans.New(b.Failures, b.Window, b.Duration)
		m.bansDigest = digest
	}
	return m.bans
}

// keepReplays keeps what is known also where the window changes.
func keepReplays(m *Memory, name string, r *policy.Replay, now time.Time) *claim.Table {
	if m.replays != nil && m.replaysDirectory != r.Directory {
		claim.Close(m.replays)
	}
	if m.replays == nil || m.replaysDirectory != r.Directory {
		if m.replays == nil {
			m.replays = claim.New(r.Window, maxDeliveries, func(level, message string) {
				report.Write(level, name, "replay: "+message, time.Now())
			})
		}
		m.replaysDirectory = r.Directory
		if r.Directory != "" {
			claim.Open(m.replays, FileOf(r.Directory, "replay-", name), now.UnixNano())
		}
	}
	claim.Resize(m.replays, r.Window)
	return m.replays
}

// keepCluster keeps the connections to Redis.
func keepCluster(m *Memory, name string, shared *policy.Redis) *cluster.Cluster {
	if m.cluster != nil && (shared == nil || m.clusterDigest != shared.Digest) {
		cluster.CloseLater(m.cluster)
		m.cluster = nil
	}
	if shared != nil && m.cluster == nil {
		m.cluster = cluster.New(name, shared.Options, func(level, message string, now time.Time) {
			report.Write(level, name, message, now)
		})
		m.clusterDigest = shared.Digest
	}
	return m.cluster
}

// keepIntrospection keeps what a server has said of tokens, while it is asked in the same
// way.
func keepIntrospection(m *Memory, name string, o introspect.Options) *introspect.Client {
	if m.introspection == nil || !introspect.Asks(m.introspection, o) {
		m.introspection = introspect.New(o, func(level, message string, now time.Time) {
			report.Write(level, name, message, now)
		})
	}
	return m.introspection
}

// FileOf returns the path of a middleware's own file.
func FileOf(directory, prefix, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(directory, prefix+hex.EncodeToString(sum[:16]))
}

// reportList reports on a list, or a key set, which belongs to no middleware alone.
func reportList(level, message string, now time.Time) {
	report.Write(level, "hookward", message, now)
}
