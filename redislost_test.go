package hookward

import (
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/fakeredis"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// lossy returns a gate, and another Traefik's of the same name, with a server that can
// lose what it is told.
func lossy(t *testing.T, raw map[string]any) (*fakeredis.Server, *gates.Gate, *gates.Gate) {
	t.Helper()
	server, stop, err := fakeredis.Start(heard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	raw["redis"] = map[string]any{"endpoints": server.Address, "readTimeout": "300ms"}
	here := sharingGate(t, t.Name(), raw)
	gates.Restart()
	return server, here, sharingGate(t, t.Name(), raw)
}

func heard(_ string) int { return fakeredis.Answered }

func unanswered(_ string) int { return fakeredis.Unanswered }

func lost(_ string) int { return fakeredis.Lost }

func deliverOnce(t *testing.T, g *gates.Gate, status int) string {
	t.Helper()
	x := visitAt(t, g, "192.0.2.1:1", hooktest.TestTime)
	x.Status = status
	x.completed = x.forward
	settle(x, hooktest.TestTime)
	return x.reason
}

// A delivery that the backend has refused while Redis lost an answer is nobody's, and
// passes at the next attempt, by whatever way it comes.
func TestRedisLosesAnEnd(t *testing.T) {
	capture(t)
	for _, status := range []int{500, 200} {
		server, here, other := lossy(t, onlyOnce(map[string]any{}))
		x := visitAt(t, here, "192.0.2.1:1", hooktest.TestTime)
		fakeredis.SetFate(server, lost)
		x.Status, x.completed = status, true
		settle(x, hooktest.TestTime)
		fakeredis.SetFate(server, heard)
		if got := deliverOnce(t, here, 500); status == 500 && got != verdict.Verified || status == 200 && got != verdict.DeliveryDuplicate {
			t.Errorf("after %d, here: %s", status, got)
		}
		got := ""
		want := map[int]string{500: verdict.Verified, 200: verdict.DeliveryDuplicate}[status]
		for until := time.Now().Add(5 * time.Second); got != want && time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
			got = deliverOnce(t, other, 500)
		}
		if got != want {
			t.Errorf("after %d, elsewhere: %s, want %s", status, got, want)
		}
	}
}

// After 503 for a claim that was not answered to, the next attempt passes.
func TestRedisLosesAClaim(t *testing.T) {
	capture(t)
	server, here, _ := lossy(t, onlyOnce(map[string]any{"required": "true"}))
	fakeredis.SetFate(server, unanswered)
	if got := deliverOnce(t, here, 0); got != verdict.ReplayUnavailable {
		t.Error(got)
	}
	fakeredis.SetFate(server, func(kind string) int {
		if kind == "release" {
			return fakeredis.Lost
		}
		return fakeredis.Answered
	})
	if got := deliverOnce(t, here, 200); got != verdict.Verified {
		t.Error(got)
	}
}

// What is spent here is spent everywhere, and is not asked for.
func TestRedisIsNotAskedInVain(t *testing.T) {
	capture(t)
	server, here, _ := lossy(t, limited(map[string]any{"average": "3", "period": "1h", "burst": "3"}))
	server2, banning, _ := lossy(t, func() map[string]any {
		raw := hooktest.GithubOptions()
		raw["ban"] = map[string]any{"failures": "3"}
		return raw
	}())
	for i := 0; i < 50; i++ {
		visitAt(t, here, "192.0.2.1:1", hooktest.TestTime)
		guess(banning, "192.0.2.1:1", hooktest.TestTime)
	}
	if n := len(strings.Fields(fakeredis.Asked(server))); n != 1 { // the server has said that this was the last
		t.Errorf("asked %d times for a token", n)
	}
	if n := len(strings.Fields(fakeredis.Asked(server2))); n != 3 {
		t.Errorf("asked %d times for 3 failures", n)
	}
}
