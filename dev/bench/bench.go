package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// Options say how much is measured.
type Options struct {
	// Time is the length of a measured run. A fifth of it is run before, to warm
	// up.
	Time time.Duration `json:"time"`
	// Rounds is how often each run is repeated.
	Rounds int `json:"rounds"`
	// Connections is how many requests are under way at once.
	Connections int `json:"connections"`
	// Rate is the requests per second of the runs that don't send as many as
	// possible.
	Rate float64 `json:"rate"`
	// Repeats is how many reloads and starts are timed.
	Repeats int `json:"repeats"`
	// Only are the names of contenders to measure, beside Traefik alone.
	// Default: all.
	Only []string `json:"only,omitempty"`
	// Brief leaves out what is slow and of no use to see whether the benchmark
	// works: the plugin's load by itself, and wrk.
	Brief bool `json:"brief,omitempty"`
}

// Full are the options of the published figures.
func Full() Options {
	return Options{Time: 5 * time.Second, Rounds: 5, Connections: 16, Rate: 1000, Repeats: 20}
}

// Quick are the options to see that the benchmark works.
func Quick() Options {
	return Options{Time: 100 * time.Millisecond, Rounds: 1, Connections: 4, Rate: 200, Repeats: 2, Brief: true}
}

// kinds are the kinds of traffic, each with the smallest first.
func kinds(o Options) []Kind {
	const small, middle, large = 1 << 10, 64 << 10, 1 << 20
	all := []Kind{}
	for _, size := range []int{small, middle, large} {
		all = append(all, Kind{Traffic: valid, Size: size, Routers: 1}, Kind{Traffic: wrong, Size: size, Routers: 1})
	}
	return append(all,
		Kind{Traffic: limited, Size: small, Routers: 1},
		Kind{Traffic: valid, Size: small, Routers: 20},
		Kind{Traffic: valid, Size: small, Routers: 500},
		Kind{Traffic: valid, Size: small, Routers: 1, Rate: o.Rate},
	)
}

// takes says whether a contender is measured under a kind of traffic.
func (c *contender) takes(k Kind) bool {
	return (k.Traffic != wrong || c.verifies) && (k.Traffic != limited || c.limits) && (k.Routers == 1 || c.scales) &&
		k.Size >= c.least && (c.most == 0 || k.Size <= c.most)
}

// Run measures everything. Progress gets a line for each run.
func Run(ctx context.Context, o Options, progress io.Writer) (*Results, error) {
	e, err := newEnvironment(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer e.close()
	r := &Results{Settings: o, Date: time.Now().UTC().Format("2006-01-02"), Machine: machine(), Versions: versions(e)}
	if err := rounds(ctx, e, r, progress); err != nil {
		return nil, err
	}
	r.Rotation = rotation(completeConfiguration(e, gateway.Interpreted, 1, unrotated))
	if err := timeReloads(ctx, e, r, progress); err != nil {
		return nil, err
	}
	if err := timeStarts(ctx, e, r, progress); err != nil {
		return nil, err
	}
	if o.Brief {
		return r, nil
	}
	if r.Generators, err = compareGenerators(ctx, e, o, progress); err != nil {
		return nil, err
	}
	// It is a test of another package, which may fail for reasons of its own.
	if r.PluginLoad, err = loadPlugin(ctx, e, progress); err != nil {
		r.Missing = append(r.Missing, "the load of the plugin by itself")
		fmt.Fprintln(progress, "the load of the plugin by itself is left out:", err)
	}
	return r, ctx.Err()
}

// running is a contender with its instances, by number of routers.
type running struct {
	contender
	instances map[int]*instance
}

// rounds starts the contenders and measures them in turns.
func rounds(ctx context.Context, e *environment, r *Results, progress io.Writer) error {
	o := r.Settings
	all := []*running{}
	defer func() {
		for _, c := range all {
			c.stop()
		}
	}()
	for _, c := range contenders() {
		if o.Only != nil && c.name != bare && !slices.Contains(o.Only, c.name) {
			continue
		}
		started := &running{c, map[int]*instance{}}
		err := started.start(e, o)
		if errors.Is(err, errMissing) {
			r.Missing = append(r.Missing, c.title+": "+err.Error())
			fmt.Fprintf(progress, "%s is left out: %v\n", c.title, err)
			continue
		}
		all = append(all, started)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
	}
	cells := map[string]*Cell{}
	for round := range o.Rounds {
		for _, k := range kinds(o) {
			for turn := range all {
				// Another one begins in each round.
				c := all[(turn+round)%len(all)]
				if !c.takes(k) {
					continue
				}
				key := fmt.Sprint(c.name, k)
				if cells[key] == nil {
					cells[key] = &Cell{Contender: c.name, Kind: k}
				}
				s, err := measure(ctx, e, c.instances[k.Routers], k, o)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					cells[key].Refused = err.Error()
					fmt.Fprintf(progress, "REFUSED %s, %s: %v\n", c.title, k, err)
					continue
				}
				s.Round = round + 1
				cells[key].Samples = append(cells[key].Samples, s)
				fmt.Fprintf(progress, "%d/%d %-34s %-42s %7.0f/s  %6.0f µs CPU  p99 %6.0f µs  others %.1f cores\n", round+1, o.Rounds, c.title, k, s.RPS, s.Total(), s.P99, s.Others)
			}
		}
	}
	for _, k := range kinds(o) {
		for _, c := range contenders() {
			if cell := cells[fmt.Sprint(c.name, k)]; cell != nil {
				r.Cells = append(r.Cells, cell)
			}
		}
	}
	return nil
}

// start starts an instance for each number of routers.
func (c *running) start(e *environment, o Options) error {
	for _, k := range kinds(o) {
		if c.instances[k.Routers] != nil || !c.takes(k) {
			continue
		}
		i, err := c.begin(e, k.Routers)
		if err != nil {
			return err
		}
		c.instances[k.Routers] = i
	}
	return nil
}

func (c *running) stop() {
	for _, i := range c.instances {
		i.stop()
	}
}

// String describes a kind of traffic.
func (k Kind) String() string {
	text := []string{size(k.Size), k.Traffic}
	if k.Routers != 1 {
		text = append(text, fmt.Sprintf("%d routers", k.Routers))
	}
	if k.Rate != 0 {
		text = append(text, fmt.Sprintf("%.0f/s", k.Rate))
	}
	return strings.Join(text, ", ")
}

// size writes a number of bytes.
func size(n int) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
