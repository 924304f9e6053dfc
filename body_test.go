package hookward

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// What is drained is small, and of a connection that can be taken away.
func TestWhatIsDrained(t *testing.T) {
	capture(t)
	raw := hooktest.GithubOptions()
	raw["denylist"] = map[string]any{"sourceRange": []any{"192.0.2.1"}}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	large := hooktest.NewPost(strings.Repeat("x", 64<<10+1))
	hesitant := hooktest.NewPost(hooktest.DocsBody, "Expect: 100-continue")
	second := hooktest.NewPost(hooktest.DocsBody)
	second.ProtoMajor = 2
	for _, c := range []struct {
		name       string
		r          *http.Request
		hijackable bool
		want       bool
	}{
		{"small", hooktest.NewPost(hooktest.DocsBody), true, true},
		{"of a connection that can't be taken away", hooktest.NewPost(hooktest.DocsBody), false, false},
		{"large", large, true, false},
		{"not sent yet", hesitant, true, false},
		{"HTTP/2", second, true, false},
	} {
		x := &exchange{gate: g, Message: message.Message{Request: c.r}, hijackable: c.hijackable, start: hooktest.TestTime, done: make(chan bool, 1)}
		submit(deciders, x)
		<-x.done
		if x.reason != verdict.ClientDenied || x.drained != c.want {
			t.Errorf("%s: %s, drained %t", c.name, x.reason, x.drained)
		}
	}
}
