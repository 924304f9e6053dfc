package gates

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/metrics"
)

// reload is what Traefik builds the gates of one configuration with: a context for each, all
// of which end at once.
type reload struct {
	ctx context.Context
	end func()
}

func newReload(t *testing.T) *reload {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return &reload{ctx: ctx, end: cancel}
}

var routerKey = new(int)

func openOne(r *reload, name string, raw map[string]any) *Gate {
	return Open(context.WithValue(r.ctx, routerKey, name), name, raw, time.Now())
}

// Five hundred routers may have one middleware. What the first gate of a reload has looked at,
// the others take as it is; the next reload looks again.
func TestGatesOfOneReload(t *testing.T) {
	hooktest.Listen(t)
	Restart()
	t.Cleanup(Restart)
	path := filepath.Join(t.TempDir(), "records")
	raw := func() map[string]any {
		return hooktest.GithubWith(map[string]any{"replay": "true", "audit": map[string]any{"outputs": map[string]any{"type": "file", "path": path}}})
	}
	before := newReload(t)
	first := openOne(before, t.Name(), raw())
	second := openOne(before, t.Name(), raw())
	if first.Fixed.Policy == nil || first == second || second.Fixed.Policy != first.Fixed.Policy || second.Fixed.State != first.Fixed.State {
		t.Error("the second gate of a reload looks at everything again")
	}
	if second.Name != first.Name || second.Numbers != first.Numbers || second.Counts != metrics.Of(t.Name()) || Current(second, time.Now()) != second.Fixed || inForce(second) != second.Fixed {
		t.Errorf("the second gate is another than the first: %+v", second)
	}
	other := raw()
	other["maxBodyBytes"] = "1000"
	if openOne(before, t.Name(), other).Fixed.Policy == first.Fixed.Policy {
		t.Error("another configuration is not seen")
	}
	openOne(before, t.Name(), raw())
	before.end()
	after := newReload(t)
	next := openOne(after, t.Name(), raw())
	if next.Fixed.State == first.Fixed.State || next.Fixed.State.Replays != first.Fixed.State.Replays {
		t.Error("the first gate of the next reload does not take over what the gates before have left")
	}
	forget(time.Now().Add(linger + time.Minute))
	if outputsByKey[next.Fixed.Policy.Audit.Specs[0].Key] == nil {
		t.Error("an output is closed that a gate of the next reload uses")
	}
}

// What was in force before a mistake does not hide it, nor does the mistake stay.
func TestGateAfterAMistake(t *testing.T) {
	hooktest.Listen(t)
	one := newReload(t)
	wrong := hooktest.GithubWith(map[string]any{"provider": "githup"})
	good := openOne(one, t.Name(), hooktest.GithubOptions())
	for i := 0; i < 2; i++ {
		if g := openOne(one, t.Name(), wrong); g.Fixed.Policy != nil || g.problem == "" {
			t.Error("a mistake is not seen")
		}
	}
	again := openOne(one, t.Name(), hooktest.GithubOptions())
	if again.Fixed.Policy == nil || again.Fixed.Policy == good.Fixed.Policy || middlewares[t.Name()].problem != "" {
		t.Error("the mistake stays")
	}
}

// A gate whose secrets stand in a file looks at that file itself.
func TestGatesOfOneFile(t *testing.T) {
	hooktest.Listen(t)
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string, at time.Time) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	raw := map[string]any{"provider": "github", "secrets": []any{"file:" + path}}
	write("the first of two secrets", hooktest.TestTime)
	one := newReload(t)
	first := openOne(one, t.Name(), raw)
	second := openOne(one, t.Name(), raw)
	if first.Fixed != nil || second.Fixed != nil || inForce(first).Policy == nil || inForce(first).State != inForce(second).State {
		t.Error("two gates don't share what their file says")
	}
	write("the second of the two secrets", hooktest.TestTime.Add(time.Second))
	for _, g := range []*Gate{first, second} {
		p := Current(g, time.Now().Add(fileCheckInterval)).Policy
		if string(p.Schemes[0].Keys[0]) != "the second of the two secrets" {
			t.Error("another content of the file is not seen")
		}
	}
}
