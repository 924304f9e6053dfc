// Package capture reads requests as people have them: the bytes from the wire, a
// browser's HAR, a copied curl command. It is for the command, and not for the gate.
package capture

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// MaxBytes bounds what is read of a capture.
const MaxBytes = 128 << 20

// Request is a request as it was captured.
type Request struct {
	Method string
	Target string // path and query, as they were sent
	Scheme string // where the capture tells it; else empty
	Host   string
	Header http.Header // names are canonical, as a server has them; without Host
	Body   []byte
	// Declared is the Content-Length, or -1 where the capture has none: less, or more
	// than there is of the body where that was cut off, or edited.
	Declared int64
	// Notes are what whoever judges by the capture should know.
	Notes []string

	hosts int // how many Host headers there are
}

// newRequest returns a request with a target, which may be a whole URL.
func newRequest(method, target string) (*Request, error) {
	r := &Request{Method: method, Target: target, Header: http.Header{}, Declared: -1}
	if !strings.HasPrefix(target, "/") && target != "*" {
		u, err := url.Parse(target)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%q is not a path, nor a URL of http or https", target)
		}
		r.Scheme = u.Scheme
		r.Host = u.Host
		r.Target = u.RequestURI()
	}
	_, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return nil, fmt.Errorf("%q is not a path that a server takes", target)
	}
	if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") != "" {
		return nil, fmt.Errorf("%q is not a method", method)
	}
	return r, nil
}

// HTTP returns the request as a server would hand it to a handler, without its body
// and without a peer.
func (r *Request) HTTP() *http.Request {
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		u = &url.URL{Path: "/"} // newRequest has seen to that
	}
	return &http.Request{Method: r.Method, URL: u, RequestURI: r.Target, Host: r.Host, Header: r.Header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}

// addHeader adds a header line. Host and pseudo-headers become what they stand for.
func (r *Request) addHeader(name, value string) error {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f }) || strings.ContainsAny(name, "\"(),/:;<=>?@[\\]{}") {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' && value[i] != '\t' || value[i] == 0x7f {
			return fmt.Errorf("the header %s has a control character", name)
		}
	}
	value = strings.Trim(value, " \t")
	if strings.EqualFold(name, "Host") {
		r.hosts++
		if r.hosts > 1 {
			return errors.New("there are two Host headers; a server answers 400 to that")
		}
		r.Host = value
		return nil
	}
	name = http.CanonicalHeaderKey(name)
	r.Header[name] = append(r.Header[name], value)
	return nil
}

// finished returns a request all of which was read, as it comes to the gate, or says what is
// wrong with it.
func (r *Request) finished() (*Request, error) {
	err := r.measure()
	if err != nil {
		return nil, err
	}
	r.dropHops()
	r.fit()
	return r, nil
}

// measure takes the Content-Length for what it says of the body.
func (r *Request) measure() error {
	values := r.Header["Content-Length"]
	if len(values) == 0 {
		return nil
	}
	for _, other := range values[1:] {
		if other != values[0] {
			return fmt.Errorf("Content-Length is %q, and %q too; a server answers 400 to that", values[0], other)
		}
	}
	n, err := strconv.ParseUint(values[0], 10, 63)
	if err != nil {
		return fmt.Errorf("Content-Length is %q, which is no length", values[0])
	}
	r.Declared = int64(n)
	return nil
}

// SetBody gives the request a body, in the place of what the capture has.
func (r *Request) SetBody(d Data, read func(name string) ([]byte, error)) error {
	r.Body = []byte(d.Text)
	if d.File != "" {
		text, err := read(d.File)
		if err != nil {
			return err
		}
		r.Body = text
	}
	r.Notes = nil // of the body, and of what it lacks
	r.fit()
	return nil
}

// fit makes the body as long as Content-Length says, as a server reads it: what
// follows a body is no part of it.
func (r *Request) fit() {
	present := int64(len(r.Body))
	switch {
	case r.Declared < 0 || r.Declared == present:
	case r.Declared < present && strings.Trim(string(r.Body[r.Declared:]), "\r\n") == "":
		r.Body = r.Body[:r.Declared]
		r.note("the newline at the end of the capture is left out: Content-Length is " + strconv.FormatInt(r.Declared, 10))
	case r.Declared < present && nextRequest.Match(r.Body[r.Declared:]):
		r.Body = r.Body[:r.Declared]
		r.note("another request follows in the capture, and is left out")
	case r.Declared < present:
		r.note(fmt.Sprintf("the body is longer than Content-Length: %d bytes, where it says %d; all of them are taken", present, r.Declared))
	default:
		r.note(fmt.Sprintf("the body is shorter than Content-Length: %d bytes, where it says %d; the capture is cut off, or was edited", present, r.Declared))
	}
}

// nextRequest is what the next request on a connection begins with.
var nextRequest = regexp.MustCompile(`^[\r\n]*[A-Z]{3,16} [^ ]+ HTTP/1\.[01]\r?\n`)

func (r *Request) note(text string) {
	r.Notes = append(r.Notes, text)
}
