package scrape

import (
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/metrics"
)

// Source is where the numbers come from, beside those that the gates have counted.
type Source struct {
	Version  string    // of hookward
	Compiled bool      // into Traefik
	Started  time.Time // the process, as far as hookward knows
	Clock    int64     // now, by the clock of bans
	Gates    []Gate
	Outputs  []*audit.Output
	Others   []*Dependency // those that are no gate's

	Bodies, BodiesLimit int64 // bytes that are held, of how many
}

// Gate is a middleware with what it remembers.
type Gate struct {
	Name  string
	State *memory.State
}

// Dependency is something that gates need and that may fail: a server, a list, an output.
// What is added to State and has one tells so in dependenciesOf.
type Dependency struct {
	Kind     string // a word of the source, such as redis
	Name     string // of the configuration; nothing of it is secret
	Up       bool
	Failures int64

	// Of what is fetched again and again: when that last went well, and how often it is
	// to be. Updated is zero where it never did.
	refresh time.Duration
	Updated time.Time
}

// families are all that stand beside the counters of the gates, new for each text: most are
// a handful of series.
type families struct {
	list   []*exposition.Family
	byName map[string]*exposition.Family
}

// add adds a series to a family, which it makes if it is the first.
func (f *families) add(name, kind, unit, help string, value int64, labels ...string) {
	family := f.byName[name]
	if family == nil {
		family = &exposition.Family{Name: name, Type: kind, Unit: unit, Help: help}
		f.byName[name] = family
		f.list = append(f.list, family)
	}
	family.Series = append(family.Series, &exposition.Series{Labels: labels, Value: value})
}

// Families returns all numbers of a process at one moment. There is one user of them at a
// time: see metrics.Families.
func Families(s *Source, now time.Time) []*exposition.Family {
	f := &families{byName: map[string]*exposition.Family{}}
	interpreter := "yaegi"
	if s.Compiled {
		interpreter = "none"
	}
	f.add("hookward_build_info", exposition.Gauge, "", "The version of hookward, Go's, and what interprets it. Always 1.", 1,
		"version", s.Version, "go_version", runtime.Version(), "interpreter", interpreter)
	f.add("hookward_start_time_seconds", exposition.Gauge, "seconds", "When hookward was loaded, in seconds since 1970: all counters began at 0 then.", s.Started.UnixNano())
	numbers, left := metrics.Read(now)
	list := append(f.list, metrics.Families(numbers, left)...)
	f.list = nil
	counted := map[string]bool{}
	for i := range numbers {
		counted[numbers[i].Gate] = true
	}
	for _, g := range s.Gates {
		if counted[g.Name] && g.State != nil {
			addGate(f, g, s.Clock)
		}
	}
	dependencies := addOutputs(f, s)
	for _, d := range s.Others {
		dependencies[d.Kind+" "+d.Name] = d
	}
	addDependencies(f, dependencies)
	f.add("hookward_body_memory_bytes", exposition.Gauge, "bytes", "Memory that bodies hold at the moment, of all gates.", s.Bodies)
	f.add("hookward_body_memory_limit_bytes", exposition.Gauge, "bytes", "Memory that bodies may hold, of all gates: maxBodyMemoryBytes.", s.BodiesLimit)
	return append(list, f.list...)
}

// addGate adds what a gate remembers.
func addGate(f *families, g Gate, clock int64) {
	if g.State.Bans != nil {
		f.add("hookward_bans_active", exposition.Gauge, "", "Clients that this Traefik answers 429 because they have failed too often.", bans.Active(g.State.Bans, clock), "gate", g.Name)
	}
	if g.State.Limits != nil {
		f.add("hookward_rate_limit_sources", exposition.Gauge, "", "Sources whose rate this Traefik remembers.", bucket.Sources(g.State.Limits), "gate", g.Name)
	}
	if g.State.Replays != nil {
		f.add("hookward_replay_entries", exposition.Gauge, "", "Deliveries that replay remembers in this Traefik, those in flight among them.", claim.Entries(g.State.Replays), "gate", g.Name)
		f.add("hookward_replay_evicted_total", exposition.Counter, "", "Deliveries that replay has forgotten before their time, because there were too many.", claim.Evicted(g.State.Replays), "gate", g.Name)
	}
	if g.State.Delivery != nil {
		addDeliveries(f, g)
	}
}

