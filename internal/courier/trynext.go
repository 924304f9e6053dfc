package courier

import "net/http"

// This file stays tiny: a backend that aborts its answer panics through it, and Yaegi then
// walks the whole source file of each interpreted function on the stack.

// tryNext has a handler answer an attempt in the background, and says whether it did so to
// the end.
func tryNext(next http.Handler, rw http.ResponseWriter, r *http.Request) bool {
	whole := false
	func() {
		defer func() { _ = recover() }()
		next.ServeHTTP(rw, r)
		whole = true
	}()
	return whole
}
