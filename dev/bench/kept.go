package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// backlog is how many deliveries wait where that is measured.
const backlog = 10_000

// kept measures what the option delivery costs, in one form.
type kept struct {
	ctx         context.Context
	e           *environment
	form        gateway.Form
	o           Options
	progress    io.Writer
	rows        [][]string
	directories int
}

// RunKept measures the option delivery in both forms, and prints a table: what it adds to a
// delivery that succeeds, what one costs that is stored, and a backlog of 10,000.
func RunKept(ctx context.Context, o Options, progress io.Writer) error {
	e, err := newEnvironment(ctx, progress)
	if err != nil {
		return err
	}
	defer e.close()
	for _, form := range slices.Backward(forms) {
		k := &kept{ctx: ctx, e: e, form: form, o: o, progress: progress}
		if err := errors.Join(k.succeeding(), k.storing(), k.spike(), k.recovering(), k.starting()); err != nil {
			return err
		}
		fmt.Fprintf(progress, "\n%s\n%s", form, table([]string{"What", "Figures"}, k.rows))
	}
	return nil
}

func (k *kept) report(what, format string, values ...any) {
	k.rows = append(k.rows, []string{what, fmt.Sprintf(format, values...)})
	fmt.Fprintf(k.progress, "%s: %s: %s\n", k.form, what, fmt.Sprintf(format, values...))
}

// gate is a gate with more options, which has a directory of its own.
func (k *kept) gate(more string) configuration {
	k.directories++
	state := filepath.Join(k.e.dir, fmt.Sprintf("state-%s-%d", k.form, k.directories))
	return k.gateAt(state, more)
}

