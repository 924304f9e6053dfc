package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// wrkScript sends one delivery again and again, which is enough for Traefik
// alone.
const wrkScript = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-GitHub-Event"] = "push"
wrk.headers["X-GitHub-Delivery"] = "72d3162e-cc78-11e3-81ab-000000000000"
wrk.headers["X-Hub-Signature-256"] = "sha256=" .. string.rep("0", 64)
wrk.body = string.rep("x", 1024)
`

var (
	wrkRate     = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkQuantile = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([0-9.]+)(us|ms|s)$`)
	wrkFault    = regexp.MustCompile(`(?m)^.*(Socket errors|Non-2xx).*$`)
)

// compareGenerators measures Traefik alone with the load generator and with wrk,
// in turns, so that a reader can see what the generator adds.
func compareGenerators(ctx context.Context, e *environment, o Options, progress io.Writer) (map[string]*Sample, error) {
	wrk, err := installed("wrk")
	if errors.Is(err, errMissing) {
		fmt.Fprintln(progress, "the comparison with wrk is left out:", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	dir, err := e.directory("wrk")
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "post.lua")
	if err := os.WriteFile(script, []byte(wrkScript), 0o644); err != nil {
		return nil, err
	}
	i, err := traefikInstance(e, "wrk-bare", configuration{routers: 1})
	if err != nil {
		return nil, err
	}
	defer i.stop()
	found := map[string]*Cell{"own": {}, "wrk": {}}
	for range o.Rounds {
		s, err := measure(ctx, e, i, Kind{Traffic: valid, Size: 1 << 10, Routers: 1}, o)
		if err != nil {
			return nil, err
		}
		found["own"].Samples = append(found["own"].Samples, s)
		if s, err = runWrk(ctx, e, i, o, wrk, script); err != nil {
			return nil, err
		}
		found["wrk"].Samples = append(found["wrk"].Samples, s)
	}
	medians := map[string]*Sample{}
	for name, c := range found {
		medians[name] = c.median()
		fmt.Fprintf(progress, "load generator %s: %.0f/s, %.1f µs CPU of its own per request\n", name, medians[name].RPS, medians[name].Generator)
	}
	return medians, nil
}

// runWrk measures with one thread of wrk.
func runWrk(ctx context.Context, e *environment, i *instance, o Options, wrk, script string) (*Sample, error) {
	before, err := observe(e, i)
	if err != nil {
		return nil, err
	}
	// wrk knows whole seconds only.
	seconds := max(1, int(o.Time.Seconds()))
	command := exec.CommandContext(ctx, wrk, "-t1", "-c", strconv.Itoa(o.Connections), "-d", fmt.Sprint(seconds, "s"), "--latency", "-s", script,
		"http://"+i.address+paths("hooks", 1)[0])
	output, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, output)
	}
	after, err := observe(e, i)
	if err != nil {
		return nil, err
	}
	if fault := wrkFault.Find(output); fault != nil {
		return nil, fmt.Errorf("wrk: %s", fault)
	}
	rate, requests := wrkRate.FindSubmatch(output), wrkRequests.FindSubmatch(output)
	if rate == nil || requests == nil {
		return nil, fmt.Errorf("wrk printed no figures: %s", output)
	}
	s := &Sample{}
	if s.RPS, err = strconv.ParseFloat(string(rate[1]), 64); err != nil {
		return nil, err
	}
	if s.Requests, err = strconv.ParseInt(string(requests[1]), 10, 64); err != nil {
		return nil, err
	}
	for _, match := range wrkQuantile.FindAllSubmatch(output, -1) {
		value, err := strconv.ParseFloat(string(match[2]), 64)
		if err != nil {
			return nil, err
		}
		value *= map[string]float64{"us": 1, "ms": 1e3, "s": 1e6}[string(match[3])]
		if string(match[1]) == "50" {
			s.P50 = value
		} else {
			s.P99 = value
		}
	}
	// wrk leaves requests under way at its end; the backend has them all.
	each := func(d time.Duration) float64 {
		return float64(d.Nanoseconds()) / 1000 / float64(after.counts.Requests-before.counts.Requests)
	}
	s.CPU = each(after.gateway.cpu - before.gateway.cpu)
	s.Backend = each(after.backend.cpu - before.backend.cpu)
	own := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	s.Generator = each(own)
	s.Busy = own.Seconds() / float64(seconds)
	return s, nil
}
