package hookward

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// What is drained is small, of a connection that can be taken away, and one of few at a
// time: whoever is refused before any check of who that is must not hold deciders.
func TestWhatIsDrained(t *testing.T) {
	capture(t)
	raw := hooktest.GithubOptions()
	raw["denylist"] = map[string]any{"sourceRange": []any{"192.0.2.1"}}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	large := hooktest.NewPost(strings.Repeat("x", maxDrained+1))
	hesitant := hooktest.NewPost(hooktest.DocsBody, "Expect: 100-continue")
	second := hooktest.NewPost(hooktest.DocsBody)
	second.ProtoMajor = 2
	for _, c := range []struct {
		name       string
		r          *http.Request
		hijackable bool
		others     int64
		want       bool
	}{
		{"small", hooktest.NewPost(hooktest.DocsBody), true, maxDraining - 1, true},
		{"of a connection that can't be taken away", hooktest.NewPost(hooktest.DocsBody), false, 0, false},
		{"one too many", hooktest.NewPost(hooktest.DocsBody), true, maxDraining, false},
		{"large", large, true, 0, false},
		{"not sent yet", hesitant, true, 0, false},
		{"HTTP/2", second, true, 0, false},
	} {
		atomic.StoreInt64(&draining, c.others)
		x := &exchange{gate: g, Message: message.Message{Request: c.r}, hijackable: c.hijackable, start: hooktest.TestTime, done: make(chan bool, 1)}
		submit(deciders, x)
		<-x.done
		if x.reason != verdict.ClientDenied || x.drained != c.want || atomic.LoadInt64(&draining) != c.others {
			t.Errorf("%s: %s, drained %t, %d are under way", c.name, x.reason, x.drained, draining)
		}
	}
	atomic.StoreInt64(&draining, 0)
}
