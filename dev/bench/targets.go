package bench

import "fmt"

// Targets compares the figures with what was aimed at, in a table. Targets whose
// figures were not measured are left out. The soak may be nil.
func (r *Results) Targets(soak *Soak) string {
	rows := [][]string{}
	add := func(text, aim, found string, met bool) {
		word := "**missed**"
		if met {
			word = "met"
		}
		rows = append(rows, []string{text, aim, found, word})
	}
	// compare adds a target of a comparison of two cells.
	compare := func(text, aim, format string, a, b *Cell, of func(*Sample) float64, how func(a, b float64) float64, met func(float64) bool) {
		if a == nil || b == nil {
			return
		}
		found := a.against(b, of, how)
		add(text, aim, fmt.Sprintf(format, found), met(found))
	}
	atLeast := func(limit float64) func(float64) bool { return func(f float64) bool { return f >= limit } }
	atMost := func(limit float64) func(float64) bool { return func(f float64) bool { return f <= limit } }

	small := Kind{Traffic: valid, Size: 1 << 10, Routers: 1}
	full := r.cell(complete, small)
	compare("CPU that hookward complete adds to a request of 1 KiB", "at most 25 µs", "%.0f µs", full, r.cell(bare, small), (*Sample).Total, difference, atMost(25))
	compare("… of which signature and replay", "at most 12 µs", "%.0f µs", full, r.cell(unsigned, small), (*Sample).Total, difference, atMost(12))
	compare("Throughput of hookward complete, of Traefik alone, 1 KiB", "at least 0.80", "%.2f", full, r.cell(bare, small), rps, quotient, atLeast(0.80))
	compare("… of Traefik's ipAllowList and rateLimit", "at least 0.90", "%.2f", full, r.cell(native, small), rps, quotient, atLeast(0.90))
	compare("… of forwardAuth", "at least 4", "%.2f", full, r.cell(forwardAuth, small), rps, quotient, atLeast(4))
	for _, bytes := range []int{64 << 10, 1 << 20} {
		k := Kind{Traffic: valid, Size: bytes, Routers: 1}
		compare("… of Traefik alone, "+size(bytes), "at least 0.95", "%.2f", r.cell(complete, k), r.cell(bare, k), rps, quotient, atLeast(0.95))
	}
	for _, traffic := range []string{wrong, limited} {
		k := small
		k.Traffic = traffic
		compare("CPU of a request "+traffic+", of one that passes", "below 1", "%.2f", r.cell(complete, k), full, (*Sample).Total, quotient, func(f float64) bool { return f < 1 })
	}
	compare("p99 of hookward complete, of Traefik alone, as fast as can be", "at most 1.3", "%.2f", full, r.cell(bare, small), p99, quotient, atMost(1.3))
	paced := small
	paced.Rate = r.Settings.Rate
	compare(fmt.Sprintf("p99 of hookward complete, of Traefik alone, at %.0f requests/s", paced.Rate), "at most 1.3", "%.2f", r.cell(complete, paced), r.cell(bare, paced), p99, quotient, atMost(1.3))
	many := small
	many.Routers = manyRouters
	if a, b := r.cell(complete, many), r.cell(bare, many); a != nil && b != nil && full != nil && r.cell(bare, small) != nil {
		few := full.against(r.cell(bare, small), (*Sample).Total, difference)
		found := a.against(b, (*Sample).Total, difference)
		// A tenth is what runs differ by anyway.
		add(fmt.Sprintf("CPU that it adds with %d routers", manyRouters), "no more than with one", fmt.Sprintf("%.0f µs (%.0f µs)", found, few), found <= few*1.1)
	}
	if reload := median(r.Reloads[complete]); reload > 0 {
		add(fmt.Sprintf("Reload of %d routers that share one middleware", manyRouters), "below 1 s", fmt.Sprintf("%.2f s", reload/1000), reload < 1000)
	}
	if r.PluginLoad > 0 {
		add("Load of the plugin", "below 300 ms", fmt.Sprintf("%.0f ms", r.PluginLoad), r.PluginLoad < 300)
	}
	if soak != nil {
		// What is alive tells of leaks; a MiB per million is a byte per request.
		add(fmt.Sprintf("Growth of memory over %s requests and %s reloads", thousands(float64(soak.Requests)), thousands(float64(soak.Reloads))), "none",
			fmt.Sprintf("%+.2f MiB of heap per million", soak.HeapSlope/(1<<20)), soak.HeapSlope < 1<<20)
	}
	if len(rows) == 0 {
		return ""
	}
	return table([]string{"", "target", "measured", ""}, rows)
}
