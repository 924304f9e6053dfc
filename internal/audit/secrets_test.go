package audit

import (
	"io"
	"strings"
	"testing"
)

// Nothing is taken out of a text that may be recorded as it is.
func TestRevealed(t *testing.T) {
	for _, revealed := range [][]string{nil, {"s3cret key"}, {"s3cret key", "czncmv0", "xyz"}} {
		plain := func(text string) bool {
			kept, err := NewRevealed(revealed).WriteString(io.Discard, strings.ToLower(text))
			return err == nil && kept == len(text)
		}
		for c := 0; c < 256; c++ {
			text := "Aa" + string([]byte{byte(c)}) + "Zz"
			if want := c >= ' ' && c <= '~' && !strings.ContainsRune(`"%\`, rune(c)); plain(text) != want {
				t.Errorf("byte %d with %q: %v", c, revealed, !want)
			}
		}
		for text, has := range map[string]bool{"/hooks/S3CRET KEY/": true, "s3Cret kEy": true, "S3CRET\x00 KEY": true, "S3CRET  KEY": false, "\u212a": true, "\u023a\u212a": true, "\u0130\u023a": true} {
			if want := !has || revealed == nil && text[0] < 0x80 && !strings.Contains(text, "\x00"); plain(text) != want {
				t.Errorf("%q with %q: %v", text, revealed, !want)
			}
		}
	}
}
