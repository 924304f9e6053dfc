package hookward

import (
	"crypto/sha256"
	"io"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// readBody reads the body once, before its deadline. If it comes too late, the request
// has been answered meanwhile, which BodyGivenUp says.
//
//inline:hot
func readBody(p *policy.Policy, x *exchange, own *scratch) string {
	r := x.Request
	if r.ContentLength > p.MaxBodyBytes {
		return verdict.BodyTooLarge
	}
	x.bodyBegun = true
	if r.ContentLength != 0 && r.Body != nil {
		own.reading = x
		x.reason = verdict.BodyTimeout // until it is there: see giveUp
		late := x.at + x.delay + int64(p.BodyTimeout)
		intake.Expect(own.watch, late)
		problem := ""
		if r.ProtoMajor == 1 && r.ContentLength > 0 && r.ContentLength <= intake.Small {
			// RFC 9112, 6.2: there is no more, and no trailer.
			taken := budget.Take(bodies, r.ContentLength)
			if taken {
				x.held = r.ContentLength
			} else if !takeMemory(x, r.ContentLength) {
				problem = verdict.MemoryUnavailable
			}
			if problem == "" {
				x.arrived = make([]byte, r.ContentLength)
				_, err := io.ReadFull(r.Body, x.arrived)
				if err != nil {
					x.arrived = nil
					problem = intake.Problem(err)
				}
			}
		} else {
			problem = readAnyBody(p, x)
		}
		inTime := intake.Arrived(own.watch, late)
		if !inTime {
			return abandonBody(x)
		}
		x.Body = x.arrived
		if problem != "" {
			return noteProblem(x, problem)
		}
	}
	x.bodyWhole = true
	x.bodyBytes = int64(len(x.Body))
	x.bodySum = sha256.Sum256(x.Body)
	return ""
}

// readAnyBody reads a body of any kind. It returns the reason to refuse, or nothing.
func readAnyBody(p *policy.Policy, x *exchange) string {
	take := func(bytes int64) bool { return takeMemory(x, bytes) }
	arrived, problem := intake.Read(x.Request, p.MaxBodyBytes, take)
	x.arrived = arrived
	return problem
}

// drain reads the body of a refused request for the sake of its connection. It returns false
// where that took too long: then the request has been answered meanwhile, and the exchange is
// nobody's any more.
func drain(x *exchange, own *scratch) bool {
	if x.answer != nil || !x.hijackable { // else a read that stalls would keep the connection open
		return true
	}
	own.reading = x
	whole, inTime := intake.Drain(own.watch, x.Request, memory.Clock(time.Now()))
	if inTime {
		x.drained = whole
	}
	return inTime
}

// giveUp lets a request be answered whose body does not come in time.
func giveUp(x *exchange) {
	x.stalled = true
	if x.inGate == 0 {
		x.inGate = int64(time.Since(x.start))
	}
	x.done <- true
}

// bodies is the memory for the bodies of all gates.
var bodies = gates.Bodies

// takeMemory takes memory for a request's body, or returns false.
func takeMemory(x *exchange, n int64) bool {
	if budget.Take(bodies, n) {
		x.held += n
		return true
	}
	if x.holder == "" {
		x.holder = sourceOf(x)
	}
	if !budget.TakeFor(bodies, x.holder, n, memory.Clock(time.Now())) {
		return false
	}
	x.heldByHolder += n
	return true
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
	budget.NoteStall(bodies, sourceOf(x), memory.Clock(time.Now()))
}

// freeBody ends the use of a body whose request is over and recorded.
func freeBody(x *exchange) {
	if !x.bodyWhole || len(x.Body) <= intake.Small {
		return
	}
	if x.reader != nil {
		_ = x.reader.Close()
	}
	intake.Free(x.Body)
	x.Body = nil
}
