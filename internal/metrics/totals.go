package metrics

import "sort"

// Totals are a few sums of a gate's numbers, for a page that draws them.
type Totals struct {
	Gate     string
	Provider string

	Requests    int64
	Refused     int64
	Good        int64   // passed, and answered with 2xx by the backend
	GateTime    []int64 // requests by how long the gate took; see Times
	BackendTime []int64
	Bodies      int64
	BodyBytes   int64
}

// All returns the sums of all gates, by name. That is no scrape: gates that are gone
// stay for the scrapers.
func All() []Totals {
	registryMu.Lock()
	defer registryMu.Unlock()
	all := []Totals{}
	for name, g := range gates {
		if g.name == name || name == shared {
			all = append(all, totalsOf(g))
		}
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Gate < all[k].Gate })
	return all
}

func totalsOf(g *Gate) Totals {
	g.mu.Lock()
	n := append([]int64{}, g.n...)
	t := Totals{Gate: g.name, Provider: g.provider}
	g.mu.Unlock()
	// Copies, so that totals that are kept do not keep all numbers.
	t.GateTime = append([]int64{}, n[GateAt:BackendAt-1]...)
	t.BackendTime = append([]int64{}, n[BackendAt:BodyAt-1]...)
	t.Requests = sum(n[:responsesAt])
	t.Refused = sum(n[Decisions["refuse"] : Decisions["refuse"]+len(reasons)])
	t.Good = n[Answers["pass"]+Classes[2]]
	t.Bodies = sum(n[BodyAt : SkewAt-1])
	t.BodyBytes = n[SkewAt-1]
	return t
}

func sum(n []int64) int64 {
	total := int64(0)
	for _, one := range n {
		total += one
	}
	return total
}

// Since returns what was counted between two moments. Without the earlier one, before has
// its zero value.
func Since(now, before *Totals) Totals {
	d := *now
	d.Requests -= before.Requests
	d.Refused -= before.Refused
	d.Good -= before.Good
	d.GateTime = difference(now.GateTime, before.GateTime)
	d.BackendTime = difference(now.BackendTime, before.BackendTime)
	d.Bodies -= before.Bodies
	d.BodyBytes -= before.BodyBytes
	return d
}

func difference(now, before []int64) []int64 {
	d := append([]int64{}, now...)
	for i := range before {
		d[i] -= before[i]
	}
	return d
}
