package audit

import (
	"net/http"
	"strings"
	"testing"
)

func TestHeadersHideSecrets(t *testing.T) {
	const secret = "the-secret-value-of-somebody"
	h := http.Header{
		"Authorization": {"Basic " + secret}, "Cookie": {"a=" + secret}, "X-Api-Key": {secret}, "X-Verified": {secret},
		"X-Plain": {"eyJhbGciOiJIUzI1NiJ9." + secret}, "Referer": {"https://example.com/a?token=" + secret},
		"X-Forwarded-Uri": {"/hooks?sig=" + secret}, "X-Ours": {"before " + secret + " behind"}, "User-Agent": {"Sender/1.0"},
	}
	for name, verified := range map[string]map[string]bool{"a gate": {"X-Verified": true}, "without a policy": nil} {
		a := &Settings{Secrets: []string{secret}}
		if verified == nil {
			a = Plain
		} else {
			a.Secrets = []string{"before " + secret}
		}
		text := strings.Join(Headers(a, verified, written(h)), "\n")
		if strings.Contains(text, secret) {
			t.Errorf("%s shows a secret:\n%s", name, text)
		}
		for _, want := range []string{"User-Agent\nSender/1.0", "X-Verified\nmasked, 28 bytes"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
}

// A stranger can send a million lines of one name.
func TestHeadersAreBounded(t *testing.T) {
	h := http.Header{}
	for i := 0; i < 10*maxShown; i++ {
		h.Add("X-Many", strings.Repeat("x", 10_000))
	}
	shown := Headers(Plain, map[string]bool{}, written(h))
	if len(shown) != 2*maxShown || len(shown[1]) > maxRecordedShort {
		t.Errorf("%d texts, the first has %d bytes", len(shown), len(shown[1]))
	}
}

// What was cut is not shown: a secret's end may be missing, by which it is known.
func TestHeadersThatAreCut(t *testing.T) {
	shown := Headers(Plain, map[string]bool{}, "A: 1\r\nB: 2\r\nC: the-first-half-of-a-")
	if strings.Join(shown, " ") != "A 1 B 2" {
		t.Errorf("%q", shown)
	}
}

// What stands in the record need not be hidden; nothing else is shown by that.
func TestHeadersThatAreKnown(t *testing.T) {
	verified := map[string]bool{"X-Event": true, "X-Signature": true, "X-Empty": true}
	shown := Headers(Plain, verified, "X-Event: push\r\nX-Signature: pushed\r\nX-Empty: \r\n", "push", "")
	if got := strings.Join(shown, "|"); got != "X-Event|push|X-Signature|masked, 6 bytes|X-Empty|masked, 0 bytes" {
		t.Errorf("%q", got)
	}
}

func written(h http.Header) string {
	text := &strings.Builder{}
	_ = h.Write(text)
	return text.String()
}
