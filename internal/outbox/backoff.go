package outbox

import (
	"math/rand"
	"time"
)

const (
	firstWait = time.Second
	longest   = 30 * time.Second
)

// backoff returns how long to wait after so many failures in a row, and at least
// as long as the receiver wants: doubled each time, and spread by a half, so that
// several senders don't come back together.
func backoff(failures int, atLeast time.Duration) time.Duration {
	wait := firstWait
	for i := 1; i < failures && wait < longest; i++ {
		wait *= 2
	}
	if wait > longest {
		wait = longest
	}
	wait = wait/2 + time.Duration(rand.Int63n(int64(wait)))
	if wait < atLeast {
		wait = atLeast + time.Duration(rand.Int63n(int64(firstWait)))
	}
	return wait
}
