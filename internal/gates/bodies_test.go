package gates

import (
	"context"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/hooktest"
)

// The smallest limit that a middleware names counts, and what contradicts it is told.
func TestSmallestLimitCounts(t *testing.T) {
	_, reports := hooktest.Listen(t)
	for i, c := range []struct {
		limit int64
		want  string
	}{{64 << 20, ""}, {32 << 20, "maxBodyBytes: 26214400 is more than the 14680064 bytes"}, {64 << 20, "another middleware names 33554432"}} {
		options := hooktest.GithubOptions()
		options["maxBodyMemoryBytes"] = c.limit
		Open(context.Background(), t.Name()+string(rune('a'+i)), options, hooktest.TestTime)
		if c.want != "" && !strings.Contains(reports.String(), c.want) {
			t.Errorf("%q is not told: %s", c.want, reports.String())
		}
		if c.want == "" && strings.Contains(reports.String(), "maxBody") {
			t.Errorf("nothing is wrong: %s", reports.String())
		}
	}
	if got := budget.Largest(32 << 20); got != 14680064 {
		t.Error(got)
	}
	Restart()
	registryMu.Lock()
	limitBodies()
	registryMu.Unlock()
}
