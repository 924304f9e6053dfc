package words

import (
	"regexp"
	"testing"
)

// A text with any other byte is another text, wherever that stands.
func TestOnly(t *testing.T) {
	visible := Only('!', '~', "\"%")
	for c := 0; c < 256; c++ {
		text := "a" + string([]byte{byte(c)}) + "b"
		want := c > ' ' && c < 0x7f && c != '"' && c != '%'
		if (visible.Replace(text) == text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
	if visible.Replace("") != "" {
		t.Error("nothing has become something")
	}
}

// Each is another one, or sessions and processes would be mistaken for each other.
func TestRandomHex(t *testing.T) {
	seen := map[string]bool{}
	for i := 0; i < 100; i++ {
		text := RandomHex(8)
		if !regexp.MustCompile("^[0-9a-f]{16}$").MatchString(text) || seen[text] {
			t.Errorf("%q", text)
		}
		seen[text] = true
	}
}
