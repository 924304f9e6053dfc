// Package backoff knows how long to wait after failures in a row. It must not know
// what has failed.
package backoff

import (
	"math/rand"
	"time"
)

// Wait returns how long to wait after so many failures in a row: first, doubled with
// each further one, and never longer than longest.
func Wait(failures int, first, longest time.Duration) time.Duration {
	wait := first
	for i := 1; i < failures && wait < longest; i++ {
		wait *= 2
	}
	if wait > longest {
		return longest
	}
	return wait
}

// Spread returns a random time no further than by from wait, so that those who have
// failed together don't come back together.
func Spread(wait, by time.Duration) time.Duration {
	return wait - by + time.Duration(rand.Int63n(2*int64(by)+1))
}
