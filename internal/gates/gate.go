package gates

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/traefik"
)

// fileCheckInterval is how often, at most, a gate looks whether a file that its
// secrets come from has changed.
const fileCheckInterval = time.Second

const (
	// filePatience is how long a reload, or a request, waits for the files that a
	// configuration names. Their disk may hang, which is nobody else's business.
	filePatience = 2 * time.Second
	// shortPatience is that of a reload while something hangs already: there may be many
	// gates.
	shortPatience = 200 * time.Millisecond
	noAnswer      = "the disk of a file that it names does not answer"
)

// Gate is one middleware on one router: its configuration, and what of that is in force.
type Gate struct {
	Name    string
	Router  string // its name, or nothing where that can't be told
	Numbers *audit.Numbers
	Counts  *metrics.Gate // nil where nobody counts
	Fixed   *InForce      // nil where it depends on files: then Current has it; set once

	raw    map[string]any
	reader *errand.Errand // compiles: see refresh

	now atomic.Value // of *InForce, where Fixed is nil

	mu      sync.Mutex // guards what follows; nobody waits for a disk with it
	read    bool       // it has been compiled
	problem string     // why there is no policy
	files   []plainfile.State
	checked time.Time
}

// InForce is what a gate decides by. Nobody writes to it.
type InForce struct {
	Policy *policy.Policy // nil while the configuration has a mistake
	State  *memory.State  // of the policy
}

// refusesAll begins what the operator is told of a gate without a policy.
const refusesAll = "answers 503 to every request: "

// Open returns the gate of a middleware on one more router. What it remembers is that of the
// gates of its name, for as long as the context lasts and some minutes more.
func Open(ctx context.Context, name string, raw map[string]any, now time.Time) *Gate {
	registryMu.Lock()
	m := middlewareOf(ctx, name, now)
	g := openAgain(ctx, m, name, raw)
	registryMu.Unlock()
	if g == nil {
		g = newGate(name, m.numbers, raw, func(raw map[string]any, now time.Time) (*policy.Compilation, *memory.State) {
			return compileFor(ctx, name, raw, now)
		}, now)
	}
	g.Router = traefik.RouterOf(ctx)
	return g
}

// openAgain returns the gate of one more router on which a middleware stands, of which
// nothing has to be looked at again, or nil. The registry's lock is held.
func openAgain(ctx context.Context, m *middleware, name string, raw map[string]any) *Gate {
	if !isInUse(ctx, m) || len(m.lastCompilation.Files) > 0 || !reflect.DeepEqual(m.lastRaw, raw) {
		return nil
	}
	g := &Gate{Name: name, Numbers: m.numbers, Fixed: &InForce{Policy: m.lastCompilation.Policy, State: m.lastState}, raw: raw}
	g.now.Store(g.Fixed)
	if !IsEndpoint(raw) {
		g.Counts = metrics.Of(name)
	}
	return g
}

// newGate compiles a configuration. It always returns a gate; one with a mistake in its
// configuration refuses everything.
func newGate(name string, numbers *audit.Numbers, raw map[string]any, compile func(map[string]any, time.Time) (*policy.Compilation, *memory.State), now time.Time) *Gate {
	g := &Gate{Name: name, Numbers: numbers, raw: raw, checked: now}
	g.now.Store(&InForce{})
	if IsEndpoint(raw) {
		atomic.StoreInt32(metrics.Wanted, 1)
	} else {
		g.Counts = metrics.Of(name)
	}
	report.NoteConfiguration(name, raw)
	patience := filePatience
	if errand.AnyLate() {
		patience = shortPatience
	}
	g.reader = errand.New(patience, func() { refresh(g, compile) })
	inTime := errand.Run(g.reader)
	g.mu.Lock()
	if len(g.files) == 0 && g.read {
		g.Fixed = inForce(g)
	}
	if !g.read && !inTime {
		goOn(g, now)
	}
	g.mu.Unlock()
	return g
}

// refresh compiles the configuration, unless nothing has changed since it was compiled.
// It is the reader's work.
func refresh(g *Gate, compile func(map[string]any, time.Time) (*policy.Compilation, *memory.State)) {
	g.mu.Lock()
	now := g.checked
	read := g.read
	files := g.files
	g.mu.Unlock()
	if read && !anyChanged(files) {
		return
	}
	c, s := tryCompile(g.raw, compile, now)
	g.mu.Lock()
	g.read = true
	putInForce(g, c, s, now)
	if c.Policy == nil {
		describe(g, g.problem)
	} else {
		describe(g, strings.Join(config.Sentences(c.Degraded), "; "))
	}
	g.mu.Unlock()
}

