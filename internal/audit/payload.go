package audit

import (
	"encoding/base64"
	"mime"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/redact"
)

// NoRules are those of a gate without a policy: the built-in names.
func NoRules() *redact.Rules {
	rules, _ := redact.Compile(nil, nil, nil)
	return rules
}

// saysForm says whether a content type is that of a form, in whatever charset.
func saysForm(types []string) bool {
	if len(types) != 1 {
		return false
	}
	mediaType, _, err := mime.ParseMediaType(types[0])
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// wholeRunes leaves out a rune at the end that was cut in two.
func wholeRunes(text []byte) []byte {
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

// NotePayload records a body as the option audit.payload says, where that is anything
// but its hash alone. Of one that is encoded nobody sees whether there is a secret in it.
func NotePayload(r *Record, a *Settings, body []byte, whole bool, contentType []string, encoded, verified bool) {
	if a.Payload == PayloadNone {
		r.BodyHash = ""
		return
	}
	if len(body) == 0 || !verified && !a.RefusedPayload {
		return
	}
	if a.Payload == PayloadRedacted {
		noteRedacted(r, a, body, whole, contentType)
		return
	}
	if encoded {
		r.Truncated = true // and nothing of it is left
		return
	}
	kept, looked := body, body
	if len(looked) > a.MaxPayload+maxLookedAt {
		looked = looked[:a.MaxPayload+maxLookedAt]
	}
	r.Truncated = len(body) > a.MaxPayload || !whole
	if len(body) > a.MaxPayload {
		kept = wholeRunes(body[:a.MaxPayload])
	}
	switch {
	case HasSecret(a, string(looked)):
		r.Truncated = true
	case utf8.Valid(body):
		r.BodyContent = string(kept)
	default:
		r.BodyBase64 = base64.StdEncoding.EncodeToString(kept)
	}
}

// noteRedacted records what may be kept of a body. What can't be read, or was not
// read whole, has nothing but its hash.
func noteRedacted(r *Record, a *Settings, body []byte, whole bool, contentType []string) {
	text, truncated, ok := "", true, false
	if whole {
		text, truncated, ok = redact.Body(a.Rules, body, saysForm(contentType), a.MaxPayload)
	}
	r.Truncated = truncated || !ok
	if ok && !HasSecret(a, text) {
		r.BodyContent = text
	}
}
