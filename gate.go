package hookward

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
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

// gate is one middleware on one router: its configuration and the policy which
// that compiles to. The policy is nil while the configuration has a mistake.
type gate struct {
	name    string
	raw     map[string]any
	compile func(map[string]any) (*policy.Compilation, *memory.State)
	numbers *audit.Numbers
	counts  *metrics.Gate  // nil where nobody counts
	router  string         // its name, or nothing where that can't be told
	watches bool           // whether the policy depends on files; set once
	reader  *errand.Errand // compiles: see refresh

	mu      sync.Mutex // guards what follows, where watches is true; nobody waits for a disk with it
	read    bool       // it has been compiled
	policy  *policy.Policy
	state   *memory.State // of the policy; both are replaced together
	problem string        // why there is no policy
	files   []plainfile.State
	checked time.Time
}

// refusesAll begins what the operator is told of a gate without a policy.
const refusesAll = "answers 503 to every request: "

// newGate compiles the configuration. It always returns a gate; one with a
// mistake in its configuration refuses everything.
func newGate(name string, raw map[string]any, compile func(map[string]any) (*policy.Compilation, *memory.State), now time.Time) *gate {
	StartWorkers()
	g := &gate{name: name, numbers: numbersOf(name), raw: raw, compile: compile, checked: now}
	if !isEndpoint(raw) {
		g.counts = metrics.Of(name)
	}
	report.NoteConfiguration(name, raw)
	patience := filePatience
	if errand.AnyLate() {
		patience = shortPatience
	}
	g.reader = errand.New(patience, func() { refresh(g) })
	inTime := errand.Run(g.reader)
	g.mu.Lock()
	g.watches = len(g.files) > 0 || !g.read
	if !g.read && !inTime {
		goOn(g, now)
	}
	g.mu.Unlock()
	return g
}

// refresh compiles the configuration, unless nothing has changed since it was compiled.
// It is the reader's work.
func refresh(g *gate) {
	g.mu.Lock()
	now := g.checked
	read := g.read
	files := g.files
	g.mu.Unlock()
	if read && !anyChanged(files) {
		return
	}
	c, s := tryCompile(g)
	g.mu.Lock()
	g.read = true
	adopt(g, c, s, now)
	if c.Policy == nil {
		describe(g, g.problem)
	} else {
		describe(g, strings.Join(config.Sentences(c.Degraded), "; "))
	}
	g.mu.Unlock()
}

// goOn has a gate begin with what the one before it has in force, if that has the same
// configuration, because its files can't be read.
func goOn(g *gate, now time.Time) {
	c, s := lastCompiled(g.name, g.raw)
	if c == nil {
		g.problem = noAnswer
		describe(g, noAnswer)
		report.Write("error", g.name, refusesAll+g.problem, now)
		return
	}
	g.policy = c.Policy
	g.state = s
	g.files = c.Files
	describe(g, noAnswer)
	report.Write("error", g.name, "keeps what was in force: "+noAnswer, now)
}

// currentPolicy returns the policy to apply now, or nil, with its state. Where secrets
// come from files it looks at them first, at most once per fileCheckInterval.
func currentPolicy(g *gate, now time.Time) (*policy.Policy, *memory.State) {
	if !g.watches {
		return g.policy, g.state
	}
	g.mu.Lock()
	since := now.Sub(g.checked)
	fresh := since >= 0 && since < fileCheckInterval
	if !fresh {
		g.checked = now
	}
	p := g.policy
	s := g.state
	g.mu.Unlock()
	if fresh {
		return p, s
	}
	return checkedPolicy(g, now)
}

// checkedPolicy is currentPolicy for the one who looks at the files. Others go on meanwhile
// with what is in force, and so does this one where that takes too long.
func checkedPolicy(g *gate, now time.Time) (*policy.Policy, *memory.State) {
	inTime := errand.Run(g.reader)
	g.mu.Lock()
	p := g.policy
	s := g.state
	g.mu.Unlock()
	if !inTime && p != nil {
		report.Write("error", g.name, "keeps what was in force: "+noAnswer, now)
	}
	return p, s
}

// adopt takes over what was compiled and reports on it. A policy in force is
// never given up for a mistake.
func adopt(g *gate, c *policy.Compilation, s *memory.State, now time.Time) {
	if len(c.Files) > 0 {
		g.files = c.Files
	}
	report.NoteHealth(g.name, c.Policy == nil || len(c.Degraded) > 0, now)
	if c.Policy == nil {
		g.problem = strings.Join(config.Sentences(c.Problems), "; ")
		if g.policy != nil {
			report.Write("error", g.name, "keeps what was in force: "+g.problem, now)
			return
		}
		report.Write("error", g.name, refusesAll+g.problem, now)
		return
	}
	g.policy = c.Policy
	g.state = s
	for _, d := range c.Degraded {
		report.Write("error", g.name, config.Sentence(d), now)
	}
	for _, w := range c.Warnings {
		report.Write("warn", g.name, config.Sentence(w), now)
	}
}

// describe tells those who look at the numbers, or at the console, what a gate is, and what
// is wrong with its configuration, if anything is.
func describe(g *gate, problem string) {
	noteMistake(g.name, withoutValues(problem), g.policy == nil)
	if g.counts == nil {
		return
	}
	switch {
	case g.policy == nil:
		metrics.Describe(g.counts, "unknown", "refuse", false)
	case g.policy.ObserveOnly:
		metrics.Describe(g.counts, g.policy.Provider, "observe", problem == "")
	default:
		metrics.Describe(g.counts, g.policy.Provider, "enforce", problem == "")
	}
}

// reportAgain logs the configuration problem again, so that it is near the end of the
// log when an operator looks.
func reportAgain(g *gate, now time.Time) {
	report.Write("error", g.name, refusesAll+problemOf(g), now)
}

// maxCause bounds what a record says of a configuration's mistakes.
const maxCause = 1000

// These find what a configuration's mistakes repeat of it: values, and what is no
// placeholder of a template.
var (
	quotedValue  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:\.\.\.)?`)
	unknownBrace = regexp.MustCompile(`\{[^{}]*\}( is not known| can't stand here)`)
	// A secret behind env: looks like a name. Names have capitals.
	unlikelyName = regexp.MustCompile(`environment variable (?:\w*[a-z]\w*|\w{41,})`)
)

// causeOf returns why a gate refuses everything, at a length for a record.
func causeOf(g *gate) string { return withoutValues(problemOf(g)) }

// withoutValues returns a problem of a configuration for others than who reads stderr: a value
// may be a secret that stands in the place of another option.
func withoutValues(problem string) string {
	cause := unknownBrace.ReplaceAllString(problem, "{...}$1")
	cause = quotedValue.ReplaceAllString(cause, `"..."`)
	cause = unlikelyName.ReplaceAllString(cause, "environment variable ...")
	if len(cause) > maxCause {
		cause = strings.ToValidUTF8(cause[:maxCause], "") + "..."
	}
	return cause
}

func problemOf(g *gate) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.problem
}

// tryCompile compiles the configuration; a panic in there is one more mistake.
// In Traefik a panic of New would end the goroutine that applies
// configurations, for good.
func tryCompile(g *gate) (*policy.Compilation, *memory.State) {
	c := notCompiled("the configuration could not be read")
	var s *memory.State
	func() {
		defer func() {
			if p := recover(); p != nil {
				c = notCompiled("reading the configuration panicked: " + fmt.Sprint(p))
			}
		}()
		c, s = g.compile(g.raw)
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
