package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
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
	// maxLookedAt is how far a text is looked at beyond what is recorded of it: a
	// secret that is cut in two is one, too.
	maxLookedAt = 4000
)

// MaxHarmless bounds the texts of a request that are not looked at one by one: none
// of them can be too long then.
const MaxHarmless = maxRecordedShort

// Encode returns a record as a line, with its newline, or nil.
func Encode(r *Record, a *Settings) []byte {
	makeRecordable(r, a)
	own := NewScratch()
	if own.Encoder.Encode(r) != nil {
		return nil
	}
	line := own.Buffer.Bytes()
	if r.BodyContent != "" && utf8.RuneCount(line) != len(line) {
		return []byte(invisible.Replace(string(line)))
	}
	return line
}

// Scratch is what a worker keeps from one record to the next.
type Scratch struct {
	Buffer  *bytes.Buffer
	Encoder *json.Encoder
}

// NewScratch returns an encoder of records and its buffer. Signs of HTML stay as they
// are: escaped, they would be six bytes each.
func NewScratch() *Scratch {
	buffer := &bytes.Buffer{}
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	return &Scratch{Buffer: buffer, Encoder: encoder}
}

// invisible escapes, in a payload, what a terminal obeys or what turns the text
// around: C1 controls, marks of direction, and the byte order mark.
var invisible = func() *strings.Replacer {
	pairs := []string{}
	for _, area := range [][2]rune{{0x7f, 0x9f}, {0x061c, 0x061c}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff}} {
		for c := area[0]; c <= area[1]; c++ {
			pairs = append(pairs, string(c), fmt.Sprintf(`\u%04x`, c))
		}
	}
	return strings.NewReplacer(pairs...)
}()

// makeRecordable makes the texts of strangers fit for a record.
func makeRecordable(r *Record, a *Settings) {
	r.Method = recordable(a, r.Method, maxRecordedShort)
	r.Host = recordable(a, r.Host, maxRecordedShort)
	r.Path = recordable(a, r.Path, maxRecordedLong)
	r.DeliveryID = recordable(a, r.DeliveryID, maxRecordedShort)
	r.EventType = recordable(a, r.EventType, maxRecordedShort)
	r.MediaType = recordable(a, r.MediaType, maxRecordedShort)
	if r.TokenAlgorithm != "" {
		r.TokenAlgorithm = recordable(a, r.TokenAlgorithm, maxRecordedShort)
		r.TokenKeyID = recordable(a, r.TokenKeyID, maxRecordedShort)
		r.TokenIssuer = recordable(a, r.TokenIssuer, maxRecordedShort)
		r.TokenSubject = recordable(a, r.TokenSubject, maxRecordedShort)
	}
	if r.ClientSubject != "" {
		r.ClientSubject = recordable(a, r.ClientSubject, maxRecordedShort)
	}
	if r.SignatureKeyID != "" {
		r.SignatureKeyID = recordable(a, r.SignatureKeyID, maxRecordedShort)
	}
	if r.Query != "" {
		r.Query = recordable(a, redact.Query(a.Rules, r.Query, maxRecordedLong), maxRecordedLong)
	}
	if r.Headers != nil {
		// Another map: the exchange's may be described once more.
		headers := map[string]string{}
		for name, value := range r.Headers {
			headers[name] = recordable(a, value, maxRecordedShort)
		}
		r.Headers = headers
	}
}

// Showable returns a text that a stranger has chosen as it is, for a page that makes text of
// it: at most 250 bytes of it, and nothing where it has one of the gate's secrets in it.
func Showable(a *Settings, text string) string {
	if len(text) > maxRecordedShort+maxLookedAt {
		text = text[:maxRecordedShort+maxLookedAt]
	}
	if HasSecret(a, text) {
		return redacted
	}
	if len(text) > maxRecordedShort {
		text = string(wholeRunes([]byte(text[:maxRecordedShort]))) + "..."
	}
	return text
}

// recordable returns a text with anything but printable ASCII escaped as in Go,
// cut off where it is too long, and without any of the gate's secrets.
func recordable(a *Settings, text string, most int) string {
	if len(text) > most+maxLookedAt {
		text = text[:most+maxLookedAt]
	}
	if HasSecret(a, text) {
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

// HostOf returns a host without its port, be it a name or an address.
func HostOf(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport
	}
	return host
}
