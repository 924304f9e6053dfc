package hookward

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// forgetClaims removes what a gate's journal of replay knows, while it has ended: the kill of
// a process may have kept a line from it.
func forgetClaims(k *kept) {
	k.t.Helper()
	files, _ := filepath.Glob(filepath.Join(k.state, "replay-*"))
	if len(files) == 0 {
		k.t.Fatal("there is no journal")
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			k.t.Fatal(err)
		}
	}
}

// The first request after a start may be the repeat of what is stored, before the store is
// read. It waits for that.
func TestRepeatBeforeStoreIsRead(t *testing.T) {
	k := keptGate(t, map[string]any{"retry": map[string]any{"schedule": "1h"}}, statuses(503))
	post(k, "body")
	end(k)
	forgetClaims(k)
	begin(k)
	if rw := post(k, "body"); rw.Code != http.StatusAccepted || len(arrivals(k.backend)) != 1 {
		t.Errorf("%d, %d arrivals\n%s", rw.Code, len(arrivals(k.backend)), k.records())
	}
	numbers(k, 1, 0)
}
