package main

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed page.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// WritePage writes the page and its picture into the documentation's directory.
// The soak and the profiles may be nil.
func WritePage(directory string, r *Results, soak *Soak, profiles Profiles) error {
	text := &strings.Builder{}
	if err := pageTemplate.Execute(text, page(r, soak, profiles)); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(directory, "performance.md"), []byte(text.String()), 0o644),
		os.WriteFile(filepath.Join(directory, "performance.svg"), []byte(r.Picture()), 0o644),
	)
}

// page is what the template needs.
func page(r *Results, soak *Soak, profiles Profiles) map[string]any {
	versions := []string{}
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		versions = append(versions, name+" "+r.Versions[name])
	}
	of := func(traffic string, size, routers int, rate float64) string {
		return r.Table(Kind{Traffic: traffic, Size: size, Routers: routers, Rate: rate})
	}
	return map[string]any{
		"R": r, "Versions": strings.Join(versions, ", "), "Others": r.others(), "Unquiet": r.others() > 0.1*float64(r.Machine.Cores),
		"Summary": r.summary(), "Targets": r.Targets(soak), "Expect": r.expect(), "Profile": profiles.text(),
		"Small": of(valid, 1<<10, 1, 0), "Middle": of(valid, 64<<10, 1, 0), "Large": of(valid, 1<<20, 1, 0),
		"Paced": of(valid, 1<<10, 1, r.Settings.Rate),
		"Wrong": of(wrong, 1<<10, 1, 0), "WrongMiddle": of(wrong, 64<<10, 1, 0), "WrongLarge": of(wrong, 1<<20, 1, 0),
		"Limited": of(limited, 1<<10, 1, 0), "Twenty": of(valid, 1<<10, 20, 0), "Many": of(valid, 1<<10, manyRouters, 0),
		"Starts": r.starts(), "Soak": soak.text(), "Rotation": r.rotationText(), "Generators": r.generatorsText(),
	}
}

// summary is the page's first answer.
func (r *Results) summary() string {
	small := Kind{Traffic: valid, Size: 1 << 10, Routers: 1}
	fast, slow, base, ask := r.cell(completeCompiled, small), r.cell(complete, small), r.cell(bare, small), r.cell(forwardAuth, small)
	if fast == nil || slow == nil || base == nil || ask == nil {
		return ""
	}
	figures := func(c *Cell) (float64, float64) {
		return c.against(base, (*Sample).Total, difference), 100 * c.against(base, rps, quotient)
	}
	added, kept := figures(fast)
	more, less := figures(slow)
	return fmt.Sprintf("In short, for deliveries of 1 KiB: compiled into Traefik, all its checks together cost %.0f µs of CPU beside the %.0f µs that Traefik itself needs, and leave %.0f %% of its throughput. As an interpreted plugin they cost %.0f µs and leave %.0f %%, which is %.1f times what forwardAuth to a compiled verifier reaches.",
		added, base.figure((*Sample).Total), kept, more, less, slow.against(ask, rps, quotient))
}

// expect says what a core can do.
func (r *Results) expect() string {
	rows := [][]string{}
	for _, bytes := range []int{1 << 10, 64 << 10, 1 << 20} {
		row := []string{size(bytes)}
		for _, name := range []string{bare, "verify-compiled", completeCompiled, "verify", complete} {
			figure := ""
			if c := r.cell(name, Kind{Traffic: valid, Size: bytes, Routers: 1}); c != nil {
				figure = thousands(1e6 / c.figure((*Sample).Total))
			}
			row = append(row, figure)
		}
		rows = append(rows, row)
	}
	return "Requests per second and core of Traefik's, on a machine like this one. Plan with half of it, so that latency stays what it is at low load, and measure on yours.\n\n" +
		table([]string{"Body", "Traefik alone", "verification, compiled", "complete, compiled", "verification, interpreted", "complete, interpreted"}, rows) +
		"\nMemory: bodies are held while they are verified, so `maxBodyBytes` times the requests under way come on top of the table's RSS, and of that Go's collector may need twice as much."
}

