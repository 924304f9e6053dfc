package audit

import (
	"net/http"
	"sort"
	"strconv"

	"github.com/hookward/hookward/internal/redact"
)

// maxShown bounds how many headers of a request are shown.
const maxShown = 64

// Headers returns the headers of a request for people to look at: name, value, name, value,
// in the order of their names. What the request was verified by has no value there, nor what
// has the name of a secret, or a secret of the gate in it.
func Headers(a *Settings, verified map[string]bool, h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	if len(names) > maxShown {
		names = names[:maxShown]
	}
	shown := make([]string, 0, 2*len(names))
	for _, name := range names {
		for _, value := range h[name] {
			if verified[name] || redact.SensitiveName(name) {
				value = "masked, " + strconv.Itoa(len(value)) + " bytes"
			}
			shown = append(shown, recordable(a, name, maxRecordedShort), recordable(a, value, maxRecordedShort))
		}
	}
	return shown
}
