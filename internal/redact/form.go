package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// bare is a field without a value that says nothing but its name.
var bare = regexp.MustCompile(`^[A-Za-z_-]{1,20}$`)

// notName is what no form has in the name of a field, and what JSON or XML has
// that was sent as one.
var notName = regexp.MustCompile(`[\x00-\x1f\x7f{}<>"]`)

// webToken is what a JSON Web Token begins with, and other JSON in base64: `{"`.
var webToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8}`)

// opensField has what a document may begin with as the value of a field.
var opensField = [256]bool{'{': true, '[': true, ' ': true, '"': true, '+': true, '%': true, 0xef: true}

// renderPairs returns a rendition of a form or a query, or of the beginning of one.
// Its encoding is known to be well-formed. Fields that nothing is redacted of stay
// as they are written. The second result is false for what is no form.
func renderPairs(r *Rules, m *memory, text string, cut bool, kind string) (string, bool) {
	pairs := strings.Split(text, "&")
	if cut {
		pairs = pairs[:len(pairs)-1] // the last one may go on
	}
	every := webToken.MatchString(decoded(text)) || len(r.patterns) > 0 || linkQuery.MatchString(text)
	for i, pair := range pairs {
		if pair == "" {
			continue
		}
		written, value, has := strings.Cut(pair, "=")
		class := m.classes[kind+written]
		if class == "" {
			class = classifyField(r, m, kind, written)
		}
		if class == noName {
			return "", false
		}
		if !has {
			if !bare.MatchString(written) {
				pairs[i] = Marker
			}
		} else if class != plainName || every || len(r.starts) > 0 || value != "" && opensField[value[0]] {
			pairs[i] = renderPair(r, m, kind, class, written, value)
		}
	}
	return strings.Join(pairs, "&"), true
}

// The names of fields are remembered with one of these before them.
const (
	kindForm  = "\x00"
	kindQuery = "\x0e"
)

// classifyField returns the class of a field's name, as it is written.
func classifyField(r *Rules, m *memory, kind, written string) string {
	name := decoded(written)
	class := classOf(r, name)
	if notName.MatchString(name) {
		class = noName
	} else if r.fields[name] || kind == kindQuery && queryNames[fold(name)] {
		class = secretName
	}
	return remember(m, kind+written, class)
}

// renderPair returns a rendition of one field.
func renderPair(r *Rules, m *memory, kind, class, written, value string) string {
	shown := written
	name := decoded(written)
	name, changed := mask(r.patterns, name, linkSecrets(r, m, name))
	if changed {
		shown = encodeValue(name)
	}
	if class == secretName {
		return shown + "=" + Marker
	}
	set := startOf(r, m)
	if set != nowhere && follow(r, m, set, class) == hit {
		return shown + "=" + Marker
	}
	text := decoded(value)
	if kind == kindQuery && webToken.MatchString(text) {
		return shown + "=" + Marker
	}
	text, changed = renderText(r, m, r.all, text, 0)
	if changed {
		value = encodeValue(text)
	}
	return shown + "=" + value
}

// decoded returns a text that is urlencoded and known to be well-formed.
func decoded(written string) string {
	if !strings.ContainsAny(written, "%+") {
		return written
	}
	text, err := url.QueryUnescape(written)
	if err != nil {
		return Marker // can't be
	}
	return text
}

// encodeValue encodes a text for a form, but for the marker, which stays readable.
func encodeValue(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), url.QueryEscape(Marker), Marker)
}
