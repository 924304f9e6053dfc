package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// Profile says where a Traefik with all of hookward's checks spends its CPU time
// under full load.
type Profile struct {
	Date    string  `json:"date"`
	Machine Machine `json:"machine"`
	Version string  `json:"version"`
	// Requests is how many requests of 1 KiB were answered meanwhile.
	Requests int64 `json:"requests"`
	// Nanoseconds of CPU by kind of work; see kindOf.
	Nanoseconds map[string]int64 `json:"nanoseconds"`
}

// The kinds of work, as the page's table lists them.
var workKinds = []struct{ name, title string }{
	{"traefik", "Traefik itself: connections, routing, the reverse proxy"},
	{"plugin", "the standard library at work for the plugin: SHA-256, HMAC, JSON, times, maps, reads and writes"},
	{"interpreter", "the interpreter: finding out what to do, and calling it by reflection"},
	{"memory", "the interpreter's memory: variables and temporaries of interpreted functions"},
	{"collection", "Go's garbage collector, for both"},
	{"scheduler", "Go's scheduler: waking goroutines, waiting for the network"},
}

// kindOf classifies a sample by its stack, innermost function first.
//
// A plugin is called by Traefik and calls Traefik's next handler, so what counts is
// which of them the innermost frame belongs to.
func kindOf(stack []string) string {
	scheduling, allocating, compiled := false, false, false
	for _, function := range stack {
		switch {
		case function == "runtime.gcBgMarkWorker", strings.HasPrefix(function, "runtime.gcAssist"), function == "runtime.bgsweep", function == "runtime.gcStart", function == "runtime.bgscavenge":
			return "collection"
		case function == "runtime.mallocgc" || function == "runtime.growslice" || strings.HasPrefix(function, "reflect.New") || function == "reflect.unsafe_New":
			allocating = true
		case function == "runtime.schedule" || function == "runtime.findRunnable" || function == "runtime.mcall" || function == "runtime.sysmon" || function == "runtime.mstart":
			scheduling = true
		case strings.HasPrefix(function, "github.com/traefik/yaegi/interp."):
			switch {
			case compiled:
				return "plugin"
			case allocating:
				return "memory"
			}
			return "interpreter"
		case strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/runtime/") || strings.HasPrefix(function, "reflect.") || strings.HasPrefix(function, "internal/abi") || strings.HasPrefix(function, "sync/atomic."):
			// Either's.
		case strings.HasSuffix(function, "(*ReverseProxy).ServeHTTP") || strings.HasSuffix(function, "(*conn).serve"):
			return "traefik"
		default:
			compiled = true
		}
	}
	if scheduling && !compiled {
		return "scheduler"
	}
	return "traefik"
}

// RunProfile sends deliveries of 1 KiB to hookward with everything switched on, as
// fast as they are answered, and profiles Traefik's CPU meanwhile. What pprof
// understands is written to raw.
func RunProfile(ctx context.Context, length time.Duration, connections int, raw string, progress io.Writer) (*Profile, error) {
	e, err := newEnvironment(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer e.close()
	c := completeConfiguration(e, 1, unrotated)
	c.debug = true
	t, err := startTraefik(e, "profile", c)
	if err != nil {
		return nil, err
	}
	defer t.process.stop()
	j := job{Address: t.address, Paths: paths("hooks", 1), Size: 1 << 10, Key: secret, Connections: connections, Duration: length / 5}
	if _, err := e.generate(ctx, j); err != nil {
		return nil, err
	}
	// The profile lies within the load.
	j.Duration = length + time.Second
	var l *load
	loaded := make(chan error, 1)
	go func() {
		var err error
		l, err = e.generate(ctx, j)
		loaded <- err
	}()
	text, err := t.profile(length)
	if err = errors.Join(err, <-loaded); err != nil {
		return nil, err
	}
	if raw != "" {
		if err := os.WriteFile(raw, text, 0o644); err != nil {
			return nil, err
		}
	}
	p := &Profile{Date: time.Now().UTC().Format("2006-01-02"), Machine: machine(), Version: versions(e)["hookward"]}
	p.Requests = int64(float64(l.Requests) * float64(length) / float64(l.Elapsed))
	p.Nanoseconds, err = byKind(text)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(progress, p.text())
	return p, nil
}

// profile returns Traefik's CPU profile of the time that follows.
func (t *traefik) profile(length time.Duration) ([]byte, error) {
	response, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", t.ping, int(length.Seconds())))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return text, err
}

// byKind adds up a profile's CPU time by kind of work.
func byKind(text []byte) (map[string]int64, error) {
	p, err := profile.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if len(p.SampleType) != 2 || p.SampleType[1].Type != "cpu" || p.SampleType[1].Unit != "nanoseconds" {
		return nil, errors.New("this is no CPU profile")
	}
	sums := map[string]int64{}
	for _, sample := range p.Sample {
		stack := []string{}
		for _, location := range sample.Location {
			for _, line := range location.Line {
				stack = append(stack, line.Function.Name)
			}
		}
		sums[kindOf(stack)] += sample.Value[1]
	}
	return sums, nil
}

// text is the profile for the page; nothing where there is none.
func (p *Profile) text() string {
	if p == nil || p.Requests == 0 {
		return ""
	}
	total := int64(0)
	for _, n := range p.Nanoseconds {
		total += n
	}
	rows := [][]string{}
	for _, k := range workKinds {
		n := p.Nanoseconds[k.name]
		rows = append(rows, []string{k.title, fmt.Sprintf("%.0f", float64(n)/float64(p.Requests)/1000), fmt.Sprintf("%.0f %%", 100*float64(n)/float64(total))})
	}
	return table([]string{"Work", "CPU µs per request", "Share"}, rows)
}

// Write writes the results as JSON.
func (p *Profile) Write(file string) error { return writeJSON(file, p) }

// ReadProfile reads a file of Write's; nil where there is none.
func ReadProfile(file string) (*Profile, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &Profile{}
	return p, json.Unmarshal(text, p)
}
