package main

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
	"github.com/hookward/hookward/dev/gateway"
)

// Profile says where a Traefik with all of hookward's checks spends its CPU time
// under full load.
type Profile struct {
	Date    string  `json:"date"`
	Machine Machine `json:"machine"`
	Version string  `json:"version"`
	// Requests is how many requests were answered meanwhile.
	Requests int64 `json:"requests"`
	// Nanoseconds of CPU by kind of work; see kindOf.
	Nanoseconds map[string]int64 `json:"nanoseconds"`
}

// The kinds of work, as the page's table lists them.
var workKinds = []struct{ name, title string }{
	{"traefik", "Traefik itself: connections, routing, the reverse proxy"},
	{"plugin", "compiled code at work for hookward: SHA-256, HMAC, JSON, times, maps, reads and writes"},
	{"interpreter", "the interpreter: finding out what to do, and calling it by reflection"},
	{"memory", "the interpreter's memory: variables and temporaries of interpreted functions"},
	{"collection", "Go's garbage collector"},
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
		case strings.HasPrefix(function, "github.com/hookward/hookward"):
			return "plugin"
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

// RunProfile sends deliveries of one size to hookward with everything switched on, as
// fast as they are answered, and profiles Traefik's CPU meanwhile. What pprof
// understands is written to raw.
func RunProfile(ctx context.Context, o Options, form gateway.Form, size int, raw string, progress io.Writer) (*Profile, error) {
	e, err := newEnvironment(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer e.close()
	c := completeConfiguration(e, form, 1, unrotated)
	c.debug = true
	t, err := startTraefik(e, "profile", c)
	if err != nil {
		return nil, err
	}
	defer t.process.stop()
	j := job{Address: t.address, Paths: paths("hooks", 1), Size: size, Key: secret, Connections: o.Connections, Duration: o.Time / 5}
	if _, err := e.generate(ctx, j); err != nil {
		return nil, err
	}
	// The profile lies within the load.
	j.Duration = o.Time + time.Second
	var l *load
	loaded := make(chan error, 1)
	go func() {
		var err error
		l, err = e.generate(ctx, j)
		loaded <- err
	}()
	text, err := t.profile(o.Time)
	if err = errors.Join(err, <-loaded); err != nil {
		return nil, err
	}
	if l.Requests == 0 || l.Statuses[status[valid]] != l.Requests || len(l.Errors) > 0 {
		return nil, fmt.Errorf("answers %v, errors %v, where all should be %s", l.Statuses, l.Errors, status[valid])
	}
	if raw != "" {
		if err := os.WriteFile(raw, text, 0o644); err != nil {
			return nil, err
		}
	}
	p := &Profile{Date: time.Now().UTC().Format("2006-01-02"), Machine: machine(), Version: versions(e)["hookward"]}
	p.Requests = int64(float64(l.Requests) * float64(o.Time) / float64(l.Elapsed))
	p.Nanoseconds, err = byKind(text)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(progress, Profiles{form: p}.text())
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

// Profiles are those of both forms, with deliveries of 1 KiB.
type Profiles map[gateway.Form]*Profile

// text is a table for the page; nothing where there is no profile.
func (all Profiles) text() string {
	header := []string{"CPU µs per request"}
	rows := make([][]string, len(workKinds))
	for i, k := range workKinds {
		rows[i] = []string{k.title}
	}
	for _, form := range forms {
		p := all[form]
		if p == nil || p.Requests == 0 {
			continue
		}
		total := int64(0)
		for _, n := range p.Nanoseconds {
			total += n
		}
		header = append(header, string(form), "share")
		for i, k := range workKinds {
			n := p.Nanoseconds[k.name]
			rows[i] = append(rows[i], fmt.Sprintf("%.0f", float64(n)/float64(p.Requests)/1000), fmt.Sprintf("%.0f %%", 100*float64(n)/float64(total)))
		}
	}
	if len(header) == 1 {
		return ""
	}
	return table(header, rows)
}

// Write writes the profiles as JSON.
func (all Profiles) Write(file string) error { return writeJSON(file, all) }

// ReadProfiles reads a file of Write's; none where there is none.
func ReadProfiles(file string) (Profiles, error) {
	all := Profiles{}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(text, &all)
}
