package hookward

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

// What is left over and can't open anything is a warning. What somebody may rely on,
// and does nothing, stays a mistake.
func TestLeftovers(t *testing.T) {
	audit := func(more map[string]any) map[string]any { return map[string]any{"audit": more} }
	for _, c := range []struct {
		more   map[string]any
		says   string
		refuse bool
	}{
		{map[string]any{"tolerance": "5m"}, "tolerance: has no effect", true},
		{map[string]any{"senders": "a"}, "senders: has no effect", true},
		{map[string]any{"publicKeys": hooktest.TestEdwardsKey}, "publicKeys: has no effect", true},
		{map[string]any{"publicURL": "https://hooks.example.com"}, "publicURL: has no effect", true},
		{map[string]any{"verifyToken": "the word that was given"}, "verifyToken: has no effect", true},
		{map[string]any{"denylist": map[string]any{"sourceRange": "192.0.2.1", "required": "true"}}, "denylist.required: has no effect", true},
		{map[string]any{"ipStrategy": map[string]any{"trustedIPs": "192.0.2.1"}}, "ipStrategy.trustedIPs: has no effect", true},
		{audit(map[string]any{"payload": "full", "redact": "a.b"}), "audit.redact: has no effect", true},
		{audit(map[string]any{"payload": "full", "redactPatterns": "card"}), "audit.redactPatterns: has no effect", true},

		{map[string]any{"stateDirectory": "/var/lib/hookward"}, "stateDirectory: has no effect", false},
		{map[string]any{"ban": "false", "redis": map[string]any{}}, "redis: has no effect", false},
		{map[string]any{"replay": "true", "redis": map[string]any{"username": "x"}}, "redis.username: has no effect", false},
		{map[string]any{"allowlist": map[string]any{"sourceRange": "192.0.2.1", "allowAll": "true"}}, "allowlist.allowAll: has no effect", false},
		{map[string]any{"confirmSubscriptions": "true"}, "confirmSubscriptions: has no effect", false},
		{audit(map[string]any{"maxPayloadBytes": "100"}), "audit.maxPayloadBytes: has no effect", false},
		{audit(map[string]any{"refusedPayload": "true"}), "audit.refusedPayload: has no effect", false},
		{audit(map[string]any{"redact": "a.b"}), "audit.redact: has no effect", false},
		{audit(map[string]any{"payload": "none", "redactPatterns": "card"}), "audit.redactPatterns: has no effect", false},
	} {
		raw := hooktest.GithubOptions()
		for name, value := range c.more {
			raw[name] = value
		}
		compiled := policy.Compile(raw)
		said := compiled.Warnings
		if c.refuse {
			said = compiled.Problems
		}
		found := false
		for _, p := range said {
			found = found || strings.HasPrefix(config.Sentence(p), c.says) && p.Kind == config.KindNoEffect
		}
		if !found || (compiled.Policy == nil) != c.refuse {
			t.Errorf("%v: problems %q, warnings %q", c.more, config.Sentences(compiled.Problems), config.Sentences(compiled.Warnings))
		}
	}
	raw := hooktest.GithubOptions()
	raw["ban"], raw["redis"], raw["confirmSubscriptions"] = "false", map[string]any{}, "true"
	if p := mustCompile(t, raw); p.Shared != nil || p.Confirm {
		t.Error("what has no effect is in force")
	}
}
