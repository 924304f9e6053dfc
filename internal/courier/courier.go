// Package courier hands deliveries to the backend that are not to be lost: while the sender
// waits, or later, through the newest handler behind a gate. It must not know what a gate
// checks, nor which middlewares there are.
package courier

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/deadletter"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/redisstore"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/store"
)

// Courier hands on what a middleware has stored, across all reloads.
type Courier struct {
	name    string
	numbers *audit.Numbers
	servers *Servers
	told    func(record []byte)
	engine  *delivery.Engine
	place   string
	shared  *redisstore.Client // nil: deliveries are on disk
	letters *deadletter.Outputs

	mu        sync.Mutex // guards what follows, which is the newest
	policy    *policy.Policy
	state     *memory.State
	announced map[string]*audit.DeliveryRecord // attempts that are under way, by id
	leases    map[string]int64                 // of what takeDead has claimed among several Traefiks
}

// Wanted says whether a configuration has the option delivery, whatever else is wrong with
// it.
func Wanted(raw map[string]any) bool {
	for name := range raw {
		if strings.EqualFold(name, "delivery") {
			return true
		}
	}
	return false
}

// Keep returns the courier for a policy, or nil where it has no use for one. Before is that
// of the policy before, or nil. Told gets each record of what becomes of a delivery, as it was
// written, or nil where it could not be.
func Keep(before *Courier, name string, numbers *audit.Numbers, servers *Servers, told func(record []byte), p *policy.Policy, s *memory.State) *Courier {
	if before != nil && (p.Delivery == nil || before.place != p.Delivery.Place) {
		Close(before)
		before = nil
	}
	if p.Delivery == nil {
		return nil
	}
	if before == nil {
		return begin(name, numbers, servers, told, p, s)
	}
	before.mu.Lock()
	same := before.policy == p
	before.policy = p
	before.state = s
	before.mu.Unlock()
	if !same {
		deadletter.Use(before.letters, p.Delivery.Letters, p.Delivery.Options.Outputs, p.Delivery.Private)
		delivery.ChangeOptions(before.engine, p.Delivery.Options)
		if before.shared != nil {
			redisstore.SetLimits(before.shared, p.Delivery.Options.MaxBytes, p.Delivery.Options.MaxDeliveries, policy.WindowOf(p))
		}
	}
	return before
}

// Close ends a courier. What it has not handed on stays where it is stored.
func Close(c *Courier) {
	delivery.Close(c.engine)
}

// EngineOf returns what has a courier's deliveries, or nil where there is no courier.
func EngineOf(c *Courier) *delivery.Engine {
	if c == nil {
		return nil
	}
	return c.engine
}

func begin(name string, numbers *audit.Numbers, servers *Servers, told func(record []byte), p *policy.Policy, s *memory.State) *Courier {
	d := p.Delivery
	c := &Courier{name: name, numbers: numbers, servers: servers, told: told, place: d.Place, letters: deadletter.New(), policy: p, state: s, announced: map[string]*audit.DeliveryRecord{}, leases: map[string]int64{}}
	deadletter.Use(c.letters, d.Letters, d.Options.Outputs, d.Private)
	c.engine = delivery.New(storeOf(c, p), d.Options, hooksOf(c, d.Shared != nil, ""))
	if s.Replays != nil && d.Directory != "" {
		claim.Await(s.Replays)
	}
	if d.Shared != nil && d.Directory != "" {
		delivery.Join(c.engine, delivery.New(diskOf(c, p), d.Options, hooksOf(c, false, "on the disk beside redis: ")))
	}
	delivery.Start(c.engine)
	return c
}

// hooksOf returns what an engine asks, whose deliveries are shared or on disk. What it tells
// begins with where.
func hooksOf(c *Courier, shared bool, where string) delivery.Hooks {
	return delivery.Hooks{
		Serves:  func(router string) bool { return serverFor(c.servers, c.name, router) != nil },
		Try:     func(d *store.Delivery, number int) delivery.Result { return tryDelivery(c, d, number) },
		Changed: func(change *delivery.Change) { recordChange(c, change) },
		Hand:    func(mark string, d *store.Delivery, e *store.Entry) delivery.Handed { return handOver(c, mark, d, e) },
		Claim:   func(key string) { takeClaim(c, key) },
		Release: func(key string) { giveBack(c, key, shared) },
		Renew:   func(key string) { renewClaim(c, key) },
		Claimed: func() { allClaimed(c, shared) },
		Take:    func(key string) error { return takeDead(c, key, shared) },
		Untake:  func(key string) { untakeDead(c, key) },
		Tell:    func(level, message string) { report.Write(level, c.name, "delivery: "+where+message, time.Now()) },
	}
}

// storeOf returns where a courier's deliveries are.
func storeOf(c *Courier, p *policy.Policy) *store.Store {
	o := p.Delivery.Options
	if p.Delivery.Shared == nil {
		return diskOf(c, p)
	}
	c.shared = redisstore.New(p.Delivery.Shared.Options, redisstore.Options{
		Middleware: c.name, MaxBytes: o.MaxBytes, MaxDeliveries: o.MaxDeliveries, Window: policy.WindowOf(p), HasDisk: p.Delivery.Directory != "",
		Tell: func(level, message string) { report.Write(level, c.name, "delivery: "+message, time.Now()) },
	})
	return redisstore.Open(c.shared, o.Keys)
}

// diskOf returns the store in the stateDirectory.
func diskOf(c *Courier, p *policy.Policy) *store.Store {
	return store.New(store.DirectoryOf(p.Delivery.Directory, c.name), c.name, p.Delivery.Options.Keys)
}

// TellOrphans tells of the stores in a directory whose middlewares are gone, or have another
// name now.
func TellOrphans(stateDirectory string, exists func(name string) bool, now time.Time) {
	if stateDirectory == "" {
		return
	}
	for _, directory := range store.Directories(stateDirectory) {
		name := store.MiddlewareOf(directory)
		if name == "" || exists(name) {
			continue
		}
		n := 0
		for _, state := range []string{store.Waiting, store.Dead, store.Delivered} {
			_, _ = store.List(store.New(directory, name, nil), state, func(_ *store.Entry) bool {
				n++
				return true
			})
		}
		if n > 0 {
			report.Write("warn", name, "delivery: there is no such middleware, and "+directory+" has "+strconv.Itoa(n)+" deliveries of it: hookward deliveries adopt gives them to another one", now)
		}
	}
}

// TellSharedOrphans tells of the stores in a Redis whose middlewares are gone, here and in
// all other Traefiks.
func TellSharedOrphans(shared *policy.Redis, exists func(name string) bool, now time.Time) {
	found, err := redisstore.Orphans(shared.Options)
	if err != nil {
		return // whoever needs it says so
	}
	for name, n := range found {
		if !exists(name) {
			report.Write("warn", name, "delivery: no Traefik has such a middleware, and redis has "+strconv.Itoa(n)+" deliveries of it: hookward deliveries adopt gives them to another one", now)
		}
	}
}

func newest(c *Courier) (*policy.Policy, *memory.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy, c.state
}
