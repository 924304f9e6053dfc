package audit

import (
	"mime"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/redact"
)

// NoRules are those of a gate without a policy: the built-in names.
func NoRules() *redact.Rules {
	rules, _ := redact.Compile(nil, nil, nil)
	return rules
}

// SaysForm says whether a content type is that of a form, in whatever charset.
func SaysForm(types []string) bool {
	if len(types) != 1 {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(types[0])
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// WholeRunes leaves out a rune at the end that was cut in two.
func WholeRunes(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		last := text[len(text)-i:]
		if utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-i]
			}
			return text
		}
	}
	return text
}
