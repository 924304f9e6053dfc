// Package reissue knows how a request is stored, and how it is made anew of what was
// stored, byte by byte. It must not know when, nor what verified it.
package reissue

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hookward/hookward/internal/store"
)

// These tell the backend of a delivery that is kept until it has arrived.
const (
	IDHeader       = "X-Hookward-Id"       // the same at each attempt
	AttemptHeader  = "X-Hookward-Attempt"  // from 1
	ReceivedHeader = "X-Hookward-Received" // when it arrived first, RFC 3339
	ReplayHeader   = "X-Hookward-Replay"   // "operator", where an operator has it tried again
)

// Fill fills a delivery with what a request has, which is to be as the backend was to get
// it the first time. Cookies are left out, and tokens: what stands at their places is put
// in anew each time. The maps are the delivery's own.
func Fill(d *store.Delivery, r *http.Request, body []byte, tokens []string) {
	d.Method = r.Method
	d.RequestURI = r.RequestURI
	d.URL = r.URL.RequestURI()
	d.Host = r.Host
	d.Peer = r.RemoteAddr
	d.TLS = r.TLS != nil
	d.Headers = r.Header.Clone()
	d.Body = body
	if len(r.Trailer) > 0 {
		d.Trailers = r.Trailer.Clone()
	}
	delete(d.Headers, "Cookie")
	d.Tokens = []string{}
	for _, place := range tokens {
		if takeToken(d, place) {
			d.Tokens = append(d.Tokens, place)
		}
	}
}

// takeToken takes a token out of a delivery, and says whether there was one.
func takeToken(d *store.Delivery, place string) bool {
	kind, name, _ := strings.Cut(place, ":")
	if kind == "header" {
		had := len(d.Headers[name]) > 0
		delete(d.Headers, name)
		return had
	}
	uri, had := withQuery(d.RequestURI, name, "")
	d.RequestURI = uri
	d.URL, _ = withQuery(d.URL, name, "")
	return had
}

// withQuery returns a URI whose query has a value at a name, where it had any, and leaves
// the rest as it is written.
func withQuery(uri, name, value string) (string, bool) {
	path, query, _ := strings.Cut(uri, "?")
	parts := strings.Split(query, "&")
	had := false
	for i := range parts {
		key, _, _ := strings.Cut(parts[i], "=")
		decoded, err := url.QueryUnescape(key)
		if err == nil && decoded == name {
			parts[i] = key + "=" + url.QueryEscape(value)
			had = true
		}
	}
	if !had {
		return uri, false
	}
	return path + "?" + strings.Join(parts, "&"), true
}

var errURL = errors.New("the URL of the delivery can't be read")

// Request makes a delivery's request for one attempt. The token is the one in force.
func Request(ctx context.Context, d *store.Delivery, number int, token string) (*http.Request, error) {
	uri := d.RequestURI
	address := d.URL
	headers := http.Header(d.Headers)
	for _, place := range d.Tokens {
		kind, name, _ := strings.Cut(place, ":")
		if kind == "header" {
			headers[name] = []string{token}
			continue
		}
		uri, _ = withQuery(uri, name, token)
		address, _ = withQuery(address, name, token)
	}
	u, err := url.ParseRequestURI(address)
	if err != nil {
		return nil, errURL
	}
	headers[AttemptHeader] = []string{strconv.Itoa(number)}
	if d.Replayed {
		headers[ReplayHeader] = []string{"operator"}
	}
	r := &http.Request{
		Method: d.Method, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: headers, Body: http.NoBody, ContentLength: int64(len(d.Body)), Host: d.Host, RemoteAddr: d.Peer, RequestURI: uri,
	}
	if len(d.Body)+len(d.Trailers) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(d.Body))
	}
	if len(d.Trailers) > 0 {
		r.Trailer = http.Header(d.Trailers)
		r.ContentLength = -1 // trailers travel with chunks only, RFC 9112, 7.1.2
	}
	if d.TLS {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: d.Host}
	}
	return r.WithContext(ctx), nil
}
