package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strings"
)

const (
	maxHeadBytes = 1 << 20
	maxHeaders   = 1000
)

// Raw reads a request as it is on the wire with HTTP/1.1 (RFC 9112), with CRLF or LF
// at the ends of its lines, or with the pseudo-headers of HTTP/2 (RFC 9113, 8.3.1) in
// the place of the request line, as browsers show it. What people paste is put into that
// form, and an event of an API Gateway read as what it was made of.
func Raw(text []byte) (*Request, error) {
	text = bytes.TrimPrefix(bytes.TrimLeft(text, "\r\n"), []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return fromEvent(text)
	}
	text, notes := asSent(text)
	r, err := fromWire(text)
	if err == nil {
		r.Notes = append(notes, r.Notes...)
	}
	return r, err
}

// fromWire reads the bytes from the wire.
func fromWire(text []byte) (*Request, error) {
	head, body := splitHead(text)
	if len(head) > maxHeadBytes {
		return nil, fmt.Errorf("the head has more than %d bytes", maxHeadBytes)
	}
	lines := strings.Split(strings.ReplaceAll(head, "\r\n", "\n"), "\n")
	if lines[0] == "" {
		return nil, errors.New("there is nothing")
	}
	if len(lines) > maxHeaders {
		return nil, fmt.Errorf("there are more than %d headers", maxHeaders)
	}
	if strings.HasPrefix(lines[0], "HTTP/") {
		return nil, errors.New("it is an answer, and no request: it begins with " + fmt.Sprintf("%.20q", lines[0]))
	}
	r, rest, err := requestLine(lines)
	if err != nil {
		return nil, err
	}
	host := r.Host
	for i, line := range rest {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			return nil, fmt.Errorf("line %d is no header, as Name: value", len(lines)-len(rest)+i+1)
		}
		err = r.addHeader(name, value)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(lines)-len(rest)+i+1, err)
		}
	}
	if host != "" {
		r.Host = host // which goes before the header: RFC 9112, 3.2.2; RFC 9113, 8.3.1
	}
	r.Body = body
	err = r.measure()
	if err != nil {
		return nil, err
	}
	coding, isCoded := r.Header["Transfer-Encoding"]
	r.dropHops()
	switch {
	case isCoded && !strings.EqualFold(strings.Join(coding, ","), "chunked"):
		return nil, fmt.Errorf("Transfer-Encoding is %q; known is chunked, and a server answers 501 to others", cut(strings.Join(coding, ", ")))
	case isCoded:
		r.unchunk()
		return r, nil
	}
	r.fit()
	if r.Declared < 0 && bytes.HasSuffix(body, []byte("\n")) {
		r.note("the body ends in a newline, which an editor may have added; there is no Content-Length to tell")
	}
	return r, nil
}

// splitHead cuts at the first empty line.
func splitHead(text []byte) (string, []byte) {
	end, length := bytes.Index(text, []byte("\n\n")), len("\n\n")
	crlf := bytes.Index(text, []byte("\n\r\n"))
	if crlf >= 0 && (end < 0 || crlf < end) {
		end = crlf
		length = len("\n\r\n")
	}
	if end < 0 {
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	return strings.TrimSuffix(string(text[:end]), "\r"), text[end+length:]
}

// requestLine reads what a request begins with, and returns the lines that follow.
func requestLine(lines []string) (*Request, []string, error) {
	if !strings.HasPrefix(lines[0], ":") {
		words := strings.Split(strings.TrimRight(lines[0], " "), " ")
		if len(words) != 2 && len(words) != 3 || len(words) == 3 && !strings.HasPrefix(words[2], "HTTP/") {
			return nil, nil, errors.New("the first line is not as POST /path HTTP/1.1")
		}
		r, err := newRequest(words[0], words[1])
		if err != nil {
			err = fmt.Errorf("the first line is not as POST /path HTTP/1.1: %w", err)
		}
		return r, lines[1:], err
	}
	pseudo := map[string]string{}
	rest := []string{}
	for _, line := range lines {
		if !strings.HasPrefix(line, ":") {
			rest = append(rest, line)
			continue
		}
		name, value, _ := strings.Cut(line[1:], ":")
		pseudo[name] = strings.TrimSpace(value)
	}
	r, err := newRequest(pseudo["method"], pseudo["path"])
	if err != nil {
		return nil, nil, fmt.Errorf("the pseudo-headers :method and :path: %w", err)
	}
	r.Scheme = pseudo["scheme"]
	r.Host = pseudo["authority"]
	return r, rest, nil
}

// unchunk takes the chunks (RFC 9112, 7.1) from the body, as a server does.
func (r *Request) unchunk() {
	body, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(r.Body)))
	if err != nil {
		r.note("Transfer-Encoding says chunked, but the body is not in chunks; it is taken as it is")
		return
	}
	r.Body = body
	r.Declared = -1
}
