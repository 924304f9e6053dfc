package hookward

import (
	"net/http"
)

// These tell the backend that the gate has verified a request, whose it is, and
// what the provider says of it. All names that begin with X-Hookward- are the
// gate's alone.
const (
	providerHeader = "X-Hookward-Provider"
	deliveryHeader = "X-Hookward-Delivery"
	eventHeader    = "X-Hookward-Event"
)

// tellBackend sets the gate's headers. What is not fit for one is left out.
func tellBackend(d *decision, h http.Header) {
	if len(d.policy.schemes) > 1 {
		removeOtherForms(d, h)
	}
	h[providerHeader] = []string{d.policy.provider}
	if d.deliveryID != "" && fitsHeader.MatchString(d.deliveryID) {
		h[deliveryHeader] = []string{d.deliveryID}
	}
	if d.eventType != "" && fitsHeader.MatchString(d.eventType) {
		h[eventHeader] = []string{d.eventType}
	}
}

// removeSpoofs takes out of headers what a stranger may have sent in the gate's
// name, and names that a backend could mistake for those of the scheme: WSGI,
// PHP and CGI know X_Hub_Signature_256 by the same name as X-Hub-Signature-256,
// and only the latter was verified.
//
// The server delivers names in canonical form, so two cases cover X-Hookward-
// with whatever stands in the place of its dashes: Apache turns any sign there
// into an underscore.
func removeSpoofs(h http.Header, p *policy) {
	for name := range h {
		if p.spoofs[name] || len(name) > 10 && (name[2:10] == "Hookward" || name[2:10] == "hookward") {
			delete(h, name)
		}
	}
}

// removeSpoofedTrailers does the same for trailers. What the scheme reads are
// headers; in a trailer nothing verifies them.
func removeSpoofedTrailers(h http.Header, p *policy) {
	removeSpoofs(h, p)
	for name := range p.names {
		delete(h, name)
	}
}

// removeOtherForms takes out the headers of forms that did not verify: a backend
// could take them for those that did.
func removeOtherForms(d *decision, h http.Header) {
	for name := range d.policy.names {
		if !d.proof.scheme.names[name] && !repeatsVerified(d, h, name) {
			delete(h, name)
		}
	}
}

// repeatsVerified says whether a header of another form has what its counterpart
// has in the form that verified: newer Svix sends each header by two names.
func repeatsVerified(d *decision, h http.Header, name string) bool {
	v := d.proof.scheme
	for _, s := range d.policy.schemes {
		counterpart := ""
		switch {
		case s.id.kind == "header" && s.id.name == name && v.id.kind == "header":
			counterpart = v.id.name
		case s.timestamp.kind == "header" && s.timestamp.name == name && v.timestamp.kind == "header":
			counterpart = v.timestamp.name
		case len(s.headers) == 1 && s.headers[0] == name && len(v.headers) == 1:
			counterpart = v.headers[0]
		}
		if counterpart != "" && len(h[name]) == 1 && len(h[counterpart]) == 1 && h[name][0] == h[counterpart][0] {
			return true
		}
	}
	return false
}
