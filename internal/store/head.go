package store

import (
	"bytes"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

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
	write("middleware", d.Middleware)
	write("router", d.Router)
	write("provider", d.Provider)
	write("delivery", d.DeliveryID)
	write("event", d.EventType)
	write("claim", d.Claim)
	write("method", d.Method)
	write("uri", d.RequestURI)
	write("url", d.URL)
	write("host", d.Host)
	write("peer", d.Peer)
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
		if seen[key] || !take(d, name, values) {
			return nil
		}
		seen[key] = true
	}
	if single != 14 || d.Received.IsZero() || !fitsMethod.MatchString(d.Method) {
		return nil
	}
	return d
}

// take takes over one line, or returns false.
func take(d *Delivery, name string, values []string) bool {
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
	return takeText(d, name, values[0])
}

func takeText(d *Delivery, name, text string) bool {
	switch name {
	case "received":
		at, err := time.Parse(time.RFC3339Nano, text)
		d.Received = at
		return err == nil
	case "tls":
		d.TLS = text == "true"
		return text == "true" || text == "false"
	case "middleware":
		d.Middleware = text
	case "router":
		d.Router = text
	case "provider":
		d.Provider = text
	case "delivery":
		d.DeliveryID = text
	case "event":
		d.EventType = text
	case "claim":
		d.Claim = text
	case "method":
		d.Method = text
	case "uri":
		d.RequestURI = text
		return !hasControl(text)
	case "url":
		d.URL = text
		return !hasControl(text)
	case "host":
		d.Host = text
		return !hasControl(text)
	case "peer":
		d.Peer = text
		return !hasControl(text)
	default:
		return false
	}
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
