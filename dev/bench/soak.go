package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// Soak is what a long run has found: whether memory grows.
type Soak struct {
	Date     string       `json:"date"`
	Machine  Machine      `json:"machine"`
	Version  string       `json:"version"`
	Requests int64        `json:"requests"`
	Reloads  int          `json:"reloads"`
	Took     string       `json:"took"`
	Samples  []SoakSample `json:"samples"`
	// Slopes are those of straight lines through the second half of the samples,
	// in bytes per million requests. In the first half, tables fill up that are
	// bounded.
	RSSSlope  float64 `json:"rssSlope"`
	HeapSlope float64 `json:"heapSlope"`
	// HeapPerReloads is the same slope of the heap in bytes per thousand reloads,
	// and Alone that of Traefik without hookward, with the same reloads and a tenth
	// of the requests.
	HeapPerReloads float64 `json:"heapPerReloads"`
	Alone          float64 `json:"alone"`
}

// SoakSample is Traefik's memory at one moment.
type SoakSample struct {
	Requests int64 `json:"requests"`
	Reloads  int   `json:"reloads"`
	RSS      int64 `json:"rss"`
	Heap     int64 `json:"heap"` // what is alive after a collection
}

// soakSamples is about how many samples are taken.
const soakSamples = 100

// RunSoak sends distinct deliveries of 1 KiB to hookward, interpreted and with
// everything switched on, while the configuration is reloaded again and again, and
// prints Traefik's memory. Before, Traefik alone has its turn: what grows there is its own.
func RunSoak(ctx context.Context, requests int64, reloads int, connections int, progress io.Writer) (*Soak, error) {
	if requests < 1 || reloads < 1 || requests < 10*int64(reloads) {
		return nil, fmt.Errorf("%d requests and %d reloads: there must be a reload, and ten requests for each", requests, reloads)
	}
	e, err := newEnvironment(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer e.close()
	version := versions(e)["hookward"] // of what is loaded now
	fmt.Fprintln(progress, "Traefik alone:")
	alone, err := soakOne(ctx, e, "alone", configuration{routers: 20, debug: true}, requests/10, reloads, connections, progress)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "With hookward:")
	begin := time.Now()
	c := completeConfiguration(e, gateway.Interpreted, 20, asDefaults)
	c.debug = true
	samples, err := soakOne(ctx, e, "soak", c, requests, reloads, connections, progress)
	if err != nil {
		return nil, err
	}
	s := &Soak{
		Date: time.Now().UTC().Format("2006-01-02"), Machine: machine(), Version: version,
		Requests: requests, Reloads: reloads, Took: time.Since(begin).Round(time.Second).String(), Samples: samples,
	}
	heap := func(s SoakSample) int64 { return s.Heap }
	half := samples[len(samples)/2:]
	s.RSSSlope = slope(half, perMillion, func(s SoakSample) int64 { return s.RSS })
	s.HeapSlope = slope(half, perMillion, heap)
	s.HeapPerReloads = slope(half, perReloads, heap)
	s.Alone = slope(alone[len(alone)/2:], perReloads, heap)
	fmt.Fprintf(progress, "In the second half, per million requests: %+.2f MiB resident, %+.2f MiB of heap alive. Per thousand reloads: %+.2f MiB, and %+.2f MiB of Traefik alone.\n",
		s.RSSSlope/(1<<20), s.HeapSlope/(1<<20), s.HeapPerReloads/(1<<20), s.Alone/(1<<20))
	return s, nil
}

// soakOne has one Traefik take the requests and reloads, and returns its memory.
func soakOne(ctx context.Context, e *environment, name string, c configuration, requests int64, reloads, connections int, progress io.Writer) ([]SoakSample, error) {
	t, err := startTraefik(e, name, c)
	if err != nil {
		return nil, err
	}
	defer t.process.stop()
	samples := []SoakSample{}
	every := max(1, reloads/soakSamples)
	sent := int64(0)
	for done := 1; done <= reloads; done++ {
		part := requests * int64(done) / int64(reloads)
		if err := t.soak(ctx, e, part-sent, connections); err != nil {
			return nil, fmt.Errorf("after %d requests and %d reloads: %w", sent, done-1, err)
		}
		sent = part
		if done%every != 0 && done != reloads {
			continue
		}
		sample := SoakSample{Requests: sent, Reloads: done}
		// The collection comes first: RSS is then what stays.
		if sample.Heap, err = t.heap(); err != nil {
			return nil, err
		}
		u, err := t.process.uses()
		if err != nil {
			return nil, err
		}
		sample.RSS = u.rss
		samples = append(samples, sample)
		fmt.Fprintf(progress, "%9d requests, %5d reloads: %5.1f MiB resident, %5.1f MiB of heap alive\n", sample.Requests, sample.Reloads, mib(sample.RSS), mib(sample.Heap))
	}
	return samples, nil
}

// Write writes the results as JSON.
func (s *Soak) Write(file string) error { return writeJSON(file, s) }

// soak sends a number of deliveries, all of which must pass, and reloads the
// configuration meanwhile.
func (t *traefik) soak(ctx context.Context, e *environment, requests int64, connections int) error {
	done := make(chan error, 1)
	j := job{Address: t.address, Paths: paths("hooks", t.config.routers), Size: 1 << 10, Key: secret, Connections: connections, Requests: requests}
	go func() {
		l, err := e.generate(ctx, j)
		if err == nil && (l.Requests != requests || l.Statuses[status[valid]] != requests) {
			err = fmt.Errorf("answers %v, errors %v to %d requests", l.Statuses, l.Errors, requests)
		}
		done <- err
	}()
	_, err := t.reload(ctx, e)
	if failed := <-done; failed != nil {
		return failed
	}
	return err
}

// heap makes Traefik collect its garbage, and returns the bytes that are alive.
func (t *traefik) heap() (int64, error) {
	response, err := http.Get("http://" + t.ping + "/debug/pprof/heap?gc=1")
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if err != nil {
		return 0, err
	}
	response, err = http.Get("http://" + t.ping + "/debug/vars")
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	variables := struct {
		Memory struct{ HeapAlloc int64 } `json:"memstats"`
	}{}
	if err := json.NewDecoder(response.Body).Decode(&variables); err != nil {
		return 0, err
	}
	if variables.Memory.HeapAlloc == 0 {
		return 0, fmt.Errorf("%s does not tell the heap's size", t.ping)
	}
	return variables.Memory.HeapAlloc, nil
}

func perMillion(s SoakSample) float64 { return float64(s.Requests) / 1e6 }

func perReloads(s SoakSample) float64 { return float64(s.Reloads) / 1e3 }

// slope is that of the straight line with the least squares.
func slope(samples []SoakSample, over func(SoakSample) float64, of func(SoakSample) int64) float64 {
	n := float64(len(samples))
	var x, y, xx, xy float64
	for _, s := range samples {
		a, b := over(s), float64(of(s))
		x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// ReadSoak reads a file of Write's; nil where there is none.
func ReadSoak(file string) (*Soak, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &Soak{}
	return s, json.Unmarshal(text, s)
}
