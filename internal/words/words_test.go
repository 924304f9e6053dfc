package words

import "testing"

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
