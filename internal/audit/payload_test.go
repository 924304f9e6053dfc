package audit

import "testing"

func TestWholeRunes(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "ä": "ä", "\xc3": "", "a\xc3": "a", "\xe2\x82": "", "a€": "a€", "€\xf0\x9f\x98": "€", "😀": "😀", "a\xf0": "a",
	} {
		if got := string(wholeRunes([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
