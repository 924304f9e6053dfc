package ship

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	long := strings.Repeat("x", maxID)
	for text, want := range map[string]string{
		"": "none", "[]": "none", "null": "none", `"a"`: "none", "1": "none", "{": "none", `{"a":1}}`: "none", `{"a":1} {}`: "none", " {}": "none",
		"{\"a\":\n1}": "none", "{}\n{}": "none", "{}\n": "none",
		first:  "5f1c-1 2026-11-25T01:50:44.123456Z false pass: verified",
		second: "5f1c-2 2026-11-25T01:50:45Z true refuse: bad_signature",
		`{"event.id":"a","@timestamp":"2026-11-25T03:50:44+02:00","event.type":["x","denied"],"hookward.decision":"pass"}`: "a 2026-11-25T01:50:44Z true pass",
		`{"event.id":"` + long + `"}`: long + " 0001-01-01T00:00:00Z false ",
		// What has no identifier, or none of use, has that of its content.
		"{}":                           "digest 0001-01-01T00:00:00Z false ",
		`{"event.id":"x` + long + `"}`: "digest 0001-01-01T00:00:00Z false ",
		// Fields of another type are passed over, and what comes after them is not.
		`{"event.id":5,"@timestamp":"x","event.type":"denied","hookward.decision":"pass"}`: "digest 0001-01-01T00:00:00Z false pass",
	} {
		if got := shown(text); got != want {
			t.Errorf("%.200q: %q, want %q", text, got, want)
		}
	}
}

// shown says what is read of a record.
func shown(text string) string {
	e := read([]byte(text))
	if e == nil {
		return "none"
	}
	sum := sha256.Sum256([]byte(text))
	id := strings.Replace(e.id, hex.EncodeToString(sum[:16]), "digest", 1)
	return fmt.Sprintf("%s %s %v %s", id, e.at.Format(time.RFC3339Nano), e.denied, e.title)
}
