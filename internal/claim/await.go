package claim

import "time"

const (
	// awaitTime is for how long anybody waits after Await, and awaitOne for how long one does.
	awaitTime = 15 * time.Second
	awaitOne  = 5 * time.Second
	awaitLook = 10 * time.Millisecond
)

// Await has Claim wait until Told is called: what an earlier process has left is being read
// elsewhere, and claimed by Restore. Nobody waits for long: then what is known has to do, or
// with strict, nothing is granted.
func Await(t *Table) {
	t.mu.Lock()
	t.awaits = ownTime(time.Now().Add(awaitTime))
	t.room = 0 // so that claimAny sees to it
	t.mu.Unlock()
}

// Told says that all of that is claimed.
func Told(t *Table) {
	t.mu.Lock()
	t.awaits = 0
	t.mu.Unlock()
}

// isTold waits for Told, but not for long, and says whether it was called.
func isTold(t *Table) bool {
	latest := time.Now().Add(awaitOne)
	for {
		t.mu.Lock()
		awaits := t.awaits
		t.mu.Unlock()
		now := time.Now()
		if awaits == 0 || ownTime(now) > awaits || now.After(latest) {
			return awaits == 0
		}
		time.Sleep(awaitLook)
	}
}
