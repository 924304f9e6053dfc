package jwt

import (
	"crypto"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/verdict"
)

// Oracle: nothing panics, and what is accepted is, to the byte, a token that whoever has the
// secret makes of its first two parts.
func FuzzToken(f *testing.F) {
	good := hs256(plainHeader, usual(nil))
	for _, seed := range []string{good, good + ".", strings.Replace(good, ".", "..", 1), "eyJhbGciOiJub25lIn0.e30.", good[:20], "a.b.c"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, detached bool) {
		raw := bearer(nil)
		if detached {
			raw = map[string]any{"secrets": testSecret, "jwt": map[string]any{"algorithms": "HS256", "detached": "true"}}
		}
		v := mustCompile(t, raw)
		found := Verify(v, post("{}", "Authorization", "Bearer "+text), nil, present)
		if found.Reason != verdict.Verified {
			return
		}
		dot := strings.LastIndexByte(text, '.')
		input := text[:dot]
		if detached {
			input += rawURL.EncodeToString([]byte("{}"))
		}
		if want := signHMAC(crypto.SHA256, testSecret, input); !strings.HasSuffix(want, text[dot:]) || strings.Count(text, ".") != 2 {
			t.Fatalf("VULNERABLE: %q passes", text)
		}
	})
}
