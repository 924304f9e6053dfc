package audit

import (
	"fmt"
	"strings"
)

// HasSecret says whether a text has a secret of the gate's in it, be it written as
// it is, in other case, or escaped as in a URL or in JSON, up to twice.
func HasSecret(a *Settings, text string) bool {
	for turn := 0; ; turn++ {
		text = strings.ToLower(text)
		for _, form := range a.Secrets {
			if strings.Contains(text, form) {
				return true
			}
		}
		if turn == 2 || !strings.ContainsAny(text, "%\\") {
			return false
		}
		text = escapesOfText.Replace(text)
	}
}

// NewRevealed returns what takes out of a text in lower case the forms of secrets, and each
// byte that is to be escaped, or by which a secret may be hidden: all but printable ASCII,
// and the signs of escapes. What is as long as before may be recorded as it is.
func NewRevealed(forms []string) *strings.Replacer {
	pairs := []string{}
	for c := 0; c < 256; c++ {
		if c < ' ' || c > '~' || c == '"' || c == '%' || c == '\\' {
			pairs = append(pairs, string([]byte{byte(c)}), "")
		}
	}
	for _, form := range forms {
		pairs = append(pairs, form, "")
	}
	return strings.NewReplacer(pairs...)
}

// escapesOfText undoes the escapes of a text in lower case: percent signs with two
// digits, and those of JSON.
var escapesOfText = func() *strings.Replacer {
	pairs := []string{`\\`, `\`, `\/`, "/", `\"`, `"`}
	for c := 0x20; c < 0x7f; c++ {
		pairs = append(pairs, fmt.Sprintf("%%%02x", c), string(rune(c)), fmt.Sprintf(`\u%04x`, c), string(rune(c)))
	}
	return strings.NewReplacer(pairs...)
}()
