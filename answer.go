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
func compileAnswer(h *handshake, o HandshakeOptions, wrong func(string)) {
	names := []string{"challenge", "sender"}
	if o.Digest != "" {
		names = append(names, "hex", "base64")
	}
	h.answer = answerTemplate(o.Answer, "answer", names, wrong)
	for i, line := range o.AnswerHeaders {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !isHeaderName(name) {
			wrong(fmt.Sprintf("answerHeaders[%d]: %s is not a header, as Name: value", i, quote(line)))
		}
		h.headers = append(h.headers, answerHeader{name: name, value: answerTemplate(value, fmt.Sprintf("answerHeaders[%d]", i), names, wrong)})
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
		wrong("status: must be from 200 to 299")
	}
}

// answerTemplate compiles a text with placeholders of some names.
func answerTemplate(text, option string, names []string, wrong func(string)) []piece {
	pieces, problem := splitTemplate(text)
	if problem != "" {
		wrong(option + ": " + problem)
	}
	for _, p := range pieces {
		if p.placeholder != "" && !contains(names, p.placeholder) {
			wrong(option + ": {" + p.placeholder + "} can't stand here; allowed: {" + strings.Join(names, "}, {") + "}")
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
