package message

import "testing"

func TestPlainText(t *testing.T) {
	for raw, want := range map[string]string{
		``: "", `""`: "", `"a"`: "a", `"é"`: "é", `"\u00e9\n\""`: "é\n\"", `"\\"`: `\`,
		`1`: "1", `-2.50`: "-2.50", `true`: "true", `null`: "", `{"a":1}`: "", `["a"]`: "",
	} {
		if got := plainText([]byte(raw)); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
