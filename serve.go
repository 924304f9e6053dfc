package hookward

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/courier"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/reply"
)

// This file stays tiny. When a backend aborts a response, the reverse proxy
// panics through every frame on the stack, and Yaegi then walks the whole
// source file of each interpreted one: 53 ms of CPU in a large file, 0.05 ms
// here.

// handler decides on each request, answers or forwards it, and records it.
func handler(g *gates.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		x := new(exchange) // a literal would be made twice
		_, x.hijackable = rw.(http.Hijacker)
		x.gate = g
		x.start = time.Now()
		x.done = make(chan bool, 1)
		x.Request = r
		submit(deciders, x)
		<-x.done
		if x.limit != "" {
			tellClient(rw, x)
		}
		if !x.forward {
			refuse(rw, r, x)
			finish(x)
			return
		}
		// Deferred, so that a panic of the backend leaves its record as well.
		// The panic itself goes on: it is how a broken response is aborted.
		// Yaegi would skip a deferred call of a function that it has not read
		// yet; record.go sorts before serve.go, and the dialect check knows.
		defer finish(x)
		next.ServeHTTP(reply.NewWriter(rw, r, &x.Sent), x.Request)
		x.completed = true
	})
}

// keptHandler is handler for a gate with the option delivery.
func keptHandler(g *gates.Gate, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		x := new(exchange) // a literal would be made twice
		_, x.hijackable = rw.(http.Hijacker)
		x.gate = g
		x.start = time.Now()
		x.done = make(chan bool, 1)
		x.Request = r
		submit(deciders, x)
		<-x.done
		if x.limit != "" {
			tellClient(rw, x)
		}
		if !x.awaited || !x.forward {
			serveOtherwise(next, rw, r, x)
			return
		}
		// The sender has nothing yet of an attempt that broke off before its status, so
		// that this is a failure as others are. A panic behind that goes on: it is how a
		// broken response is aborted. Yaegi recovers here, and in no function behind it.
		defer func() {
			if !x.kept.Passed {
				_ = recover()
				courier.EndOtherwise(rw, x.kept, x.completed)
				x.completed = true
			}
			takeKept(x)
			finish(x)
		}()
		next.ServeHTTP(courier.NewWriter(rw, x.kept), x.kept.Request)
		x.completed = true
	})
}

// serveOtherwise is for what is not kept while the backend is asked.
func serveOtherwise(next http.Handler, rw http.ResponseWriter, r *http.Request, x *exchange) {
	if x.through {
		next.ServeHTTP(rw, r)
		return
	}
	defer finish(x)
	if !x.forward {
		x.kept = nil
		refuse(rw, r, x)
		return
	}
	if x.kept != nil {
		acceptDelivery(rw, r, x)
		return
	}
	next.ServeHTTP(reply.NewWriter(rw, r, &x.Sent), x.Request)
	x.completed = true
}
