package hookward

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/redact"
)

// A record has texts that strangers choose. They are bounded, and made of nothing
// but printable ASCII: a record is one line, stays below 16 KiB, and does nothing
// to the terminal that it is read in.
const (
	maxRecordedLong  = 1000 // of path and query, in bytes
	maxRecordedShort = 250  // of the other texts
	// redacted stands where something must not be recorded.
	redacted = "[REDACTED]"
)

// encode returns a record as a line, with its newline, or nil.
func encode(r *auditRecord, a *audit) []byte {
	if r.Query == "" && r.Headers == nil {
		line, err := json.Marshal(r)
		if err == nil && isHarmless(a, line) {
			return append(line, '\n')
		}
	}
	makeRecordable(r, a)
	line, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	return append(line, '\n')
}

// maxHarmless is about what a record has that has neither long texts nor a payload.
const maxHarmless = 1500

// isHarmless says whether a record can stay as it is. One look at all of its texts,
// and nearly always they are: no escape, nothing but printable ASCII, and no
// secret. A payload is another matter, and never comes this way unharmed.
func isHarmless(a *audit, line []byte) bool {
	if len(line) > maxHarmless || bytes.IndexByte(line, '\\') >= 0 || utf8.RuneCount(line) != len(line) || bytes.IndexByte(line, 0x7f) >= 0 {
		return false
	}
	for i := range a.forms {
		if bytes.Contains(line, a.forms[i]) {
			return false
		}
	}
	return true
}

// hasSecret says whether a text has a secret of the gate's in it.
func hasSecret(a *audit, text string) bool {
	for _, form := range a.secrets {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// makeRecordable makes the texts of strangers fit for a record.
func makeRecordable(r *auditRecord, a *audit) {
	r.Method = recordable(a, r.Method, maxRecordedShort)
	r.Host = recordable(a, r.Host, maxRecordedShort)
	r.Path = recordable(a, r.Path, maxRecordedLong)
	r.DeliveryID = recordable(a, r.DeliveryID, maxRecordedShort)
	r.EventType = recordable(a, r.EventType, maxRecordedShort)
	r.MediaType = recordable(a, r.MediaType, maxRecordedShort)
	if r.Query != "" {
		r.Query = recordable(a, redact.Query(a.rules, r.Query, maxRecordedLong), maxRecordedLong)
	}
	for name, value := range r.Headers {
		r.Headers[name] = recordable(a, value, maxRecordedShort)
	}
}

// recordable returns a text with anything but printable ASCII escaped as in Go,
// cut off where it is too long, and without any of the gate's secrets.
func recordable(a *audit, text string, most int) string {
	if hasSecret(a, text) || hasSecret(a, unescaped(text)) {
		return redacted
	}
	if len(text) > most {
		text = text[:most]
	}
	quoted := strconv.QuoteToASCII(text)
	quoted = quoted[1 : len(quoted)-1]
	if len(quoted) > most {
		quoted = quoted[:most-3] + "..."
	}
	return quoted
}

// unescaped returns a text of a URL as it is meant.
func unescaped(text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
