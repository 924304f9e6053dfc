package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// manyRouters is how many routers share one middleware where reloads are timed.
const manyRouters = 500

// timed is a Traefik whose starts and reloads are timed.
type timed struct {
	name string
	configuration
}

// allTimed are Traefik alone, and with all of hookward's checks in both forms.
func allTimed(e *environment, routers int) []timed {
	all := []timed{{bare, configuration{routers: routers}}}
	for _, form := range forms {
		all = append(all, timed{completes[form], completeConfiguration(e, form, routers, unrotated)})
	}
	return all
}

// timeReloads times reloads of Traefik with many routers.
func timeReloads(ctx context.Context, e *environment, r *Results, progress io.Writer) error {
	r.Reloads = map[string][]float64{}
	for _, c := range allTimed(e, manyRouters) {
		t, err := startTraefik(e, "reload-"+c.name, c.configuration)
		if err != nil {
			return err
		}
		for range r.Settings.Repeats {
			var took time.Duration
			if took, err = t.reload(ctx, e); err != nil {
				break
			}
			r.Reloads[c.name] = append(r.Reloads[c.name], milliseconds(took))
		}
		t.process.stop()
		if err != nil {
			return err
		}
		fmt.Fprintf(progress, "reload of %d routers, %s: %.0f ms\n", manyRouters, c.name, median(r.Reloads[c.name]))
	}
	return nil
}

// reload writes another version of the configuration and returns the time until
// it is in force: until the router answers that it alone has.
func (t *traefik) reload(ctx context.Context, e *environment) (time.Duration, error) {
	t.version++
	path := versionPath(t.version)
	d, err := newRequest(t.address, []string{path}, minBody, secret, fmt.Sprintf("%016x", time.Now().UnixMicro()))
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := t.write(e); err != nil {
		return 0, err
	}
	for n := uint64(0); ; n++ {
		if err := d.number(n); err != nil {
			return 0, err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.address+path, bytes.NewReader(d.bytes[len(d.bytes)-minBody:]))
		if err != nil {
			return 0, err
		}
		r.Header.Set("X-Hub-Signature-256", "sha256="+string(d.bytes[d.signature:d.signature+64]))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		took := time.Since(start)
		switch {
		case err != nil:
			return 0, err
		case response.StatusCode == http.StatusOK:
			return took, nil
		case response.StatusCode != http.StatusNotFound:
			return 0, fmt.Errorf("a new router answers %d", response.StatusCode)
		case took > patience:
			return 0, fmt.Errorf("a new configuration is not in force after %s", took)
		}
		time.Sleep(time.Millisecond)
	}
}

// timeStarts times starts of Traefik, in turns, and reads its memory after them.
func timeStarts(ctx context.Context, e *environment, r *Results, progress io.Writer) error {
	r.Starts, r.Memory = map[string][]float64{}, map[string][]float64{}
	all := allTimed(e, 1)
	for i := range r.Settings.Repeats {
		for turn := range all {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c := all[(turn+i)%len(all)]
			t, err := startTraefik(e, fmt.Sprintf("start-%s-%d", c.name, i), c.configuration)
			if err != nil {
				return err
			}
			u, err := t.process.uses()
			t.process.stop()
			if err != nil {
				return err
			}
			r.Starts[c.name] = append(r.Starts[c.name], milliseconds(t.start))
			r.Memory[c.name] = append(r.Memory[c.name], mib(u.rss))
		}
	}
	for _, c := range all {
		fmt.Fprintf(progress, "start, %s: %.0f ms, %.0f MiB\n", c.name, median(r.Starts[c.name]), median(r.Memory[c.name]))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

var nanosecondsPerLoad = regexp.MustCompile(`BenchmarkLoad\S*\s+\d+\s+([0-9.]+) ns/op`)

// loadPlugin runs the micro-benchmark of the plugin's load, and returns
// milliseconds.
func loadPlugin(ctx context.Context, e *environment, progress io.Writer) (float64, error) {
	command := exec.CommandContext(ctx, "go", "test", "./interpreted", "-run", "^$", "-bench", "^BenchmarkLoad$", "-benchtime", "10x", "-count", "1")
	command.Dir = filepath.Join(e.root, "dev")
	output, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, output)
	}
	match := nanosecondsPerLoad.FindSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("no figure in: %s", output)
	}
	n, err := strconv.ParseFloat(string(match[1]), 64)
	fmt.Fprintf(progress, "load of the plugin: %.0f ms\n", n/1e6)
	return n / 1e6, err
}
