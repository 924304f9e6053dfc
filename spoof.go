package hookward

import (
	"net/http"
	"strings"
)

// providerHeader tells the backend that the gate has verified a request, and
// whose it is. All names that begin with X-Hookward- are the gate's alone.
const providerHeader = "X-Hookward-Provider"

// maxDashes bounds the spellings of a header's name.
const maxDashes = 8

// removeSpoofs takes out what a stranger may have sent in the gate's name, and
// headers that a backend could mistake for those of the scheme: WSGI, PHP and
// CGI know X_Hub_Signature_256 by the same name as X-Hub-Signature-256, and only
// the latter was verified.
func removeSpoofs(r *http.Request, p *policy) {
	for name := range r.Header {
		if p.spoofs[name] || name[0] == 'X' && isOurs(name) {
			delete(r.Header, name)
		}
	}
	for name := range r.Trailer {
		// The scheme's headers are headers: in a trailer nothing verifies them.
		if p.spoofs[name] || p.names[name] || name[0] == 'X' && isOurs(name) {
			delete(r.Trailer, name)
		}
	}
	// A request that becomes a tunnel would carry bytes past the gate. A server
	// may ignore the wish, RFC 9110, 7.8.
	delete(r.Header, "Upgrade")
}

// isOurs says whether a name, canonical as the server delivers it, reads
// X-Hookward-, with whatever stands in the place of the dashes: Apache turns
// any sign there into an underscore.
func isOurs(name string) bool {
	if len(name) < 11 || name[2:10] != "Hookward" && name[2:10] != "hookward" {
		return false
	}
	after := name[10]
	return !(after >= 'a' && after <= 'z' || after >= 'A' && after <= 'Z' || after >= '0' && after <= '9')
}

// schemeNames returns the canonical names of the headers that a scheme reads.
func schemeNames(s *scheme) map[string]bool {
	names := map[string]bool{s.header: true}
	for _, name := range []string{s.timestampHeader, s.idHeader, s.eventHeader} {
		if name != "" {
			names[name] = true
		}
	}
	for _, p := range s.signs {
		if p.header != "" {
			names[p.header] = true
		}
	}
	return names
}

// spoofs returns the names with underscores for some of their dashes, in the
// form in which the server delivers them.
func spoofs(names map[string]bool) map[string]bool {
	found := map[string]bool{}
	for name := range names {
		words := strings.Split(name, "-")
		spellings := []string{words[0]}
		for _, word := range words[1:] {
			more := make([]string, 0, 2*len(spellings))
			for _, s := range spellings {
				more = append(more, s+"-"+word, s+"_"+word)
			}
			spellings = more
		}
		for _, s := range spellings {
			spelling := http.CanonicalHeaderKey(s)
			if !names[spelling] {
				found[spelling] = true
			}
		}
	}
	return found
}
