package hookward

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// guess sends a wrong signature from an address, at a time.
func guess(g *gates.Gate, remote string, at time.Time) string {
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: sha256="+strings.Repeat("0", 64))
	r.RemoteAddr = remote
	return decide(g, r, at).reason
}

func TestBan(t *testing.T) {
	capture(t)
	raw := hooktest.GithubOptions()
	raw["ban"] = "true" // as it is by default
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	for i := 0; i < 20; i++ {
		if reason := guess(g, "192.0.2.1:1", hooktest.TestTime.Add(time.Duration(i)*time.Second)); reason != verdict.SignatureMismatch {
			t.Fatalf("guess %d: %s", i+1, reason)
		}
	}
	// It does not matter what it sends now, and the others are as free as before.
	at := hooktest.TestTime.Add(20 * time.Second)
	if x := visitAt(t, g, "192.0.2.1:9", at); x.reason != verdict.SourceBanned || x.bodyWhole {
		t.Errorf("after 20 failures in 20 seconds: %s", x.reason)
	}
	if x := visitAt(t, g, "192.0.2.2:9", at); x.reason != verdict.Verified {
		t.Errorf("another client: %s", x.reason)
	}
	rw := httptest.NewRecorder()
	refuse(rw, hooktest.NewPost(""), visitAt(t, g, "192.0.2.1:9", at))
	if rw.Code != 429 || rw.Header().Get("Retry-After") != "599" {
		t.Errorf("%d %v", rw.Code, rw.Header())
	}
	// To go on does not make it longer.
	for i := 0; i < 100; i++ {
		guess(g, "192.0.2.1:1", at)
	}
	if x := visitAt(t, g, "192.0.2.1:9", hooktest.TestTime.Add(19*time.Second+10*time.Minute-time.Second)); x.reason != verdict.SourceBanned {
		t.Errorf("before the end of the ban: %s", x.reason)
	}
	if x := visitAt(t, g, "192.0.2.1:9", hooktest.TestTime.Add(19*time.Second+10*time.Minute)); x.reason != verdict.Verified {
		t.Errorf("after the end of the ban: %s", x.reason)
	}
	// Failures that are few enough never ban.
	for i := 0; i < 200; i++ {
		if reason := guess(g, "192.0.2.3:1", hooktest.TestTime.Add(time.Hour+time.Duration(i)*3200*time.Millisecond)); reason != verdict.SignatureMismatch {
			t.Fatalf("guess %d at a pace of 18 a minute: %s", i+1, reason)
		}
	}
	if atomic.LoadInt64(&g.Fixed.State.Bans.Banned) > 0 {
		visitAt(t, g, "192.0.2.1:9", hooktest.TestTime.Add(5*time.Hour))
		visitAt(t, g, "192.0.2.1:9", hooktest.TestTime.Add(10*time.Hour))
		if atomic.LoadInt64(&g.Fixed.State.Bans.Banned) > 0 {
			t.Error("who is free again is looked for for ever")
		}
	}
}

func TestBanOptions(t *testing.T) {
	capture(t)
	with := func(name string, section any) *gates.Gate {
		raw := hooktest.GithubOptions()
		raw["ban"] = section
		return newTestGate(t.Name()+name, raw, hooktest.TestTime)
	}
	never := with("never", "false")
	for i := 0; i < 100; i++ {
		guess(never, "192.0.2.1:1", hooktest.TestTime)
	}
	first := with("first", map[string]any{"failures": "1", "window": "1s", "duration": "1s", "exempt": []any{"192.0.2.7", "2001:db8:1::/48", "2001:db8:5::5"}})
	for _, remote := range []string{"192.0.2.1:1", "192.0.2.7:1", "[2001:db8:1::1]:1", "[2001:db8:5::5]:1", "[2001:db8:2::1]:1"} {
		guess(first, remote, hooktest.TestTime)
	}
	for _, c := range []struct {
		g      *gates.Gate
		remote string
		want   string
	}{
		{never, "192.0.2.1:1", verdict.Verified}, {first, "192.0.2.1:1", verdict.SourceBanned}, {first, "192.0.2.7:1", verdict.Verified}, {first, "[2001:db8:1::1]:1", verdict.Verified}, {first, "[2001:db8:5::5]:1", verdict.Verified},
		{first, "[2001:db8:2::1]:1", verdict.SourceBanned}, {first, "[2001:db8:2::ffff]:1", verdict.SourceBanned}, {first, "[2001:db8:2:1::1]:1", verdict.Verified},
	} {
		if x := visitAt(t, c.g, c.remote, hooktest.TestTime); x.reason != c.want {
			t.Errorf("%s: %s, want %s", c.remote, x.reason, c.want)
		}
	}
	p := mustCompile(t, hooktest.GithubOptions())
	if p.Ban == nil || p.Ban.Failures != 20 || p.Ban.Window != time.Minute || p.Ban.Duration != 10*time.Minute {
		t.Errorf("by default: %+v", p.Ban)
	}
	for says, section := range map[string]any{
		`ban.failures: "0" is not a positive`:            map[string]any{"failures": "0"},
		`ban.duration: must be at most 24h`:              map[string]any{"duration": "25h"},
		`ban.exempt[0]: "x" is not an address`:           map[string]any{"exempt": "x"},
		`ban: must be a section`:                         "never",
		`ban.window: "0s" is not a positive`:             map[string]any{"window": "0s"},
		`ban.requests: is not an option (options here: `: map[string]any{"requests": "1"},
	} {
		raw := hooktest.GithubOptions()
		raw["ban"] = section
		if got := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n"); !strings.HasPrefix(got, says) {
			t.Errorf("%v: %q, want %q", section, got, says)
		}
	}
}