// goOn has a gate begin with what the one before it has in force, if that has the same
// configuration, because its files can't be read.
func goOn(g *Gate, now time.Time) {
	c, s := lastCompiled(g.Name, g.raw)
	if c == nil {
		g.problem = noAnswer
		describe(g, noAnswer)
		report.Write("error", g.Name, refusesAll+g.problem, now)
		return
	}
	g.now.Store(&InForce{Policy: c.Policy, State: s})
	g.files = c.Files
	describe(g, noAnswer)
	report.Write("error", g.Name, "keeps what was in force: "+noAnswer, now)
}

// Current returns what to decide by now. Where secrets come from files it looks at them
// first, at most once per fileCheckInterval.
func Current(g *Gate, now time.Time) *InForce {
	if g.Fixed != nil {
		return g.Fixed
	}
	g.mu.Lock()
	since := now.Sub(g.checked)
	fresh := since >= 0 && since < fileCheckInterval
	if !fresh {
		g.checked = now
	}
	g.mu.Unlock()
	if fresh {
		return inForce(g)
	}
	return checked(g, now)
}

// checked is Current for the one who looks at the files. Others go on meanwhile with what
// is in force, and so does this one where that takes too long.
func checked(g *Gate, now time.Time) *InForce {
	inTime := errand.Run(g.reader)
	f := inForce(g)
	if !inTime && f.Policy != nil {
		report.Write("error", g.Name, "keeps what was in force: "+noAnswer, now)
	}
	return f
}

// inForce returns what is in force, whatever has become of the files.
func inForce(g *Gate) *InForce {
	return g.now.Load().(*InForce)
}

// putInForce takes over what was compiled and reports on it. A policy in force is
// never given up for a mistake.
func putInForce(g *Gate, c *policy.Compilation, s *memory.State, now time.Time) {
	if len(c.Files) > 0 {
		g.files = c.Files
	}
	report.NoteHealth(g.Name, c.Policy == nil || len(c.Degraded) > 0, now)
	if c.Policy == nil {
		g.problem = strings.Join(config.Sentences(c.Problems), "; ")
		if inForce(g).Policy != nil {
			report.Write("error", g.Name, "keeps what was in force: "+g.problem, now)
			return
		}
		report.Write("error", g.Name, refusesAll+g.problem, now)
		return
	}
	g.now.Store(&InForce{Policy: c.Policy, State: s})
	for _, d := range c.Degraded {
		report.Write("error", g.Name, config.Sentence(d), now)
	}
	for _, w := range c.Warnings {
		report.Write("warn", g.Name, config.Sentence(w), now)
	}
}

// describe tells those who look at the numbers, or at the console, what a gate is, and what
// is wrong with its configuration, if anything is.
func describe(g *Gate, problem string) {
	p := inForce(g).Policy
	noteMistake(g.Name, withoutValues(problem), p == nil)
	if g.Counts == nil {
		return
	}
	switch {
	case p == nil:
		metrics.Describe(g.Counts, "unknown", "refuse", false)
	case p.ObserveOnly:
		metrics.Describe(g.Counts, p.Provider, "observe", problem == "")
	default:
		metrics.Describe(g.Counts, p.Provider, "enforce", problem == "")
	}
}

func problemOf(g *Gate) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.problem
}

// tryCompile compiles the configuration; a panic in there is one more mistake.
// In Traefik a panic of New would end the goroutine that applies
// configurations, for good.
func tryCompile(raw map[string]any, compile func(map[string]any, time.Time) (*policy.Compilation, *memory.State), now time.Time) (*policy.Compilation, *memory.State) {
	c := notCompiled("the configuration could not be read")
	var s *memory.State
	func() {
		defer func() {
			if p := recover(); p != nil {
				c = notCompiled("reading the configuration panicked: " + fmt.Sprint(p))
			}
		}()
		c, s = compile(raw, now)
	}()
	return c, s
}

func notCompiled(text string) *policy.Compilation {
	return &policy.Compilation{Problems: []config.Problem{{Kind: config.KindPanic, Text: text}}, Secrets: &secrets.Resolver{}}
}

// anyChanged says whether a file has changed since its state was taken.
func anyChanged(files []plainfile.State) bool {
	for _, f := range files {
		if plainfile.Changed(f) {
			return true
		}
	}
	return false
}
