package hookward

import (
	"net/http"
)

// answer is what the gate says in its own name.
type answer struct {
	status      int
	contentType string
	headers     [][2]string
	body        string
}

// fill puts values into a template.
func fill(pieces []piece, values map[string]string) string {
	text := ""
	for i := range pieces {
		if pieces[i].placeholder == "" {
			text += pieces[i].literal
		} else {
			text += values[pieces[i].placeholder]
		}
	}
	return text
}

// writeAnswer says what the gate has to say in its own name: bounded, of known
// letters, never kept by a cache, and never taken for anything but what it is.
func writeAnswer(rw http.ResponseWriter, r *http.Request, d *decision) {
	a := d.answer
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	if a.contentType != "" {
		header["Content-Type"] = []string{a.contentType}
	}
	for _, h := range a.headers {
		header[h[0]] = []string{h[1]}
	}
	closeUnread(header, r, d)
	d.status = a.status
	rw.WriteHeader(a.status)
	if a.body != "" && d.method != http.MethodHead {
		_, _ = rw.Write([]byte(a.body))
	}
}
