package scrape

import (
	"fmt"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/words"
)

// Pusher sends the numbers to one place, again and again, while somebody wants it to.
// Nothing waits in it: what could not be sent is in the numbers of the next turn.
type Pusher struct {
	output     policy.MetricsOutput
	middleware string
	sender     *ship.Sender
	timer      *time.Timer // one for all turns: see the dialect in CONTRIBUTING.md

	mu       sync.Mutex // guards what follows, for moments only
	stopped  bool
	problem  string // of the last turn; empty where it went well
	failures int64
}

// instance tells this process from others that send to the same receiver.
var instance = words.RandomHex(16)

// UsePushers returns those that send to the outputs of a middleware: of those before, the
// ones whose options are the same go on, and the others end.
func UsePushers(before []*Pusher, middleware string, outputs []policy.MetricsOutput, look func(now time.Time) *Source) []*Pusher {
	kept := map[string]*Pusher{}
	for _, p := range before {
		kept[p.output.Digest] = p
	}
	pushers := []*Pusher{}
	for i := range outputs {
		p := kept[outputs[i].Digest]
		delete(kept, outputs[i].Digest)
		if p == nil {
			p = newPusher(middleware, outputs[i], look)
		}
		pushers = append(pushers, p)
	}
	for _, p := range kept {
		stop(p)
	}
	return pushers
}

func newPusher(middleware string, output policy.MetricsOutput, look func(now time.Time) *Source) *Pusher {
	p := &Pusher{output: output, middleware: middleware, sender: ship.New(output.Target)}
	p.timer = time.AfterFunc(output.Interval, func() { turn(p, look) })
	return p
}

// ClosePushers ends all that a middleware has.
func ClosePushers(pushers []*Pusher) {
	for _, p := range pushers {
		stop(p)
	}
}

func stop(p *Pusher) {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	ship.Close(p.sender)
}

// turn sends the numbers once, and plans the next turn. There is one at a time.
func turn(p *Pusher, look func(now time.Time) *Source) {
	defer func() {
		if panicked := recover(); panicked != nil {
			note(p, "sending the numbers panicked: "+fmt.Sprint(panicked), time.Now())
			p.timer.Reset(p.output.Interval)
		}
	}()
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		return
	}
	began := time.Now()
	problem := ship.SendMetrics(p.sender, requestOf(p, look(began), began))
	note(p, problem, time.Now())
	wait := p.output.Interval - time.Since(began)
	if wait < p.output.Interval/10 {
		wait = p.output.Interval / 10
	}
	p.timer.Reset(wait)
}

// requestOf returns the numbers of the moment.
func requestOf(p *Pusher, source *Source, now time.Time) []byte {
	resource := []string{"service.name", "hookward", "service.instance.id", instance}
	if p.output.Target.Host != "" {
		resource = append(resource, "host.name", p.output.Target.Host)
	}
	textsMu.Lock() // families have one user at a time
	defer textsMu.Unlock()
	return exposition.OTLP(Families(source, now), append(resource, "service.version", source.Version), source.Started, now)
}

// note notes how a turn went, and tells the operator of a change.
func note(p *Pusher, problem string, now time.Time) {
	p.mu.Lock()
	stopped := p.stopped
	before := p.problem
	p.problem = problem
	if problem != "" {
		p.failures++
	}
	p.mu.Unlock()
	switch {
	case stopped:
	case problem != "":
		report.Write("error", p.middleware, "metrics: "+p.output.Name+": "+problem, now)
	case before != "":
		report.Say("info", p.middleware, "metrics: "+p.output.Name+": is well again", now)
	}
}

// HealthOf returns how a pusher is doing, as a dependency.
func HealthOf(p *Pusher) *Dependency {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &Dependency{Kind: "output", Name: p.output.Name[len("output "):] + " metrics", Up: p.problem == "", Failures: p.failures}
}
