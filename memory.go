package hookward

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/resp"
)

// keepLists lets the lists that stand elsewhere keep themselves fresh while the context
// lasts, and some minutes more.
func keepLists(ctx context.Context, m *middleware, p *policy, now time.Time) {
	if m.policy != p {
		m.policy = p
		m.allowed = nil
		m.denied = nil
		if p.addresses != nil {
			m.allowed = useLists(ctx, p.addresses.allow, now)
			m.denied = useLists(ctx, p.addresses.deny, now)
		}
		return
	}
	for _, list := range m.allowed {
		iplist.Keep(ctx, list)
	}
	for _, list := range m.denied {
		iplist.Keep(ctx, list)
	}
}

func useLists(ctx context.Context, l *addressList, now time.Time) []*iplist.List {
	lists := []*iplist.List{}
	if l == nil {
		return lists
	}
	for _, source := range l.sources {
		lists = append(lists, iplist.Use(ctx, source, reportList, now))
	}
	return lists
}

func keepLimits(m *middleware, l *rateLimit) *bucket.Table {
	digest := fmt.Sprintf("%d %d %d %q %v", l.average, l.period, l.burst, l.header, l.host)
	if m.limits == nil || m.limitsDigest != digest {
		m.limits = bucket.New(l.average, l.period, l.burst, maxSources)
		m.limitsDigest = digest
	}
	return m.limits
}

func keepBans(m *middleware, b *ban, verification string) *banTable {
	// Who failed by another secret has not failed by this one.
	digest := fmt.Sprintf("%d %d %d %s", b.failures, b.window, b.duration, verification)
	if m.bans == nil || m.bansDigest != digest {
		m.bans = newBanTable(b.failures, b.window, b.duration)
		m.bansDigest = digest
	}
	return m.bans
}

// keepReplays keeps what is known also where the window changes.
func keepReplays(m *middleware, name string, r *replay, now time.Time) *claim.Table {
	if m.replays != nil && m.replaysAt != r.directory {
		claim.Close(m.replays)
	}
	if m.replays == nil || m.replaysAt != r.directory {
		if m.replays == nil {
			m.replays = claim.New(r.window, maxDeliveries, func(problem string) {
				report("error", name, "replay: "+problem, time.Now())
			})
		}
		m.replaysAt = r.directory
		if r.directory != "" {
			claim.Open(m.replays, fileOf(r.directory, "replay-", name), now.UnixNano())
		}
	}
	claim.Resize(m.replays, r.window)
	return m.replays
}

// keepCluster keeps the connections to Redis.
func keepCluster(m *middleware, name string, shared *sharedMemory) *cluster {
	if m.cluster != nil && (shared == nil || m.clusterDigest != shared.digest) {
		closeLater(m.cluster.client)
		m.cluster = nil
	}
	if shared != nil && m.cluster == nil {
		client := resp.NewClient(shared.options, func(level, message string, now time.Time) {
			report(level, name, message, now)
		})
		m.cluster = &cluster{client: client, name: name}
		m.clusterDigest = shared.digest
	}
	return m.cluster
}

// fileOf returns the path of a middleware's own file.
func fileOf(directory, prefix, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(directory, prefix+hex.EncodeToString(sum[:16]))
}

// closeMiddleware closes what a middleware has open that is gone.
func closeMiddleware(m *middleware) {
	if m.replays != nil {
		claim.Close(m.replays)
	}
	if m.cluster != nil {
		resp.Close(m.cluster.client)
	}
	if m.trail.log != nil {
		ahead.Close(m.trail.log)
	}
}

// reportList reports on a list, which belongs to no middleware alone.
func reportList(level, message string, now time.Time) {
	report(level, "hookward", message, now)
}
