package main

import (
	"fmt"

	"github.com/hookward/hookward/dev/gateway"
)

// goals are the rows of the table of targets. A target is left out where its figures
// were not measured.
type goals struct {
	results *Results
	rows    [][]string
}

func (g *goals) add(text, aim, found string, met bool) {
	word := "**missed**"
	if met {
		word = "met"
	}
	g.rows = append(g.rows, []string{text, aim, found, word})
}

// compare adds a target of a comparison of two contenders.
func (g *goals) compare(text, aim, format string, a, b *Cell, of func(*Sample) float64, how func(a, b float64) float64, met func(float64) bool) {
	if a == nil || b == nil {
		return
	}
	found := a.against(b, of, how)
	g.add(text, aim, fmt.Sprintf(format, found), met(found))
}

func atLeast(limit float64) func(float64) bool { return func(f float64) bool { return f >= limit } }
func atMost(limit float64) func(float64) bool  { return func(f float64) bool { return f <= limit } }
func below(limit float64) func(float64) bool   { return func(f float64) bool { return f < limit } }

// Targets compares the figures with what was aimed at, in a table. The soak may be
// nil.
func (r *Results) Targets(soak *Soak) string {
	g := &goals{results: r}
	g.compiled()
	g.interpreted()
	for _, form := range forms {
		g.routers(form)
	}
	if soak != nil {
		// What is alive tells of leaks; a MiB per million is a byte per request.
		g.add(fmt.Sprintf("Growth of memory over %s requests and %s reloads, interpreted", thousands(float64(soak.Requests)), thousands(float64(soak.Reloads))), "none",
			fmt.Sprintf("%+.2f MiB of heap per million", soak.HeapSlope/(1<<20)), soak.HeapSlope < 1<<20)
	}
	if len(g.rows) == 0 {
		return ""
	}
	return table([]string{"", "target", "measured", ""}, g.rows)
}

// compiled adds what the compiled form is held to beside Traefik alone.
func (g *goals) compiled() {
	r := g.results
	cells := func(traffic string, size int) (*Cell, *Cell) {
		return r.cell(completeCompiled, Kind{Traffic: traffic, Size: size, Routers: 1}), r.cell(bare, Kind{Traffic: valid, Size: size, Routers: 1})
	}
	full, alone := cells(valid, 1<<10)
	g.compare("Compiled: CPU at 1 KiB, of Traefik alone", "at most 1.10", "%.2f", full, alone, (*Sample).Total, quotient, atMost(1.10))
	g.compare("Compiled: throughput at 1 KiB, of Traefik alone", "at least 0.92", "%.2f", full, alone, rps, quotient, atLeast(0.92))
	for _, traffic := range []string{wrong, limited} {
		refused, alone := cells(traffic, 1<<10)
		g.compare("Compiled: CPU of a request "+traffic+", of one that passes Traefik alone", "below 1", "%.2f", refused, alone, (*Sample).Total, quotient, below(1))
	}
	g.compare("Compiled: memory at 1 KiB, beyond Traefik alone", "at most 40 MiB", "%.0f MiB", full, alone, func(s *Sample) float64 { return mib(s.RSS) }, difference, atMost(40))
	full, alone = cells(valid, 64<<10)
	g.compare("Compiled: CPU at 64 KiB, of Traefik alone", "at most 1.60", "%.2f", full, alone, (*Sample).Total, quotient, atMost(1.60))
	full, alone = cells(valid, 1<<20)
	most := 2*r.Machine.Hash + r.Machine.Copy
	g.compare("Compiled: CPU at 1 MiB, beyond Traefik alone", fmt.Sprintf("at most 2 SHA-256 and a copy, %.0f µs", most), "%.0f µs", full, alone, (*Sample).Total, difference, atMost(most))
	if start, alone := median(r.Starts[completeCompiled]), median(r.Starts[bare]); start > 0 && alone > 0 {
		g.add("Compiled: start, beyond Traefik alone", "at most 50 ms", fmt.Sprintf("%.0f ms", start-alone), start-alone <= 50)
	}
}

// interpreted adds what the interpreted form is held to.
func (g *goals) interpreted() {
	cell := func(name, traffic string) *Cell {
		return g.results.cell(name, Kind{Traffic: traffic, Size: 1 << 10, Routers: 1})
	}
	g.compare("Interpreted: throughput at 1 KiB, of forwardAuth", "at least 1.15", "%.2f", cell(complete, valid), cell(forwardAuth, valid), rps, quotient, atLeast(1.15))
	g.compare("Interpreted: CPU of a request "+limited+", of one "+wrong, "below 1", "%.2f", cell(complete, limited), cell(complete, wrong), (*Sample).Total, quotient, below(1))
}

// routers adds what either form is held to with many routers.
func (g *goals) routers(form gateway.Form) {
	r, name := g.results, completes[form]
	one := Kind{Traffic: valid, Size: 1 << 10, Routers: 1}
	many := one
	many.Routers = manyRouters
	a, b, c, d := r.cell(name, many), r.cell(bare, many), r.cell(name, one), r.cell(bare, one)
	if a != nil && b != nil && c != nil && d != nil {
		found, few := a.against(b, (*Sample).Total, difference), c.against(d, (*Sample).Total, difference)
		// A tenth of what a request costs is what runs differ by anyway.
		g.add(fmt.Sprintf("CPU that it adds with %d routers, %s", manyRouters, form), "no more than with one", fmt.Sprintf("%.0f µs (%.0f µs)", found, few),
			found <= few+c.figure((*Sample).Total)/10)
	}
	if reload := median(r.Reloads[name]); reload > 0 {
		g.add(fmt.Sprintf("Reload of %d routers that share one middleware, %s", manyRouters, form), "below 1 s", fmt.Sprintf("%.2f s", reload/1000), reload < 1000)
	}
}
