package hookward

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// bodies is the memory for the bodies of all gates. It has no limit until a gate is built.
var bodies = budget.New()

// takeMemory takes memory for a request's body, or returns false.
func takeMemory(x *exchange, n int64) bool {
	if budget.Take(bodies, n) {
		x.held += n
		return true
	}
	if x.holder == "" {
		x.holder = clientKey(x.policy, x.Request, x)
	}
	if !budget.TakeFor(bodies, x.holder, n, sinceStart(time.Now())) {
		return false
	}
	x.heldByHolder += n
	return true
}

// takeOtherwise takes memory for a small body, for which there is none in anybody's part.
// It returns the reason to refuse, or nothing.
func takeOtherwise(x *exchange) string {
	n := x.held
	returnMemory(x)
	if !takeMemory(x, n) {
		return verdict.MemoryUnavailable
	}
	return ""
}

// endBody gives back what a request has taken that is over. Where its body did not come
// in time, somebody still reads that, and does it: see abandonBody.
//
//inline:hot
func endBody(x *exchange) {
	if x.stalled {
		return
	}
	if x.heldByHolder > 0 {
		returnMemory(x)
	}
	if x.held > 0 {
		atomic.AddInt64(&bodies.Open, x.held)
		x.held = 0
	}
}

// returnMemory gives back what a request has taken. Only who reads the body may do that,
// or who comes after.
func returnMemory(x *exchange) {
	budget.Return(bodies, x.held)
	x.held = 0
	if x.heldByHolder > 0 {
		budget.ReturnFor(bodies, x.holder, x.heldByHolder)
		x.heldByHolder = 0
	}
}

// abandonBody ends the reading of a body whose request has been answered meanwhile.
func abandonBody(x *exchange) string {
	noteStall(x)
	x.arrived = nil
	returnMemory(x)
	return verdict.BodyGivenUp
}

// noteProblem remembers who has stalled with a body, and returns the problem.
func noteProblem(x *exchange, problem string) string {
	if problem == verdict.BodyTimeout || problem == verdict.BodyIncomplete {
		noteStall(x)
	}
	return problem
}

func noteStall(x *exchange) {
	budget.NoteStall(bodies, clientKey(x.policy, x.Request, x), sinceStart(time.Now()))
}

// defaultBodyMemory is what budget.Default has said; guarded by registryMu.
var defaultBodyMemory int64

// keepBodyMemory sets the limit for all bodies, with the middleware's lock held.
func keepBodyMemory(m *middleware, name string, p *policy.Policy, now time.Time) {
	registryMu.Lock()
	m.bodyMemory = p.MaxBodyMemory
	limit := limitBodies()
	registryMu.Unlock()
	told := []string{}
	if p.MaxBodyMemory > limit {
		told = append(told, fmt.Sprintf("maxBodyMemoryBytes: another middleware names %d, and the smallest counts for all", limit))
	}
	if largest := budget.Largest(limit); p.MaxBodyBytes > largest {
		told = append(told, fmt.Sprintf("maxBodyBytes: %d is more than the %d bytes that one source can count on, of %d for all bodies (maxBodyMemoryBytes); larger bodies may get 503", p.MaxBodyBytes, largest, limit))
	}
	text := strings.Join(told, "; ")
	if text != "" && text != m.bodyMemoryTold {
		report.Write("warn", name, text, now)
	}
	m.bodyMemoryTold = text
}

// limitBodies sets the limit for all bodies to the smallest that a middleware names, with
// registryMu held, and returns it.
func limitBodies() int64 {
	if defaultBodyMemory == 0 {
		defaultBodyMemory = budget.Default()
	}
	limit := int64(0)
	for _, m := range middlewares {
		if m.bodyMemory > 0 && (limit == 0 || m.bodyMemory < limit) {
			limit = m.bodyMemory
		}
	}
	if limit == 0 {
		limit = defaultBodyMemory
	}
	budget.SetLimit(bodies, limit)
	return limit
}
