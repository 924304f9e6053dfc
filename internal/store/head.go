package store

import (
	"bytes"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// texts are the names of lines that have one text each, in order.
var texts = strings.Fields("middleware router provider delivery event claim method uri url host peer")

// textsOf returns where these stand in a delivery.
func textsOf(d *Delivery) map[string]*string {
	return map[string]*string{
		"middleware": &d.Middleware, "router": &d.Router, "provider": &d.Provider, "delivery": &d.DeliveryID, "event": &d.EventType, "claim": &d.Claim,
		"method": &d.Method, "uri": &d.RequestURI, "url": &d.URL, "host": &d.Host, "peer": &d.Peer,
	}
}

// encodeHead writes what is known of a delivery, a line each: a name, and quoted as in Go,
// which keeps every byte, its values.
func encodeHead(d *Delivery) []byte {
	b := &bytes.Buffer{}
	write := func(name string, values ...string) {
		b.WriteString(name)
		for _, v := range values {
			b.WriteByte(' ')
			b.WriteString(strconv.Quote(v))
		}
		b.WriteByte('\n')
	}
	write("received", d.Received.UTC().Format(time.RFC3339Nano))
	known := textsOf(d)
	for _, name := range texts {
		write(name, *known[name])
	}
	write("tls", strconv.FormatBool(d.TLS))
	write("tokens", d.Tokens...)
	writeAll(write, "header", d.Headers)
	writeAll(write, "trailer", d.Trailers)
	return b.Bytes()
}

func writeAll(write func(name string, values ...string), kind string, headers map[string][]string) {
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		write(kind, append([]string{name}, headers[name]...)...)
	}
}

// decodeHead reads it, strictly, or returns nil: a file that somebody has edited by hand
// must not bring anything that no server would have let in.
func decodeHead(head []byte) *Delivery {
	d := &Delivery{Headers: map[string][]string{}}
	known := textsOf(d)
	seen := map[string]bool{}
	single := 0 // lines that stand in every head
	for len(head) > 0 {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if !ok {
			return nil
		}
		head = rest
		name, text, _ := strings.Cut(string(line), " ")
		values, ok := unquoteAll(text)
		if !ok {
			return nil
		}
		key := name
		if name == "header" || name == "trailer" {
			if len(values) == 0 {
				return nil
			}
			key += " " + values[0]
		} else {
			single++
		}
		if seen[key] || !take(d, known, name, values) {
			return nil
		}
		seen[key] = true
	}
	if single != len(texts)+3 || d.Received.IsZero() || !fitsMethod.MatchString(d.Method) || hasControl(d.RequestURI+d.URL+d.Host+d.Peer) {
		return nil
	}
	return d
}

// take takes over one line, or returns false.
func take(d *Delivery, known map[string]*string, name string, values []string) bool {
	switch name {
	case "header":
		return takeHeader(d.Headers, values)
	case "trailer":
		if d.Trailers == nil {
			d.Trailers = map[string][]string{}
		}
		return takeHeader(d.Trailers, values)
	case "tokens":
		d.Tokens = values
		return true
	}
	if len(values) != 1 {
		return false
	}
	switch name {
	case "received":
		at, err := time.Parse(time.RFC3339Nano, values[0])
		d.Received = at
		return err == nil
	case "tls":
		d.TLS = values[0] == "true"
		return d.TLS || values[0] == "false"
	}
	text := known[name]
	if text == nil {
		return false
	}
	*text = values[0]
	return true
}

var (
	fitsMethod = regexp.MustCompile(`^[A-Z]{1,20}$`)
	// fitsName and fitsValue are what a server lets in, RFC 9110, 5.1 and 5.5.
	fitsName  = regexp.MustCompile("^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$")
	unfitting = regexp.MustCompile(`[\x00-\x08\x0a-\x1f\x7f]`)
)

const maxName = 1000

func hasControl(text string) bool { return unfitting.MatchString(text) }

func takeHeader(headers map[string][]string, values []string) bool {
	if len(values[0]) > maxName || !fitsName.MatchString(values[0]) {
		return false
	}
	for _, v := range values[1:] {
		if hasControl(v) {
			return false
		}
	}
	headers[values[0]] = values[1:]
	return true
}

// unquoteAll reads quoted texts with a blank between them.
func unquoteAll(text string) ([]string, bool) {
	values := []string{}
	for text != "" {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil || quoted[0] != '"' {
			return nil, false
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, false
		}
		values = append(values, value)
		text = text[len(quoted):]
		if text != "" {
			if text[0] != ' ' || len(text) == 1 {
				return nil, false
			}
			text = text[1:]
		}
	}
	return values, true
}