func (k *kept) gateAt(state, more string) configuration {
	return configuration{
		routers: 1, form: k.form, chain: "kept", debug: true,
		environment: []string{"HOOKWARD_BENCH_STORE=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
		middlewares: fmt.Sprintf("    kept: {plugin: {hookward: {provider: github, secrets: [\"env:HOOKWARD_BENCH_SECRET\"], ban: false, replay: true, stateDirectory: %q%s}}}\n", state, more),
	}
}

// behind runs a Traefik whose backend is at an address, or where nobody listens.
func (k *kept) behind(c configuration, backend string) (*traefik, error) {
	usual := k.e.backend
	defer func() { k.e.backend = usual }()
	if backend == "" {
		nobody, err := freeAddress()
		if err != nil {
			return nil, err
		}
		backend = nobody
	}
	k.e.backend = backend
	k.directories++
	return startTraefik(k.e, fmt.Sprintf("kept-%s-%d", k.form, k.directories), c)
}

// succeeding compares gates with and without the option, by turns, while all goes well.
func (k *kept) succeeding() error {
	both := [2]*instance{}
	for i, more := range []string{"", ", delivery: true"} {
		t, err := k.behind(k.gate(more), k.e.backend)
		if err != nil {
			return err
		}
		defer t.process.stop()
		both[i] = &instance{address: t.address, gateway: t.process, traefik: t}
	}
	ratios, without, with := []float64{}, []float64{}, []float64{}
	for round := range max(3, k.o.Rounds) {
		samples := [2]*Sample{}
		for n := range both {
			i := (n + round) % 2
			s, err := measure(k.ctx, k.e, both[i], Kind{Traffic: valid, Size: 1 << 10, Routers: 1}, k.o)
			if err != nil {
				return err
			}
			samples[i] = s
		}
		ratios = append(ratios, samples[1].CPU/samples[0].CPU)
		without, with = append(without, samples[0].CPU), append(with, samples[1].CPU)
	}
	slices.Sort(ratios)
	k.report("a delivery that succeeds", "%+.1f %% of Traefik's CPU (%.0f µs with delivery, %.0f without; %+.1f to %+.1f in single rounds)",
		100*(median(ratios)-1), median(with), median(without), 100*(ratios[0]-1), 100*(ratios[len(ratios)-1]-1))
	return nil
}

// stored sends deliveries that are all to be told 202, and returns what came of them.
func (k *kept) stored(t *traefik, rate float64, requests int64) (*load, time.Duration, error) {
	before, err := t.process.uses()
	if err != nil {
		return nil, 0, err
	}
	j := job{Address: t.address, Paths: paths("hooks", 1), Size: 1 << 10, Key: secret, Connections: k.o.Connections, Duration: k.o.Time, Rate: rate, Requests: requests}
	l, err := k.e.generate(k.ctx, j)
	if err != nil {
		return nil, 0, err
	}
	after, err := t.process.uses()
	if err == nil && (len(l.Errors) > 0 || l.Statuses["202"] != l.Requests) {
		err = fmt.Errorf("answers %v, errors %v, where all should be 202", l.Statuses, l.Errors)
	}
	return l, (after.cpu - before.cpu) / time.Duration(max(1, l.Requests)), err
}

// roomy has room for all that is sent, and nothing that has failed is tried again in the time
// of a run.
const roomy = ", store: {maxDeliveries: 1000000, maxBytes: 8000000000%s}, retry: {schedule: [1h]}}"

// storing measures deliveries that are stored: at a rate that the disk has time for, and as
// fast as they come.
func (k *kept) storing() error {
	for _, c := range []struct{ name, options string }{
		{"sync, backend down", ", delivery: {mode: sync" + fmt.Sprintf(roomy, "")},
		{"sync, backend down, encrypted", ", delivery: {mode: sync" + fmt.Sprintf(roomy, `, encryptionKeys: ["env:HOOKWARD_BENCH_STORE"]`)},
		{"accept, backend down", ", delivery: {mode: accept" + fmt.Sprintf(roomy, "")},
	} {
		t, err := k.behind(k.gate(c.options), "")
		if err != nil {
			return err
		}
		steady, _, err := k.stored(t, 100, 0)
		if err == nil {
			var full *load
			var cpu time.Duration
			full, cpu, err = k.stored(t, 0, 0)
			if err == nil {
				k.report(c.name, "p50 %s, p99 %s at 100 a second; %.0f a second at most, %d µs of CPU each", ms(steady.P50), ms(steady.P99), float64(full.Requests)/full.Elapsed.Seconds(), cpu.Microseconds())
			}
		}
		t.process.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", milliseconds(d)) }

// spike sends 1,000 deliveries a second to a gate that may hand on 20.
func (k *kept) spike() error {
	t, err := k.behind(k.gate(", delivery: {mode: accept, rate: {average: 20, period: 1s}"+fmt.Sprintf(roomy, "")), k.e.backend)
	if err != nil {
		return err
	}
	defer t.process.stop()
	before, err := k.e.arrived()
	if err != nil {
		return err
	}
	since := time.Now()
	j := job{Address: t.address, Paths: paths("hooks", 1), Size: 1 << 10, Key: secret, Connections: 64, Duration: 2 * k.o.Time, Rate: 1000}
	l, err := k.e.generate(k.ctx, j)
	if err != nil {
		return err
	}
	after, err := k.e.arrived()
	if err != nil {
		return err
	}
	took := time.Since(since).Seconds()
	k.report("spike of 50 times the rate", "%d told %v at %.0f a second, p50 %s, p99 %s; the backend saw %.1f a second", l.Requests, l.Statuses, float64(l.Requests)/l.Elapsed.Seconds(), ms(l.P50), ms(l.P99), float64(after.Requests-before.Requests)/took)
	return nil
}

// recovering stores 10,000 deliveries, and starts Traefik anew once the backend is there, with
// live traffic beside them.
func (k *kept) recovering() error {
	k.directories++
	state := filepath.Join(k.e.dir, fmt.Sprintf("backlog-%s-%d", k.form, k.directories))
	patiently := strings.Replace(fmt.Sprintf(roomy, ""), "[1h]", "[5s, 5s, 5s, 5s, 5s, 5s, 5s, 5s, 5s, 5s]", 1)
	c := k.gateAt(state, ", delivery: {mode: accept, timeout: 5s"+patiently)
	t, err := k.behind(c, "")
	if err != nil {
		return err
	}
	empty, err := t.heap()
	if err == nil {
		_, _, err = k.stored(t, 0, backlog)
	}
	var full int64
	if err == nil {
		full, err = t.heap()
	}
	t.process.stop()
	if err != nil {
		return err
	}
	c = k.gateAt(state, ", delivery: {mode: accept, timeout: 5s"+patiently)
	c.middlewares = strings.Replace(c.middlewares, "    kept:", "    live: {plugin: {hookward: {provider: github, secrets: [\"env:HOOKWARD_BENCH_SECRET\"], ban: false}}}\n    kept:", 1)
	c.limited = "live"
	t, err = k.behind(c, k.e.backend)
	if err != nil {
		return err
	}
	defer t.process.stop()
	began := time.Now()
	live := job{Address: t.address, Paths: paths("limited", 1), Size: 1 << 10, Key: secret, Connections: k.o.Connections, Duration: k.o.Time, Rate: 100}
	time.Sleep(8 * time.Second) // until the store is taken over from who has ended without a word
	during, err := k.e.generate(k.ctx, live)
	if err != nil {
		return err
	}
	for waits(state) > 0 {
		if time.Since(began) > 5*time.Minute {
			return fmt.Errorf("%d still wait after 5 minutes", waits(state))
		}
		time.Sleep(100 * time.Millisecond)
	}
	took := time.Since(began)
	u, err := t.process.uses()
	if err != nil {
		return err
	}
	after, err := k.e.generate(k.ctx, live)
	if err != nil {
		return err
	}
	k.report("10,000 that wait", "%.1f MiB of heap; %.0f s from a restart until all had arrived, of which up to 65 s are by design; Traefik has %.0f MiB then; live traffic p50 %s, p99 %s meanwhile, %s, %s afterwards",
		mib(full-empty), took.Seconds(), mib(u.rss), ms(during.P50), ms(during.P99), ms(after.P50), ms(after.P99))
	return nil
}

func waits(state string) int {
	n := 0
	shards, _ := filepath.Glob(filepath.Join(state, "delivery-*", "waiting", "?"))
	for _, shard := range shards {
		files, err := os.ReadDir(shard)
		if err == nil {
			n += len(files)
		}
	}
	return n
}
