package main

import (
	"encoding/json"
	"os"
	"slices"
)

// Results are all that a run of the benchmark has measured.
type Results struct {
	Date     string            `json:"date"`
	Command  string            `json:"command"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Settings Options           `json:"settings"`
	// Missing are contenders that are not installed.
	Missing []string `json:"missing,omitempty"`
	Cells   []*Cell  `json:"cells"`
	// Reloads are times from writing a configuration until it is in force, with
	// 500 routers, in milliseconds, by contender.
	Reloads map[string][]float64 `json:"reloads"`
	// Starts are times from starting Traefik until it serves, in milliseconds,
	// and Memory is what is resident then, in MiB, by contender.
	Starts map[string][]float64 `json:"starts"`
	Memory map[string][]float64 `json:"memory"`
	// PluginLoad is the time in which Yaegi alone loads the plugin, in
	// milliseconds; 0 where it was not measured.
	PluginLoad float64 `json:"pluginLoad"`
	// Generators compare the load generator with wrk, on Traefik alone.
	Generators map[string]*Sample `json:"generators"`
	Rotation   *Rotation          `json:"rotation"`
}

// Kind is a kind of traffic.
type Kind struct {
	Traffic string  `json:"traffic"` // see the constants below
	Size    int     `json:"size"`    // of bodies, in bytes
	Routers int     `json:"routers"`
	Rate    float64 `json:"rate,omitempty"` // requests per second; 0 is as many as there can be
}

// What is sent, and what each request has to be answered with.
const (
	valid   = "valid"
	wrong   = "wrongly signed"
	limited = "over the limit"
)

// status is the only right answer to a kind of traffic.
var status = map[string]string{valid: "200", wrong: "401", limited: "429"}

// Cell is one contender under one kind of traffic.
type Cell struct {
	Contender string `json:"contender"`
	Kind
	Samples []*Sample `json:"samples"`
	// Refused says why figures of this cell don't count: a run had other
	// answers than it should have.
	Refused string `json:"refused,omitempty"`
}

// Sample is one measured run. CPU times are microseconds per request.
type Sample struct {
	Round     int     `json:"round"`
	Requests  int64   `json:"requests"`
	RPS       float64 `json:"rps"`
	P50       float64 `json:"p50"` // in microseconds, like P99
	P99       float64 `json:"p99"`
	CPU       float64 `json:"cpu"`       // of the gateway's processes
	Helper    float64 `json:"helper"`    // of the verifier that forwardAuth asks
	Backend   float64 `json:"backend"`   // of the backend
	Generator float64 `json:"generator"` // of the load generator
	Busy      float64 `json:"busy"`      // part of the time that the load generator was on a core
	Others    float64 `json:"others"`    // cores that processes had which are no part of this
	RSS       int64   `json:"rss"`       // of the gateway's processes, afterwards, in bytes
}

// Total is the CPU time of the gateway and of what it asks.
func (s *Sample) Total() float64 { return s.CPU + s.Helper }

// cell finds a cell; nil where there is none, or its figures don't count.
func (r *Results) cell(contender string, k Kind) *Cell {
	for _, c := range r.Cells {
		if c.Contender == contender && c.Kind == k && c.Refused == "" && len(c.Samples) > 0 {
			return c
		}
	}
	return nil
}

// figure is the median of a figure over the rounds.
func (c *Cell) figure(of func(*Sample) float64) float64 {
	all := []float64{}
	for _, s := range c.Samples {
		all = append(all, of(s))
	}
	return median(all)
}

// against compares a figure with another cell's, round by round, and returns the
// median: what happens to the machine in a round happens to both.
func (c *Cell) against(other *Cell, of func(*Sample) float64, compare func(a, b float64) float64) float64 {
	all := []float64{}
	for _, a := range c.Samples {
		for _, b := range other.Samples {
			if a.Round == b.Round {
				all = append(all, compare(of(a), of(b)))
			}
		}
	}
	return median(all)
}

func quotient(a, b float64) float64   { return a / b }
func difference(a, b float64) float64 { return a - b }

// median returns 0 for nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// ReadResults reads a file of Write's.
func ReadResults(file string) (*Results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &Results{}
	return r, json.Unmarshal(text, r)
}

// Write writes the results as JSON.
func (r *Results) Write(file string) error { return writeJSON(file, r) }

func writeJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// median is a sample of the medians.
func (c *Cell) median() *Sample {
	return &Sample{
		Requests:  int64(c.figure(func(s *Sample) float64 { return float64(s.Requests) })),
		RPS:       c.figure(rps),
		P50:       c.figure(func(s *Sample) float64 { return s.P50 }),
		P99:       c.figure(p99),
		CPU:       c.figure(func(s *Sample) float64 { return s.CPU }),
		Helper:    c.figure(func(s *Sample) float64 { return s.Helper }),
		Backend:   c.figure(func(s *Sample) float64 { return s.Backend }),
		Generator: c.figure(func(s *Sample) float64 { return s.Generator }),
		Busy:      c.figure(func(s *Sample) float64 { return s.Busy }),
		Others:    c.figure(others),
		RSS:       int64(c.figure(func(s *Sample) float64 { return float64(s.RSS) })),
	}
}

func rps(s *Sample) float64 { return s.RPS }
func p99(s *Sample) float64 { return s.P99 }

func others(s *Sample) float64 { return s.Others }

// others is how many cores processes had, on an average, that are no part of the
// benchmark.
func (r *Results) others() float64 {
	sum, n := 0.0, 0
	for _, c := range r.Cells {
		for _, s := range c.Samples {
			sum, n = sum+s.Others, n+1
		}
	}
	return sum / float64(max(n, 1))
}
