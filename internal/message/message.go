// Package message knows a request as the checks on its content read it: where a value
// stands, and whether it stands there once. It must not know what a value is good for.
package message

import (
	"crypto/x509"
	"net/http"
	"net/url"
)

// Message is a request as the checks on its content read it: its bytes, and what they
// hold, which is parsed once and only where it is asked for.
type Message struct {
	Request *http.Request
	Body    []byte // as far as it was read

	Certificate *x509.Certificate // the client's, once it is verified

	Document        any
	DocumentRead    bool
	Form            url.Values
	Multipart       url.Values
	query           url.Values
	NoForm          bool // the body is no form, or a malformed one
	NoMultipart     bool // the body is no form sent as multipart/form-data, or not clearly
	NoQuery         bool // the query is malformed
	DuplicateNames  bool
	DuplicatesKnown bool
	Replaced        bool // a signed value has U+FFFD, which half a pair of \uXXXX is read as, too
	NotMeant        bool // the scheme that was tried last is for other requests, as a condition in its signs says
	Item            any  // of a batch, while it is being verified

	Claims map[string]any // of a token whose signature is verified
}