// What a sender is late with was signed by the right key, and is no guess.
func TestLateDeliveriesBanNobody(t *testing.T) {
	capture(t)
	raw := map[string]any{"provider": "slack", "secrets": hooktest.DocsSecret, "ban": map[string]any{"failures": "2"}}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	for i := 0; i < 50; i++ {
		stamp := "1000000000"
		r := hooktest.NewPost("{}", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, "v0:"+stamp+":{}"))
		if x := decide(g, r, hooktest.TestTime); x.reason != verdict.TimestampTooOld {
			t.Fatalf("%d: %s", i, x.reason)
		}
	}
}

// ban.exempt ends a ban, and each ban leaves one line that says so.
func TestExemptEndsBan(t *testing.T) {
	_, reports := capture(t)
	raw := hooktest.GithubOptions()
	raw["ban"] = map[string]any{"failures": "3"}
	for _, remote := range []string{"192.0.2.1:1", "[2001:db8:1:2:3::4]:1"} {
		g := newTestGate(t.Name()+remote, raw, hooktest.TestTime)
		for i := 0; i < 10; i++ {
			guess(g, remote, hooktest.TestTime)
		}
		if x := visitAt(t, g, remote, hooktest.TestTime); x.reason != verdict.SourceBanned {
			t.Fatalf("%s after 3 failures: %s", remote, x.reason)
		}
		exempt := hooktest.GithubOptions()
		exempt["ban"] = map[string]any{"failures": "3", "exempt": []any{"192.0.2.0/24", "2001:db8::/32"}}
		mended := newTestGate(t.Name()+remote, exempt, hooktest.TestTime)
		mended.Fixed.State.Bans = g.Fixed.State.Bans // as a reload keeps it
		if x := visitAt(t, mended, remote, hooktest.TestTime); x.reason != verdict.Verified {
			t.Errorf("%s, exempt: %s", remote, x.reason)
		}
		if x := visitAt(t, mended, "192.0.3.1:1", hooktest.TestTime); x.reason != verdict.Verified {
			t.Errorf("a stranger: %s", x.reason)
		}
	}
	said := reports.String()
	for _, text := range []string{"192.0.2.1 is banned for 10m0s, because 3 requests within 1m0s failed", "2001:db8:1:2::/64 is banned for 10m0s", "unless ban.exempt has it"} {
		if !strings.Contains(said, text) {
			t.Errorf("no %q in %s", text, said)
		}
	}
	if n := strings.Count(said, "is banned"); n != 2 {
		t.Errorf("%d lines for 2 bans: %s", n, said)
	}
}

// Many bans leave few lines, and their number is not lost.
func TestBanLinesAreBounded(t *testing.T) {
	_, reports := capture(t)
	raw := hooktest.GithubOptions()
	raw["ban"] = map[string]any{"failures": "1"}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	for i := 0; i < 50; i++ {
		guess(g, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()+":1", hooktest.TestTime)
	}
	if n := strings.Count(reports.String(), "is banned"); n != bans.MaxTold {
		t.Errorf("%d lines for 50 bans", n)
	}
	guess(g, "192.0.2.60:1", hooktest.TestTime.Add(time.Minute))
	guess(g, "192.0.2.61:1", hooktest.TestTime.Add(time.Minute))
	if said := reports.String(); strings.Count(said, "30 more bans were not told") != 1 || !strings.Contains(said, "192.0.2.61 is banned") {
		t.Error(said)
	}
	// The same client again, within the hour in which a warning is not repeated.
	guess(g, "192.0.2.0:1", hooktest.TestTime.Add(20*time.Minute))
	if n := strings.Count(reports.String(), "192.0.2.0 is banned"); n != 2 {
		t.Errorf("a second ban: %d lines", n)
	}
}
