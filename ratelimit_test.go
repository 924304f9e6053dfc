package hookward

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// visitAt sends GitHub's example from an address, at a time.
func visitAt(t *testing.T, g *gates.Gate, remote string, at time.Time, headers ...string) *exchange {
	t.Helper()
	r := hooktest.NewPost(hooktest.DocsBody, append(headers, "X-Hub-Signature-256: "+hooktest.DocsSignature)...)
	r.RemoteAddr = remote
	return decide(g, r, at)
}

func limited(more map[string]any) map[string]any {
	raw := hooktest.GithubOptions()
	raw["rateLimit"] = more
	return raw
}

func TestRateLimit(t *testing.T) {
	capture(t)
	g := newTestGate(t.Name(), limited(map[string]any{"average": "60", "period": "1m", "burst": "3"}), hooktest.TestTime)
	for i, c := range []struct {
		remote string
		after  time.Duration
		want   string
		wait   string // Retry-After
	}{
		{"192.0.2.1:1", 0, verdict.Verified, ""}, {"192.0.2.1:2", 0, verdict.Verified, ""}, {"192.0.2.1:3", 0, verdict.Verified, ""}, {"192.0.2.1:4", 0, verdict.RateLimited, "1"},
		{"192.0.2.2:1", 0, verdict.Verified, ""}, {"192.0.2.1:5", 999 * time.Millisecond, verdict.RateLimited, "1"}, {"192.0.2.1:6", time.Second, verdict.Verified, ""},
		{"[::ffff:192.0.2.1]:7", time.Second, verdict.RateLimited, "1"},
		// One IPv6 network is one source.
		{"[2001:db8::1]:1", time.Second, verdict.Verified, ""}, {"[2001:db8::2]:1", time.Second, verdict.Verified, ""}, {"[2001:db8::ffff:3]:1", time.Second, verdict.Verified, ""},
		{"[2001:db8:0:0:4::]:1", time.Second, verdict.RateLimited, "1"}, {"[2001:db8:0:1::]:1", time.Second, verdict.Verified, ""},
		// Whoever can't be told is the peer.
		{"@", time.Second, verdict.Verified, ""}, {"@", time.Second, verdict.Verified, ""}, {"@", time.Second, verdict.Verified, ""}, {"@", time.Second, verdict.RateLimited, "1"},
	} {
		x := visitAt(t, g, c.remote, hooktest.TestTime.Add(c.after))
		if x.reason != c.want {
			t.Errorf("%d, %s: %s, want %s", i, c.remote, x.reason, c.want)
		}
		if c.wait != "" {
			rw := httptest.NewRecorder()
			refuse(rw, hooktest.NewPost(""), x)
			if rw.Code != http.StatusTooManyRequests || rw.Header().Get("Retry-After") != c.wait {
				t.Errorf("%d: %d %v", i, rw.Code, rw.Header())
			}
		}
	}
	// What is refused costs nothing, and reads nothing.
	if x := visitAt(t, g, "192.0.2.1:9", hooktest.TestTime.Add(time.Second)); x.bodyWhole || x.proof.Secret != 0 {
		t.Error("the body is read all the same")
	}
}

func TestRateLimitDefaults(t *testing.T) {
	for _, section := range []any{"true", "", map[string]any{}} {
		raw := hooktest.GithubOptions()
		raw["rateLimit"] = section
		l := mustCompile(t, raw).Limit
		if l.Average != 100 || l.Period != time.Minute || l.Burst != 100 {
			t.Errorf("%v: %+v", section, l)
		}
	}
	if l := mustCompile(t, limited(map[string]any{"average": "7"})).Limit; l.Burst != 7 {
		t.Errorf("%+v", l)
	}
	if p := mustCompile(t, hooktest.GithubOptions()); p.Limit != nil {
		t.Error("a limit that nobody asked for")
	}
}

