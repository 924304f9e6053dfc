package console

import (
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/scrape"
)

// summary is one gate on the overview, within a window.
type summary struct {
	Name      string   `json:"name"`
	Provider  string   `json:"provider"`
	Problem   string   `json:"problem"`
	Refuses   bool     `json:"refuses"`
	Since     int64    `json:"since"` // in seconds, when the window began; 0 for all that the gate has counted
	Requests  int64    `json:"requests"`
	Succeeded int64    `json:"succeeded"`
	Refused   int64    `json:"refused"`
	Gate      times    `json:"gate"`
	Backend   times    `json:"backend"`
	BytesMean *float64 `json:"bytesMean"`
	Kept      *kept    `json:"kept,omitempty"` // with the option delivery
}

// kept are the deliveries that a gate keeps.
type kept struct {
	Waiting int   `json:"waiting"`
	Dead    int   `json:"dead"`
	Overdue int64 `json:"overdue"` // for how long the oldest is due, in nanoseconds
	Reading bool  `json:"reading"` // what there is: how many is not known
}

// keptOf returns what a gate keeps, or nil where it keeps nothing.
func keptOf(g scrape.Gate) *kept {
	n, keeps := scrape.DeliveriesOf(g)
	if !keeps {
		return nil
	}
	return &kept{Waiting: n.Waiting, Dead: n.Dead, Overdue: int64(n.Overdue), Reading: !n.Loaded}
}

type times struct {
	Count int64    `json:"count"`
	P50   *float64 `json:"p50"`
	P95   *float64 `json:"p95"`
}

func timesOf(buckets []int64) times {
	t := times{P50: quantile(buckets, 0.5), P95: quantile(buckets, 0.95)}
	for _, n := range buckets {
		t.Count += n
	}
	return t
}

// summaryOf sums up a gate: what it has counted since the window began, or since it
// began itself.
func summaryOf(counted *metrics.Totals, window string) summary {
	before := note{}
	notes := notesOf(counted.Gate, window)
	most := fineNotes
	if window == "48h" {
		most = coarseNotes
	}
	if len(notes) == most {
		before = notes[0]
	}
	d := metrics.Since(counted, &before.counted)
	return summary{
		Name: counted.Gate, Provider: counted.Provider, Since: before.at,
		Requests: d.Requests, Succeeded: d.Good, Refused: d.Refused,
		Gate: timesOf(d.GateTime), Backend: timesOf(d.BackendTime),
		BytesMean: number(float64(d.BodyBytes), d.Bodies),
	}
}

// Gate is a middleware as the page knows it.
type Gate struct {
	Name    string
	Problem string // of its configuration, or nothing
	Refuses bool   // everything, for that

	Audit *audit.Settings // what may be shown of its deliveries; nil where it has no policy
	Names map[string]bool // of headers that it verifies by
}

// Source is what the console asks of the process, each time anew.
type Source struct {
	Scrape *scrape.Source
	Gates  []Gate

	// Where the records of this console go.
	Numbers *audit.Numbers
	Audit   *audit.Settings
	Outputs []*audit.Output
}

// dependency is something that gates need, and how it is doing.
type dependency struct {
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Up          bool   `json:"up"`
	Failures    int64  `json:"failures"`
	LastSuccess string `json:"lastSuccess,omitempty"`
}

// serveOverview answers with all gates and what they depend on.
func serveOverview(source *Source, c *call) {
	known := map[string]Gate{}
	for _, g := range source.Gates {
		known[g.Name] = g
	}
	states := map[string]scrape.Gate{}
	for _, g := range source.Scrape.Gates {
		states[g.Name] = g
	}
	all := metrics.All()
	gates := []summary{}
	for i := range all {
		g := summaryOf(&all[i], c.query.window)
		g.Problem = known[g.Name].Problem
		g.Refuses = known[g.Name].Refuses
		g.Kept = keptOf(states[g.Name])
		gates = append(gates, g)
	}
	dependencies := []dependency{}
	for _, d := range scrape.Dependencies(source.Scrape) {
		one := dependency{Kind: d.Kind, Name: d.Name, Up: d.Up, Failures: d.Failures}
		if !d.Updated.IsZero() {
			one.LastSuccess = d.Updated.UTC().Format(time.RFC3339)
		}
		dependencies = append(dependencies, one)
	}
	form := "interpreted by Traefik"
	if source.Scrape.Compiled {
		form = "compiled into Traefik"
	}
	answerJSON(c.rw, struct {
		Visitor      *visitor     `json:"visitor"`
		Version      string       `json:"version"`
		Form         string       `json:"form"`
		Instance     string       `json:"instance"`
		Since        time.Time    `json:"since"` // deliveries are kept
		Started      time.Time    `json:"started"`
		Gates        []summary    `json:"gates"`
		Dependencies []dependency `json:"dependencies"`
	}{c.visitor, source.Scrape.Version, form, instance, keptSince(), source.Scrape.Started.UTC(), gates, dependencies})
}
