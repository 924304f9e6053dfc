// Package await is for tests that wait for a condition, and never for a duration. It must
// not know for what.
package await

import (
	"testing"
	"time"
)

// patience is how long a busy machine may take for what takes an idle one an instant.
const patience = time.Minute

// Until waits for something to hold, and ends the test if it never does.
func Until(t testing.TB, never string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + never)
		}
	}
}