func TestRateLimitSources(t *testing.T) {
	capture(t)
	once := func(more map[string]any) map[string]any {
		more["average"] = "1"
		return limited(more)
	}
	header := newTestGate(t.Name()+"header", once(map[string]any{"sourceCriterion": map[string]any{"requestHeaderName": "x-tenant"}}), hooktest.TestTime)
	host := newTestGate(t.Name()+"host", once(map[string]any{"sourceCriterion": map[string]any{"requestHost": "true"}}), hooktest.TestTime)
	exempt := newTestGate(t.Name()+"exempt", once(map[string]any{"exempt": "192.0.2.0/24"}), hooktest.TestTime)
	depth := once(map[string]any{})
	depth["ipStrategy"] = map[string]any{"depth": "1", "ipv6Subnet": "48"}
	strategy := newTestGate(t.Name()+"strategy", depth, hooktest.TestTime)
	for i, c := range []struct {
		g      *gates.Gate
		remote string
		header string
		want   string
	}{
		{header, "192.0.2.1:1", "X-Tenant: a", verdict.Verified}, {header, "192.0.2.2:1", "X-Tenant: a", verdict.RateLimited}, {header, "192.0.2.1:1", "X-Tenant: b", verdict.Verified},
		{header, "192.0.2.1:1", "X-Other: a", verdict.Verified}, {header, "192.0.2.1:1", "X-Other: b", verdict.RateLimited},
		{header, "192.0.2.1:1", "X-Tenant: " + strings.Repeat("x", 100_000), verdict.Verified}, {header, "192.0.2.1:1", "X-Tenant: " + strings.Repeat("x", 100_000), verdict.RateLimited},
		{host, "192.0.2.1:1", "X-A: a", verdict.Verified}, {host, "192.0.2.2:1", "X-A: a", verdict.RateLimited},
		{exempt, "192.0.2.1:1", "X-A: a", verdict.Verified}, {exempt, "192.0.2.1:1", "X-A: a", verdict.Verified}, {exempt, "198.51.100.1:1", "X-A: a", verdict.Verified}, {exempt, "198.51.100.1:1", "X-A: a", verdict.RateLimited},
		{strategy, "192.0.2.1:1", "X-Forwarded-For: 198.51.100.1", verdict.Verified}, {strategy, "192.0.2.1:1", "X-Forwarded-For: 198.51.100.1", verdict.RateLimited}, {strategy, "192.0.2.1:1", "X-Forwarded-For: 198.51.100.2", verdict.Verified},
		{strategy, "192.0.2.1:1", "X-Forwarded-For: 2001:db8:1:1::1", verdict.Verified}, {strategy, "192.0.2.1:1", "X-Forwarded-For: 2001:db8:1:2::1", verdict.RateLimited},
		// No client: the peer.
		{strategy, "192.0.2.1:1", "X-A: a", verdict.Verified}, {strategy, "192.0.2.1:1", "X-Forwarded-For: junk", verdict.RateLimited},
	} {
		if x := visitAt(t, c.g, c.remote, hooktest.TestTime, c.header); x.reason != c.want {
			t.Errorf("%d, %.40s: %s, want %s", i, c.header, x.reason, c.want)
		}
	}
}

func TestRateLimitHeaders(t *testing.T) {
	capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), limited(map[string]any{"average": "2", "period": "1h", "burst": "3", "responseHeaders": "true"}))
	for i, want := range []string{`"default";r=2;t=1800`, `"default";r=1;t=3600`, `"default";r=0;t=5400`, `"default";r=0;t=1800`} {
		rw := serve(h, hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
		got := rw.Header().Get("RateLimit")
		// Time goes on in this test.
		if strings.Replace(got, "t=1799", "t=1800", 1) != want && strings.Replace(strings.Replace(got, "t=3599", "t=3600", 1), "t=5399", "t=5400", 1) != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
		if policy := rw.Header().Get("RateLimit-Policy"); policy != `"default";q=2;w=3600` {
			t.Errorf("%d: policy %q", i, policy)
		}
		if wait, _ := strconv.Atoi(rw.Header().Get("Retry-After")); (rw.Code == http.StatusTooManyRequests) != (i == 3) || (wait > 1700) != (i == 3) {
			t.Errorf("%d: %d %v", i, rw.Code, rw.Header())
		}
	}
	quiet := serve(newTestHandler(t, b.Handler(), limited(map[string]any{})), hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature))
	if quiet.Header().Get("RateLimit") != "" {
		t.Error("tells what nobody asked for")
	}
}

func TestRateLimitMistakes(t *testing.T) {
	for _, c := range []struct {
		options map[string]any
		says    string
	}{
		{map[string]any{"average": "0"}, `rateLimit.average: "0" is not a positive whole number`},
		{map[string]any{"average": "-1"}, `rateLimit.average: "-1" is not a positive`},
		{map[string]any{"average": "abc"}, `rateLimit.average: "abc" is not a positive`},
		{map[string]any{"average": "1.5"}, `rateLimit.average: "1.5" is not a positive`},
		{map[string]any{"average": "18014398509481985000000"}, `rateLimit.average: "18014398509481985000000" is too large`},
		{map[string]any{"average": "9223372036854775807"}, "rateLimit: these numbers can't be counted with"},
		{map[string]any{"burst": "0"}, `rateLimit.burst: "0" is not a positive`},
		{map[string]any{"burst": "9223372036854775807"}, "rateLimit: these numbers can't be counted with"},
		{map[string]any{"period": "0s"}, `rateLimit.period: "0s" is not a positive duration`},
		{map[string]any{"period": "-1s"}, `rateLimit.period: "-1s" is not a positive duration`},
		{map[string]any{"period": "60"}, `rateLimit.period: "60" is not a positive duration with a unit`},
		{map[string]any{"period": "1ns"}, "rateLimit: these numbers can't be counted with"},
		{map[string]any{"exempt": "all"}, `rateLimit.exempt[0]: "all" is not an address`},
		{map[string]any{"sourceCriterion": map[string]any{"requestHeaderName": "a b"}}, `rateLimit.sourceCriterion.requestHeaderName: "a b" is not the name`},
		{map[string]any{"sourceCriterion": map[string]any{"requestHeaderName": "X-A", "requestHost": "true"}}, "rateLimit.sourceCriterion.requestHost: contradicts"},
		{map[string]any{"sourceCriterion": map[string]any{"ipStrategy": map[string]any{"depth": "1"}}}, "rateLimit.sourceCriterion.ipStrategy: is not an option"},
	} {
		got := strings.Join(config.Sentences(policy.Compile(limited(c.options)).Problems), "\n")
		if !strings.HasPrefix(got, c.says) || strings.Contains(got, "\n") {
			t.Errorf("%v: %q, want %q", c.options, got, c.says)
		}
	}
}
