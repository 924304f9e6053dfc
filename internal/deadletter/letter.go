// Package deadletter knows what a delivery that was given up looks like where it is handed
// to: a line of JSON for the outputs of the audit log, and a message of SQS. It must not know
// when one is handed over, nor which outputs have it.
package deadletter

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/sqs"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/words"
)

// idOf returns what one death of a delivery is known by.
func idOf(e *store.Entry) string {
	return e.ID + "." + strconv.Itoa(e.Attempts)
}

// lineOf returns a dead letter as a line, with its newline. Headers of the private names are
// left out.
func lineOf(d *store.Delivery, e *store.Entry, private []string) ([]byte, error) {
	l := &Letter{
		Time: time.UnixMilli(e.When).UTC().Format(report.TimeLayout), ECSVersion: report.ECSVersion, ID: idOf(e), Dataset: dataset, Kind: "event",
		Category: audit.Network, Action: "dead", Outcome: "failure", Reason: e.Reason,
		Middleware: d.Middleware, Router: d.Router, Provider: d.Provider, DeliveryID: d.DeliveryID, EventType: d.EventType,
		Kept: e.ID, Attempts: e.Attempts, Received: d.Received.UTC().Format(report.TimeLayout),
		Method: d.Method, Host: d.Host, URI: d.RequestURI, BodyBytes: len(d.Body), BodyHash: hexSum(d.Body),
	}
	l.Headers, l.Omitted = headersOf(d, private)
	if utf8.Valid(d.Body) {
		l.Body = string(d.Body)
	} else {
		l.BodyBase64 = base64.StdEncoding.EncodeToString(d.Body)
	}
	b := &bytes.Buffer{}
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(l)
	return b.Bytes(), err
}

// headersOf returns the headers that a letter has, and the names of what is left out.
func headersOf(d *store.Delivery, private []string) (map[string][]string, []string) {
	headers := map[string][]string{}
	omitted := append([]string{}, d.Tokens...)
	for name := range d.Headers {
		if words.Contains(private, name) || !allText(d.Headers[name]) {
			omitted = append(omitted, "header:"+name)
		} else {
			headers[name] = d.Headers[name]
		}
	}
	sort.Strings(omitted)
	return headers, omitted
}

func allText(values []string) bool {
	for _, v := range values {
		if !utf8.ValidString(v) {
			return false
		}
	}
	return true
}

// Encodings of a message's body, in its attribute encoding.
const (
	encodedText    = "text"    // the body as it is
	encodedBase64  = "base64"  // it has characters that SQS does not keep
	encodedNone    = "none"    // the body is empty, which SQS takes no message for
	encodedPointer = "pointer" // it is too large, and is in the store alone
)

// request is the attribute of that name: what else of a request is needed to make it again.
type request struct {
	Method  string              `json:"method"`
	URI     string              `json:"uri"`
	Host    string              `json:"host"`
	Headers map[string][]string `json:"headers"`
	Omitted []string            `json:"omitted,omitempty"`
}

// messageOf returns a dead letter as a message of SQS.
func messageOf(d *store.Delivery, e *store.Entry, private []string, queueURL string, fifo bool) (*sqs.Message, error) {
	m := newMessage(d, e, queueURL, fifo)
	r := &request{Method: d.Method, URI: d.RequestURI, Host: d.Host}
	r.Headers, r.Omitted = headersOf(d, private)
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	put(m, "request", inASCII(text))
	m.Body = string(d.Body)
	switch {
	case m.Body == "":
		m.Body = "-"
		m.Attributes["encoding"] = encodedNone
	case sqs.Fits(m.Body):
		m.Attributes["encoding"] = encodedText
	default:
		encode(m, d.Body)
	}
	return m, nil
}

func encode(m *sqs.Message, body []byte) {
	m.Body = base64.StdEncoding.EncodeToString(body)
	m.Attributes["encoding"] = encodedBase64
}

// inASCII writes what is not ASCII in a text of JSON as escapes.
func inASCII(text []byte) string {
	b := &strings.Builder{}
	for _, c := range string(text) {
		switch {
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(b, `\u%04x`, c)
		}
	}
	return b.String()
}

// newMessage returns what both a message and a pointer have. SQS takes ten attributes;
// request and encoding make these ten.
func newMessage(d *store.Delivery, e *store.Entry, queueURL string, fifo bool) *sqs.Message {
	m := &sqs.Message{QueueURL: queueURL, Attributes: map[string]string{
		"id": e.ID, "reason": e.Reason, "attempts": strconv.Itoa(e.Attempts), "received": d.Received.UTC().Format(time.RFC3339Nano),
	}}
	if fifo {
		m.Group = groupOf(d.Middleware)
		m.Deduplication = idOf(e)
	}
	put(m, "middleware", d.Middleware)
	put(m, "provider", d.Provider)
	put(m, "event", d.EventType)
	if len(d.Headers["Content-Type"]) > 0 {
		put(m, "content-type", d.Headers["Content-Type"][0])
	}
	return m
}

// put gives a message an attribute, unless SQS would not keep it as it is.
func put(m *sqs.Message, name, value string) {
	if sqs.Fits(value) {
		m.Attributes[name] = value
	}
}

func groupOf(middleware string) string {
	if sqs.FitsGroup(middleware) {
		return middleware
	}
	return hexSum([]byte(middleware))
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// pointer is the body of a message about a delivery that is too large for SQS.
type pointer struct {
	ID         string `json:"id"`
	Middleware string `json:"middleware"`
	Bytes      int    `json:"bytes"`
	SHA256     string `json:"sha256"`
}

// pointerOf returns a message that says only which delivery it is.
func pointerOf(d *store.Delivery, e *store.Entry, queueURL string, fifo bool) (*sqs.Message, error) {
	m := newMessage(d, e, queueURL, fifo)
	text, err := json.Marshal(&pointer{ID: e.ID, Middleware: d.Middleware, Bytes: len(d.Body), SHA256: hexSum(d.Body)})
	m.Body = string(text)
	m.Attributes["encoding"] = encodedPointer
	return m, err
}