// DeliveriesOf returns what there is to count of the deliveries that a gate keeps, and whether
// it keeps any.
func DeliveriesOf(g Gate) (delivery.Numbers, bool) {
	if g.State == nil || g.State.Delivery == nil {
		return delivery.Numbers{}, false
	}
	return delivery.Count(g.State.Delivery), true
}

// addDeliveries adds what a gate keeps, and what has become of it. While the store is not
// read, nobody knows how many there are, and 0 would be a lie.
func addDeliveries(f *families, g Gate) {
	n := delivery.Count(g.State.Delivery)
	states := []string{"waiting", "unreadable", "dead", "delivered"}
	for i, count := range []int{n.Waiting - n.Held, n.Held, n.Dead, n.Delivered} {
		if n.Loaded {
			f.add("hookward_deliveries", exposition.Gauge, "", "Deliveries that a gate keeps: those that wait for their next attempt, those whose file can't be read, the dead, and the delivered that stay for a while.", int64(count), "gate", g.Name, "state", states[i])
		}
	}
	if n.Beside != nil {
		for i, count := range []int{n.Beside.Waiting, n.Beside.Dead} {
			f.add("hookward_deliveries_beside_redis", exposition.Gauge, "", "Those of them that are on the disk of this machine alone, because Redis did not store them.", int64(count), "gate", g.Name, "state", []string{"waiting", "dead"}[i])
		}
	}
	f.add("hookward_delivery_oldest_overdue_seconds", exposition.Gauge, "seconds", "For how long the delivery is due that is due for the longest; 0 where none is.", int64(n.Overdue), "gate", g.Name)
	f.add("hookward_store_bytes", exposition.Gauge, "bytes", "What kept deliveries take on the disk, the delivered not counted, which give way.", n.Bytes, "gate", g.Name)
	f.add("hookward_deliveries_not_kept_total", exposition.Counter, "", "Delivered deliveries that delivery.store.keepDelivered was for, and that could not stay so long.", n.Unkept, "gate", g.Name)
	f.add("hookward_store_limit_bytes", exposition.Gauge, "bytes", "What they may take: delivery.store.maxBytes.", n.MaxBytes, "gate", g.Name)
	for _, action := range delivery.Becomes {
		f.add("hookward_delivery_changes_total", exposition.Counter, "", "What has become of kept deliveries, in the words of their records.", n.Changes[action], "gate", g.Name, "action", action)
	}
	for _, reason := range delivery.Reasons {
		f.add("hookward_dead_letters_total", exposition.Counter, "", "Deliveries that were given up, by reason.", n.Deaths[reason], "gate", g.Name, "reason", reason)
	}
	for i := range n.Outputs {
		o := &n.Outputs[i]
		f.add("hookward_dead_letters_waiting", exposition.Gauge, "", "Dead deliveries that an output of dead letters has not got yet.", int64(o.Waiting), "gate", g.Name, "output", o.Name)
		f.add("hookward_dead_letters_handed_over_total", exposition.Counter, "", "Dead deliveries that an output has taken.", o.Taken, "gate", g.Name, "output", o.Name)
	}
}

