package hookward

import (
	"fmt"
	"net/http"
	"strings"
)

// answerHeader is a header of an answer.
type answerHeader struct {
	name  string
	value []piece
}

// answer is what the gate says in its own name.
type answer struct {
	status      int
	contentType string
	headers     [][2]string
	body        string
}

// compileAnswer compiles what is said.
func compileAnswer(n *notes, h *handshake, o HandshakeOptions, path string) {
	names := []string{"challenge", "sender"}
	if o.Digest != "" {
		names = append(names, "hex", "base64")
	}
	h.answer = answerTemplate(n, o.Answer, path+".answer", names)
	for i, line := range o.AnswerHeaders {
		at := fmt.Sprintf("%s.answerHeaders[%d]", path, i)
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !isHeaderName(name) {
			addProblem(n, at, kindInvalid, quote(line)+" is not a header, as Name: value")
		}
		h.headers = append(h.headers, answerHeader{name: name, value: answerTemplate(n, value, at, names)})
	}
	h.contentType = o.ContentType
	if h.contentType == "" && o.Answer != "" {
		h.contentType = "text/plain; charset=utf-8"
		if strings.HasPrefix(o.Answer, "{{") {
			h.contentType = "application/json"
		}
	}
	if h.status == 0 {
		h.status = http.StatusOK
	}
	if h.status < 200 || h.status > 299 {
		addProblem(n, path+".status", kindInvalid, "must be from 200 to 299")
	}
}

// answerTemplate compiles a text with placeholders of some names.
func answerTemplate(n *notes, text, path string, names []string) []piece {
	pieces, problem := splitTemplate(text)
	if problem != "" {
		addProblem(n, path, kindInvalid, problem)
	}
	for _, p := range pieces {
		if p.placeholder != "" && !contains(names, p.placeholder) {
			addProblem(n, path, kindInvalid, "{"+p.placeholder+"} can't stand here; allowed: {"+strings.Join(names, "}, {")+"}")
		}
	}
	return pieces
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
