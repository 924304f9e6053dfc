package hookward

import (
	"encoding/base64"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/redact"
)

// notePayload records the body as the option audit.payload says, where that is
// anything but its hash alone.
func notePayload(r *auditRecord, a *audit, d *decision) {
	if a.payload == payloadNone {
		r.BodyHash = ""
		return
	}
	if len(d.body) == 0 || !d.passes && !d.duplicate && !a.refusedPayload {
		return
	}
	if a.payload == payloadRedacted {
		noteRedacted(r, a, d)
		return
	}
	body, looked := d.body, d.body
	if len(looked) > a.maxPayload+maxLookedAt {
		looked = looked[:a.maxPayload+maxLookedAt]
	}
	r.Truncated = len(body) > a.maxPayload || !d.bodyWhole
	if len(body) > a.maxPayload {
		body = wholeRunes(body[:a.maxPayload])
	}
	switch {
	case hasSecret(a, string(looked)):
		r.Truncated = true // and nothing of it is left
	case utf8.Valid(d.body):
		r.BodyContent = string(body)
	default:
		r.BodyBase64 = base64.StdEncoding.EncodeToString(body)
	}
}

// noteRedacted records what may be kept of a body. What can't be read, or was not
// read whole, has nothing but its hash.
func noteRedacted(r *auditRecord, a *audit, d *decision) {
	text, truncated, ok := "", true, false
	if d.bodyWhole {
		text, truncated, ok = redact.Body(a.rules, d.body, saysForm(d.contentType), a.maxPayload)
	}
	r.Truncated = truncated || !ok
	if ok && !hasSecret(a, text) {
		r.BodyContent = text
	}
}

// noRules are those of a gate without a policy: the built-in names.
func noRules() *redact.Rules {
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

// keepHeaders notes the headers that are to be recorded: what comes after the
// gate may change them.
func keepHeaders(a *audit, r *http.Request, d *decision) {
	d.recorded = map[string]string{}
	for _, name := range a.headers {
		values := r.Header[name]
		if len(values) > 0 {
			d.recorded[name] = values[0]
		}
	}
}
