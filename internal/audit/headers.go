package audit

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/hookward/hookward/internal/redact"
	"github.com/hookward/hookward/internal/words"
)

// maxShown bounds how many lines of a request's headers are shown.
const maxShown = 64

// plainNames are headers whose values are never secrets, whatever the gate is for.
var plainNames = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "Connection": true,
	"Content-Encoding": true, "Content-Length": true, "Content-Type": true, "Date": true,
	"User-Agent": true, "X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Port": true,
	"X-Forwarded-Proto": true, "X-Forwarded-Server": true, "X-Real-Ip": true,
}

// Headers returns the first lines of a request's headers, as http.Header writes them, for
// people to look at: name, value, name, value. Secrets have no value there: see hidesValue. A
// gate that can't tell by which headers it verifies gives nil for their names. Known are values
// that stand in the record, and need not be hidden.
func Headers(a *Settings, verified map[string]bool, text string, known ...string) []string {
	shown := []string{}
	for len(shown) < 2*maxShown {
		line, rest, whole := strings.Cut(text, "\r\n")
		if !whole { // the last one may be cut
			break
		}
		text = rest
		name, value, _ := strings.Cut(line, ": ")
		if (value == "" || !words.Contains(known, value)) && hidesValue(verified, name, value) {
			value = "masked, " + strconv.Itoa(len(value)) + " bytes"
		} else if query := strings.IndexByte(value, '?'); query >= 0 && strings.IndexByte(value, '/') >= 0 {
			value = value[:query+1] + redacted // of an address, as in Referer
		}
		shown = append(shown, recordable(a, name, maxRecordedShort), recordable(a, value, maxRecordedShort))
	}
	return shown
}

// hidesValue says whether the value of a header may be a secret: the request was verified by
// it, its name says so, it looks like a JSON Web Token, or nobody can tell.
func hidesValue(verified map[string]bool, name, value string) bool {
	if verified == nil {
		return !plainNames[name]
	}
	return verified[name] || redact.SensitiveName(name) || strings.Contains(value, "eyJ")
}

// Recorded returns the headers that are to be recorded: what comes after the gate may
// change them.
func Recorded(a *Settings, header http.Header) map[string]string {
	recorded := map[string]string{}
	for _, name := range a.Headers {
		values := header[name]
		if len(values) > 0 {
			recorded[name] = values[0]
		}
	}
	return recorded
}
