package deferredargument

import (
	"os"
	"sync"
	"time"
)

type res struct {
	mu sync.Mutex
	n  int
	f  *os.File
}

func (r *res) close() {}

var global sync.Mutex

func use(...any)           {}
func took(start time.Time) {}

func inLoop(all []*res, done func()) {
	n := 0
	for _, r := range all {
		defer r.close()             // want `\[deferred-argument\] receiver r`
		defer r.mu.Unlock()         // want `\[deferred-argument\] receiver r.mu`
		defer use(r.n + 1)          // want `\[deferred-argument\] argument`
		defer undo(r)()             // want `\[deferred-argument\] called variable`
		defer done()                // want `\[deferred-argument\] called variable done`
		go r.close()                // want `\[deferred-argument\] receiver r` `\[bare-goroutine\]`
		defer func() { use(r.n) }() // want `\[deferred-argument\] captured variable r` `\[loop-closure\]`

		defer use(7, nil, "text")
		defer global.Unlock()
		defer func() { n++ }()
		defer func() { inner := 1; use(inner) }()
		func() {
			defer func() { n++ }()
			defer use(n)
		}()
	}
}

func undo(r *res) func() { return func() { r.close() } }

func outside(r, other *res, xs []int) {
	x := 1
	defer use(r.n)      // want `\[deferred-argument\] argument r.n`
	defer use(xs[0])    // want `\[deferred-argument\] argument xs\[0\]`
	defer use(x)        // want `\[deferred-argument\] argument x`
	defer r.f.Close()   // want `\[deferred-argument\] receiver r.f`
	defer other.close() // want `\[deferred-argument\] receiver other`
	go other.close()    // want `\[deferred-argument\] receiver other` `\[bare-goroutine\]`

	defer r.mu.Unlock()
	defer r.close()
	defer global.Unlock()
	defer took(time.Now())
	defer use(&x)
	defer func() { use(x) }()
	defer use(func() { use(x) })
	xs[0] = 2
	x++
	r.n = 2
	r.f = nil
	other = nil
	defer use(x, r.n)
	if true {
		r := 1
		use(r)
	}
}