// dependenciesOf returns what a gate depends on. Several gates may depend on the same.
func dependenciesOf(g Gate) []*Dependency {
	all := []*Dependency{}
	if g.State.Cluster != nil {
		up, failures := cluster.Health(g.State.Cluster)
		all = append(all, &Dependency{Kind: "redis", Name: g.Name, Up: up, Failures: failures})
	}
	kept, keeps := DeliveriesOf(g)
	if keeps {
		for _, o := range kept.Outputs {
			all = append(all, &Dependency{Kind: "dead_letters", Name: g.Name + " " + o.Name, Up: o.Up, Failures: o.Failures})
		}
	}
	for _, set := range g.State.KeySets {
		h, fetched := keyset.HealthOf(set)
		if fetched {
			all = append(all, &Dependency{Kind: "jwks", Name: keyset.NameOf(set), Up: h.Up, Failures: h.Failures, refresh: h.Refresh, Updated: h.Updated})
		}
	}
	for _, lists := range [][]*iplist.List{g.State.Allowed, g.State.Denied} {
		for _, list := range lists {
			h := iplist.HealthOf(list)
			all = append(all, &Dependency{Kind: "list", Name: list.Name, Up: h.Up, Failures: h.Failures, refresh: h.Refresh, Updated: h.Updated})
		}
	}
	return all
}

// addOutputs adds what the outputs of records have to tell, and returns all that the gates of a
// process depend on. Two outputs may have one name, which leaves out what could be secret.
func addOutputs(f *families, s *Source) map[string]*Dependency {
	dependencies := map[string]*Dependency{}
	for _, g := range s.Gates {
		if g.State == nil {
			continue
		}
		for _, d := range dependenciesOf(g) {
			dependencies[d.Kind+" "+d.Name] = d
		}
	}
	seen := map[string]int{}
	for _, o := range s.Outputs {
		name, h := audit.HealthOf(o)
		name = strings.TrimPrefix(name, "output ")
		seen[name]++
		if seen[name] > 1 {
			name += " #" + strconv.Itoa(seen[name])
		}
		f.add("hookward_audit_records_total", exposition.Counter, "", "Audit records that were handed to an output.", h.Records, "output", name)
		f.add("hookward_audit_records_lost_total", exposition.Counter, "", "Audit records that an output has lost. Each gap is itself recorded.", h.Lost, "output", name)
		f.add("hookward_audit_buffer_bytes", exposition.Gauge, "bytes", "Audit records that wait for an output, in memory and on disk.", h.Waiting, "output", name)
		dependencies["output "+name] = &Dependency{Kind: "output", Name: name, Up: h.Up, Failures: h.Failures}
	}
	return dependencies
}

// Dependencies returns all that the gates of a process depend on, by kind and name.
func Dependencies(s *Source) []*Dependency {
	return sorted(addOutputs(&families{byName: map[string]*exposition.Family{}}, s))
}

// sorted returns dependencies by kind and name.
func sorted(found map[string]*Dependency) []*Dependency {
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	all := make([]*Dependency, 0, len(keys))
	for _, key := range keys {
		all = append(all, found[key])
	}
	return all
}

// addDependencies adds how each dependency is doing.
func addDependencies(f *families, dependencies map[string]*Dependency) {
	for _, d := range sorted(dependencies) {
		labels := []string{"dependency", d.Kind, "name", d.Name}
		up := int64(0)
		if d.Up {
			up = 1
		}
		f.add("hookward_dependency_up", exposition.Gauge, "", "1 where the last attempt to use or to fetch something went well.", up, labels...)
		f.add("hookward_dependency_failures_total", exposition.Counter, "", "Attempts to use or to fetch something that did not go well.", d.Failures, labels...)
		if d.refresh == 0 {
			continue
		}
		updated := int64(0)
		if !d.Updated.IsZero() {
			updated = d.Updated.UnixNano()
		}
		f.add("hookward_dependency_last_success_timestamp_seconds", exposition.Gauge, "seconds", "When what is fetched again and again was last had from its source; 0 for never.", updated, labels...)
		f.add("hookward_dependency_refresh_seconds", exposition.Gauge, "seconds", "How often something is fetched again.", int64(d.refresh), labels...)
	}
}
