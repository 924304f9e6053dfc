package hookward

import (
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

// controls are what a terminal obeys.
const controls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

// needsCare says whether a record has a text that can't stand there as it came.
// One look at all of them: nearly always they are harmless, and then this is
// cheap.
func needsCare(r *auditRecord, d *decision) bool {
	if r.Query != "" || r.Headers != nil {
		return true
	}
	unfit := plainAudit.unfit
	if d.policy != nil {
		unfit = d.policy.audit.unfit
	}
	text := r.Method + r.Host + r.Path + r.DeliveryID + r.EventType + r.MediaType
	return len(text) > maxRecordedShort || utf8.RuneCountInString(text) != len(text) || unfit.Replace(text) != text
}

// unfitFor returns what replaces something in a text that has control characters,
// or one of some secrets: one call, where interpreted code would need one for
// each of them.
func unfitFor(secrets []string) *strings.Replacer {
	pairs := []string{}
	for _, text := range append(strings.Split(controls, ""), secrets...) {
		pairs = append(pairs, text, "")
	}
	return strings.NewReplacer(pairs...)
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
func makeRecordable(r *auditRecord, d *decision) {
	a := plainAudit
	if d.policy != nil {
		a = d.policy.audit
	}
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
