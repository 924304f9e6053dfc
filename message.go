package hookward

import (
	"net/http"
	"net/url"
)

// message is a request as the checks on its content read it: its bytes, and what they
// hold, which is parsed once and only where it is asked for.
type message struct {
	request *http.Request
	body    []byte // as far as it was read

	document     any
	documentRead bool
	form         url.Values
	query        url.Values
	noForm       bool // the body is no form, or a malformed one
	noQuery      bool // the query is malformed
	twins        bool
	twinsKnown   bool
	replaced     bool // a signed value has U+FFFD, which half a pair of \uXXXX is read as, too
	notMeant     bool // the form that was tried last is for other requests, as a condition in its signs says
	item         any  // of a batch, while it is being verified
}
