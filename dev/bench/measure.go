package main

import (
	"context"
	"fmt"
	"time"
)

// use is what all processes have used at one moment, and what has arrived.
type use struct {
	gateway, helper, backend usage
	counts                   counts
	machine                  time.Duration // CPU time of all that runs
	when                     time.Time
}

func observe(e *environment, i *instance) (use, error) {
	u := use{}
	var err error
	if u.gateway, err = i.gateway.uses(); err != nil {
		return u, err
	}
	if u.helper, err = i.helper.uses(); err != nil {
		return u, err
	}
	if u.backend, err = e.process.uses(); err != nil {
		return u, err
	}
	if u.counts, err = e.arrived(); err != nil {
		return u, err
	}
	u.when = time.Now()
	u.machine, err = machineCPU()
	return u, err
}

// measure sends one kind of traffic, and refuses figures of runs in which any
// answer was another than it should be, or the backend got other requests than
// those that passed.
func measure(ctx context.Context, e *environment, i *instance, k Kind, o Options) (*Sample, error) {
	j := job{Address: i.address, Paths: paths("hooks", k.Routers), Size: k.Size, Key: secret, Connections: o.Connections, Rate: k.Rate}
	switch k.Traffic {
	case wrong:
		j.Key = wrongSecret
	case limited:
		j.Paths = paths("limited", 1)
	}
	j.Duration = o.Time / 5
	if _, err := e.generate(ctx, j); err != nil {
		return nil, err
	}
	j.Duration = o.Time
	before, err := observe(e, i)
	if err != nil {
		return nil, err
	}
	l, err := e.generate(ctx, j)
	if err != nil {
		return nil, err
	}
	after, err := observe(e, i)
	if err != nil {
		return nil, err
	}
	if err := check(l, k, before.counts, after.counts); err != nil {
		return nil, err
	}
	ours := l.CPU
	for _, pair := range [][2]usage{{before.gateway, after.gateway}, {before.helper, after.helper}, {before.backend, after.backend}} {
		ours += pair[1].cpu - pair[0].cpu
	}
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(l.Requests) }
	return &Sample{
		Requests:  l.Requests,
		RPS:       float64(l.Requests) / l.Elapsed.Seconds(),
		P50:       float64(l.P50.Microseconds()),
		P99:       float64(l.P99.Microseconds()),
		CPU:       each(after.gateway.cpu - before.gateway.cpu),
		Helper:    each(after.helper.cpu - before.helper.cpu),
		Backend:   each(after.backend.cpu - before.backend.cpu),
		Generator: each(l.CPU),
		Busy:      l.CPU.Seconds() / l.Elapsed.Seconds(),
		Others:    max(0, (after.machine-before.machine-ours).Seconds()/after.when.Sub(before.when).Seconds()),
		RSS:       after.gateway.rss,
	}, nil
}

// check says what is wrong with a run.
func check(l *load, k Kind, before, after counts) error {
	want := status[k.Traffic]
	if len(l.Errors) > 0 || l.Requests == 0 || l.Statuses[want] != l.Requests {
		return fmt.Errorf("answers %v, errors %v, where all should be %s", l.Statuses, l.Errors, want)
	}
	passed := int64(0)
	if k.Traffic == valid {
		passed = l.Requests
	}
	if n := after.Requests - before.Requests; n != passed {
		return fmt.Errorf("%d requests reached the backend, where it should be %d", n, passed)
	}
	if n := after.Bytes - before.Bytes; n != passed*int64(k.Size) {
		return fmt.Errorf("%d bytes reached the backend, where it should be %d", n, passed*int64(k.Size))
	}
	return nil
}
