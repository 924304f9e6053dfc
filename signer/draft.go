package signer

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/hookward/hookward/internal/message"
)

// draft is a delivery while it is being written.
type draft struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	given  bool // the body is the caller's
	// multipart says that a body of ours is a form in multipart/form-data.
	multipart bool
	id        string
	event     string
	time      time.Time
	forged    bool
	// stampAt is the path of the timestamp, which is a number where it is new.
	stampAt string
	reason  string // why the gate would refuse it
	whole   bool   // all of it could be written
}

const (
	jsonType      = "application/json"
	formMediaType = "application/x-www-form-urlencoded"
)

// newDraft copies a delivery.
func newDraft(d Delivery, u *url.URL) *draft {
	own := *u
	if own.Path == "" {
		own.Path = "/"
	}
	own.Fragment = ""
	w := &draft{method: d.Method, url: &own, header: d.Header.Clone(), body: bytes.Clone(d.Body), given: d.Body != nil,
		id: d.ID, event: d.Event, time: d.Time, forged: d.Forged}
	if w.header == nil {
		w.header = http.Header{}
	}
	return w
}

// beginBody gives the draft a body where it has none, and the body its type. A
// scheme may need a form, and of that one field only.
func (w *draft) beginBody(form bool, only string) {
	mediaType := jsonType
	switch {
	case w.multipart && !w.given:
		w.body = newParts("test", "a delivery to try a gate")
		mediaType = multipartType
	case !w.given && form:
		w.body = []byte{}
		if only == "" {
			w.body = []byte("test=a+delivery+to+try+a+gate&id=" + url.QueryEscape(w.unique()))
		}
		mediaType = formMediaType
	case !w.given:
		id, _ := json.Marshal(w.unique()) // a string has no error
		w.body = []byte(`{"id":` + string(id) + `,"test":"a delivery to try a gate"}`)
	case len(w.header["Content-Type"]) > 0:
		return
	case json.Valid(w.body) && form && only != "":
		// The document is what the sender puts into the one field.
		w.body = []byte(url.Values{only: {string(w.body)}}.Encode())
		mediaType = formMediaType
	case json.Valid(w.body):
	case form:
		mediaType = formMediaType
	default:
		mediaType = "text/plain"
	}
	w.header["Content-Type"] = []string{mediaType}
}

// unique returns what no other delivery has: the id, or where there is none, a new one.
func (w *draft) unique() string {
	if w.id != "" {
		return w.id
	}
	return NewID()
}

// at returns the text at a location, below an item of a batch if there is one.
func (w *draft) at(p *message.Location, item any) string {
	m := w.message()
	m.Item = item
	return message.TextAt(p, m)
}

// put writes a text to a location, and says whether there is such a location.
func (w *draft) put(p *message.Location, text string) bool {
	switch p.Kind {
	case "header":
		w.header[p.Name] = []string{text}
	case "query":
		w.url.RawQuery = putField(w.url.RawQuery, p.Name, text)
	case "form":
		if !message.IsForm(w.message()) {
			return false
		}
		w.body = []byte(putField(string(w.body), p.Name, text))
	case "multipart":
		body, ok := putPart(w.message(), p.Name, text)
		if !ok {
			return false
		}
		w.body = body
	case "json":
		body, ok := putJSON(w.body, p.Path, scalar{text: text, number: p.Name == w.stampAt})
		if !ok {
			return false
		}
		w.body = body
	default:
		return false
	}
	return true
}

// need writes a text to a location where there is none yet.
func (w *draft) need(p *message.Location, text string) bool {
	return w.at(p, nil) != "" || w.put(p, text)
}

// putField sets a field of a query or a form, and leaves the others as they are
// written.
func putField(encoded, name, text string) string {
	field := url.QueryEscape(name) + "=" + url.QueryEscape(text)
	if encoded == "" {
		return field
	}
	fields := strings.Split(encoded, "&")
	kept := fields[:0]
	found := false
	for _, f := range fields {
		key, _, _ := strings.Cut(f, "=")
		key, err := url.QueryUnescape(key)
		if err != nil || key != name {
			kept = append(kept, f)
		} else if !found {
			found = true
			kept = append(kept, field)
		}
	}
	if !found {
		kept = append(kept, field)
	}
	return strings.Join(kept, "&")
}

// unsendable says what no header and no URL can have in it: values come from options,
// and from bodies that the caller may have from somebody else.
func (w *draft) unsendable() string {
	for name, values := range w.header {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
				return "the header " + name + " would have a control character in it"
			}
		}
	}
	if strings.ContainsFunc(w.url.String(), unicode.IsControl) {
		return "the URL would have a control character in it"
	}
	return ""
}

// NewID returns a random UUID, RFC 9562, version 4, as Sign makes it up for a delivery
// that has no id.
func NewID() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err) // there is no randomness, and no way to go on
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// message returns the draft as the gate would see it.
func (w *draft) message() *message.Message {
	u := *w.url
	r := &http.Request{Method: w.method, URL: &u, Host: u.Host, Header: w.header, Body: http.NoBody, ContentLength: int64(len(w.body))}
	if u.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	return &message.Message{Request: r, Body: bytes.Clone(w.body)}
}
