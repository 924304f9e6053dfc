package loopclosure

import (
	"net/http"
	"sort"
	"sync"
	"time"
)

func use(...any) {}

func header(m map[string]int) {
	for k, v := range m {
		use(func() { use(k) }) // want `\[loop-closure\] .* k`
		go func() {            // want `\[bare-goroutine\]` `goroutine-in-loop`
			use(v) // want `\[loop-closure\] .* v`
		}()
		go func(v int) { // want `\[bare-goroutine\]` `goroutine-in-loop`
			use(v)
		}(v)
	}
	var shared string
	for shared = range m {
		use(func() { use(shared) }) // not declared by the loop: the same in both
	}
	for i := 0; ; i++ {
		for range m {
			use(func() { use(func() { use(i) }) }) // want `\[loop-closure\] .* i`
		}
	}
}

func insideLiteral() {
	use(func() {
		for i := 0; i < 3; i++ {
			use(i)
		}
	})
}

func compiled(names []string, mux *http.ServeMux) {
	var m sync.Map
	for _, name := range names {
		path := "/" + name
		mux.HandleFunc(path, func(_ http.ResponseWriter, _ *http.Request) { use(path) }) // want `\[loop-closure\] .* path`
		time.AfterFunc(0, (func() { use(path) }))                                        // want `\[loop-closure\] .* path`
		m.Store(path, func() { use(path) })                                              // want `\[loop-closure\] .* path`
		use(&sync.Pool{New: func() any { return path }})                                 // want `\[loop-closure\] .* path`
		use([]http.HandlerFunc{func(_ http.ResponseWriter, _ *http.Request) { use(path) }})
		use(map[string]func(){path: func() { use(path) }})
		use(struct{ f func() }{func() { use(path) }})

		handle := func(_ http.ResponseWriter, _ *http.Request) { use(path) }
		mux.HandleFunc(path, handle)
		mux.HandleFunc(path, handler(path))
		time.AfterFunc(0, func() { use(names) }) // declared outside the loop
		time.AfterFunc(0, func() { inner := 1; use(inner) })
		sort.Slice(names, func(i, j int) bool { return path < names[j] }) // done on return
	}
	path := "/"
	time.AfterFunc(0, func() { use(path) }) // no loop
}

func handler(path string) http.HandlerFunc {
	return func(_ http.ResponseWriter, _ *http.Request) { use(path) }
}
