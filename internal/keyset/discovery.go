package keyset

import (
	"net/url"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/words"
)

const maxDocument = 256 << 10 // bytes of a discovery document; Keycloak's has 7 KiB

// discovering returns what fetches the set of an issuer: first the document that says
// where the set is, which may change its mind, and then the set.
func discovering(s Source, tell func(level, message string, now time.Time)) func(known fetch.Version) (*fetch.Version, string) {
	host := hostOf(s.issuer) // where the set was last
	return func(known fetch.Version) (*fetch.Version, string) {
		begun := time.Now()
		address, problem := discover(s, begun)
		if problem != "" {
			return nil, problem
		}
		if hostOf(address) != host {
			host = hostOf(address)
			tell("info", "the key set "+nameOf(s)+" is at "+words.Quote(host)+", by the issuer's discovery document", begun)
		}
		rules := rulesOf(s)
		rules.Timeout = remaining(begun)
		version, problem := fetch.Get(address, rules, known)
		return version, problem
	}
}

// discover returns the URL of an issuer's set, or says why it can't be had.
func discover(s Source, begun time.Time) (string, string) {
	rules := rulesOf(s)
	rules.MaxBytes = maxDocument
	cause := ""
	for _, address := range documentsOf(s.issuer) {
		rules.Timeout = remaining(begun)
		version, problem := fetch.Get(address, rules, fetch.Version{})
		if problem != "" {
			if cause == "" {
				cause = "has a discovery document that " + problem
			}
			continue
		}
		set, problem := setIn(s, version.Content)
		return set, problem
	}
	return "", cause
}

// remaining returns what is left of the time for a whole fetch.
func remaining(begun time.Time) time.Duration {
	left := fetchTimeout - time.Since(begun)
	if left < time.Millisecond {
		return time.Millisecond
	}
	return left
}

// documentsOf returns where the discovery document of an issuer may be: as OpenID Connect
// Discovery 1.0, section 4, says, and as RFC 8414, section 3.
func documentsOf(issuer string) []string {
	bare := strings.TrimSuffix(issuer, "/")
	u, err := url.Parse(bare)
	if err != nil {
		return nil
	}
	path := u.EscapedPath()
	origin := strings.TrimSuffix(bare, path)
	return []string{bare + "/.well-known/openid-configuration", origin + "/.well-known/oauth-authorization-server" + path}
}

// setIn returns the URL of the set that a discovery document names. The document must be
// the issuer's own: else one server could have its keys taken for those of another.
func setIn(s Source, content []byte) (string, string) {
	document, problem := strictjson.Object(content)
	if problem != "" {
		return "", "has a discovery document that " + problem
	}
	issuer, _ := document["issuer"].(string)
	if issuer != s.issuer {
		return "", "has a discovery document of another issuer, " + words.Quote(issuer)
	}
	address, _ := document["jwks_uri"].(string)
	problem = wrongURL(address, s.PlainHTTP)
	if problem != "" {
		return "", "has a discovery document whose jwks_uri " + problem
	}
	return address, ""
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
