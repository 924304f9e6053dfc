package jwt

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Claim returns the text of a claim for a header, or "" where it has none.
func Claim(claims map[string]any, name string) string {
	c := parseClaim(name)
	text, _ := jsonpath.Text(valueOf(claims, &c))
	return text
}

// Challenge returns what WWW-Authenticate says of a refusal, RFC 6750, 3, or "".
func Challenge(v *Verifier, reason string, status int) string {
	if v.Scheme != "Bearer " {
		return ""
	}
	switch {
	case reason == verdict.ScopeMissing:
		return `Bearer error="insufficient_scope", scope="` + strings.Join(v.scopes, " ") + `"`
	case reason == verdict.TokenMissing:
		return "Bearer"
	case status == http.StatusUnauthorized:
		return `Bearer error="invalid_token"`
	}
	return ""
}

// secEventErrors are the words of RFC 8935, 2.4, for a reason to refuse.
var secEventErrors = map[string]string{
	verdict.IssuerMismatch:    "invalid_issuer",
	verdict.AudienceMismatch:  "invalid_audience",
	verdict.KeyUnknown:        "invalid_key",
	verdict.AlgorithmRefused:  "invalid_key",
	verdict.SignatureMismatch: "authentication_failed",
	verdict.SenderUnknown:     "access_denied",
}

// SecEventError returns what the transmitter of a security event is told of a refusal.
func SecEventError(reason string) string {
	word := secEventErrors[reason]
	if word == "" {
		word = "invalid_request"
	}
	return `{"err":"` + word + `","description":"the security event token was refused"}` + "\n"
}

// Remove takes the token out of the header, or the query, that it is in.
func Remove(v *Verifier, r *http.Request) {
	for i := range v.Locations {
		p := &v.Locations[i]
		if p.Kind == "header" {
			delete(r.Header, p.Name)
		}
		if p.Kind == "query" {
			removeParameter(r, p)
		}
	}
}

// removeParameter takes a parameter out of a query, and leaves the others as they are.
func removeParameter(r *http.Request, p *message.Location) {
	kept := []string{}
	for _, pair := range strings.Split(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err == nil && plain != p.Name {
			kept = append(kept, pair)
		}
	}
	r.URL.RawQuery = strings.Join(kept, "&")
	r.RequestURI = r.URL.RequestURI()
}
