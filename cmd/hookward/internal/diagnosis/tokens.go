package diagnosis

import (
	"fmt"
	"net/url"
	"strings"
)

const maxPlaces = 200

// tryTokens looks for the secret at other locations of the request.
func (s *search) tryTokens() {
	for _, name := range sortedHeaders(s.Request.Header) {
		if s.result.Tried < maxPlaces {
			s.tryToken("header "+name, "token: {header: "+name+"}", map[string]any{"header": name})
		}
	}
	query, err := url.ParseQuery(s.Request.URL.RawQuery)
	if err == nil && len(query) < maxPlaces {
		for name := range query {
			s.tryToken("parameter "+fmt.Sprintf("%.40q", name)+" of the query", "token: {query: "+name+"}", map[string]any{"query": name})
		}
	}
	s.tryToken("header Authorization, as a bearer token", "token: {bearer: true}", map[string]any{"bearer": "true"})
	s.tryToken("header Authorization, as user and password of HTTP basic authentication", "token: {basic: true}", map[string]any{"basic": "true"})
}

func (s *search) tryToken(place, cure string, section map[string]any) {
	raw := map[string]any{"secrets": option(s.raw, "secrets"), "token": section}
	s.try(trial{raw: raw}, Cause{"token-place", "the token is in the " + strings.TrimPrefix(place, "the "), cure})
}