// starts is the table of starts, reloads and memory.
func (r *Results) starts() string {
	rows := [][]string{}
	for _, c := range contenders() {
		starts, reloads, memory := r.Starts[c.name], r.Reloads[c.name], r.Memory[c.name]
		if len(starts) == 0 || len(reloads) == 0 || len(memory) == 0 {
			continue
		}
		row := []string{c.title}
		for _, times := range [][]float64{starts, reloads} {
			row = append(row, fmt.Sprintf("%.0f", median(times)), fmt.Sprintf("%.0f", slices.Max(times)))
		}
		row = append(row, fmt.Sprintf("%.0f", median(memory)), "")
		if cell := r.cell(c.name, Kind{Traffic: valid, Size: 1 << 10, Routers: 1}); cell != nil {
			row[len(row)-1] = fmt.Sprintf("%.0f", mib(cell.median().RSS))
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return ""
	}
	return table([]string{"", "start ms", "slowest", "reload ms", "slowest", "RSS MiB at start", "RSS MiB at 1 KiB"}, rows)
}

func (s *Soak) text() string {
	if s == nil || len(s.Samples) == 0 {
		return ""
	}
	rows := [][]string{}
	for i := range 10 {
		sample := s.Samples[(i+1)*len(s.Samples)/10-min(1, (i+1)*len(s.Samples)/10)]
		rows = append(rows, []string{thousands(float64(sample.Requests)), thousands(float64(sample.Reloads)), fmt.Sprintf("%.1f", mib(sample.RSS)), fmt.Sprintf("%.1f", mib(sample.Heap))})
	}
	return fmt.Sprintf("%s deliveries of 1 KiB through hookward, interpreted and with everything switched on, 20 routers, and %s reloads meanwhile, in %s (`go run -C dev ./bench -soak`, %s, version %s). In the second half, the resident memory grew by %+.2f MiB per million requests, and what is alive after a collection by %+.2f MiB. Per thousand reloads that is %+.2f MiB; Traefik alone grows by %+.2f MiB with the same reloads and a tenth of the requests.\n\n",
		thousands(float64(s.Requests)), thousands(float64(s.Reloads)), s.Took, s.Date, s.Version, s.RSSSlope/(1<<20), s.HeapSlope/(1<<20), s.HeapPerReloads/(1<<20), s.Alone/(1<<20)) +
		table([]string{"requests", "reloads", "RSS MiB", "heap alive MiB"}, slices.CompactFunc(rows, func(a, b []string) bool { return slices.Equal(a, b) }))
}

func (r *Results) rotationText() string {
	if r.Rotation == nil {
		return ""
	}
	return fmt.Sprintf("What these runs are too short for: an audit file is compressed when it is rotated, %.0f µs of CPU for each record of %.0f bytes, unless `compression` is `none`.", r.Rotation.CPUPerRecord, r.Rotation.BytesPerRecord)
}

func (r *Results) generatorsText() string {
	own, wrk := r.Generators["own"], r.Generators["wrk"]
	if own == nil || wrk == nil {
		return ""
	}
	return fmt.Sprintf("It keeps up with wrk: on Traefik alone, with 1 KiB, `wrk -t1 -c%d` measured %s requests per second and needed %.1f µs of CPU per request for itself, the benchmark's own generator %s and %.1f µs. In all runs it had one core at most, and was busy for %.0f %% of the time in the busiest.",
		r.Settings.Connections, thousands(wrk.RPS), wrk.Generator, thousands(own.RPS), own.Generator, 100*r.busiest())
}

// busiest is the largest part of the time that the load generator was on a core.
func (r *Results) busiest() float64 {
	most := 0.0
	for _, c := range r.Cells {
		for _, s := range c.Samples {
			most = max(most, s.Busy)
		}
	}
	return most
}
