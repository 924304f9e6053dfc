package signature

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// publicURL is the compiled option of that name.
type publicURL struct {
	origin string
	whole  string // where it is the whole URL; else empty
	path   string // of the whole URL
	query  string
}

// parsePublicURL compiles the option, or says what is wrong with it. Its text is
// kept as it was written: it is compared with what the sender signed.
func parsePublicURL(text string) (publicURL, string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Contains(text, "#") ||
		u.Path == "" && (u.RawQuery != "" || u.ForceQuery) {
		return publicURL{}, "is not a URL of scheme, host and perhaps path and query, such as https://hooks.example.com/in"
	}
	rest := text[len(u.Scheme)+len("://"):]
	host, _, hasPath := strings.Cut(rest, "/")
	p := publicURL{origin: text[:len(u.Scheme)+len("://")] + host}
	// A lone slash is how people write an origin.
	if hasPath && (u.Path != "/" || u.RawQuery != "" || u.ForceQuery) {
		p.whole = text
		p.path = u.EscapedPath()
		p.query = u.RawQuery
	}
	return p, ""
}

// SplitPublicURL returns what the option has: its origin, and the whole URL where it is one;
// or what is wrong with it.
func SplitPublicURL(text string) (string, string, string) {
	p, problem := parsePublicURL(text)
	return p.origin, p.whole, problem
}

// pinURL writes the whole URL into the signed text, where it is known: then no
// byte of it is the sender's to choose, and it keeps its neighbours apart. Some
// senders add the body's digest to the query; there the URL is known but for
// that.
func pinURL(s *Scheme, p publicURL) {
	s.publicOrigin = p.origin
	if p.whole == "" || !SignsPart(s.Signs, urlKinds...) {
		return
	}
	s.Pinned = true
	s.PinnedPath = p.path
	s.PinnedQuery = p.query
	for _, q := range s.Signs {
		if q.Kind == "check" && q.Location.Kind == "query" && q.Want == "" {
			s.DigestField = q.Location.Name
			s.publicPath, _, _ = strings.Cut(p.whole, "?")
			return
		}
	}
	for i := range s.Signs {
		if words.Contains(urlKinds, s.Signs[i].Kind) {
			s.Signs[i] = Part{Kind: "literal", text: []byte(renderURL(s.Signs[i].Kind, p.whole)), Group: s.Signs[i].Group}
		}
	}
}

// urlKinds are the placeholders of the URL.
var urlKinds = []string{"url", "portURL", "decodedURL"}

// decodedByHubSpot are what HubSpot decodes in a URL before it signs it, and
// nothing else.
// https://developers.hubspot.com/docs/api/webhooks/validating-requests
var decodedByHubSpot = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)

// renderURL writes a URL as a placeholder says.
func renderURL(kind, text string) string {
	switch kind {
	case "decodedURL":
		return decodedByHubSpot.Replace(text)
	case "portURL":
		return withOtherPort(text)
	}
	return text
}

// withOtherPort writes a URL with the port of its scheme where it has none, and without
// its port where it has one: Twilio signs either (twilio-node, src/webhooks/webhooks.ts).
func withOtherPort(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	authority, path := rest, ""
	at := strings.IndexAny(rest, "/?")
	if at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	host := authority[strings.LastIndex(authority, "@")+1:]
	colon := strings.LastIndex(host, ":")
	if colon > strings.LastIndex(host, "]") {
		return scheme + "://" + authority[:len(authority)-len(host)+colon] + path
	}
	port := ":443"
	if strings.EqualFold(scheme, "http") {
		port = ":80"
	}
	return scheme + "://" + authority + port + path
}

// ResolvePublicURL returns the option publicURL, read from where it refers to, and notes
// the password in it, which is hidden as secrets are.
func ResolvePublicURL(r *secrets.Resolver, n *config.Notes, text string) string {
	scheme, _, _ := strings.Cut(text, ":")
	if scheme == "env" || scheme == "file" {
		s := secrets.Resolve(r, n, "publicURL", text, "utf8")
		if s.Problem != "" {
			return "https://unknown.example.com/unknown"
		}
		text = s.Text
	} else if hasPassword.MatchString(text) {
		config.AddWarning(n, "publicURL", config.KindInClear, "has a password in clear, and Traefik shows plugin options in its API and its debug log; write env:NAME or file:/path")
	}
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		password, given := u.User.Password()
		if !given {
			password = u.User.Username()
		}
		r.Texts = append(r.Texts, password)
	}
	return text
}

// hasPassword are URLs with credentials.
var hasPassword = regexp.MustCompile(`^[A-Za-z]+://[^/?#]*@`)

// hasPinnedURL says whether a request has the path and the query that are signed:
// others would reach the backend unverified.
func hasPinnedURL(s *Scheme, m *message.Message) bool {
	u := m.Request.URL
	if !IsPinnedPath(s.PinnedPath, u.EscapedPath()) {
		return false
	}
	if s.DigestField == "" {
		return u.RawQuery == s.PinnedQuery
	}
	digest := s.DigestField + "=" + string(BodyDigest("", m.Body))
	if len(u.RawQuery) > len(s.PinnedQuery)+len("&")+len(digest) {
		return false
	}
	others := []string{}
	found := 0
	for _, parameter := range strings.Split(u.RawQuery, "&") {
		if parameter == digest {
			found++
		} else {
			others = append(others, parameter)
		}
	}
	return found == 1 && strings.Join(others, "&") == s.PinnedQuery
}

// addedPath is what a proxy may put before a path: plain words, none of which a
// server takes for a file and the rest for its parameters.
var addedPath = regexp.MustCompile(`^(/[A-Za-z0-9_-]+)+$`)

// IsPinnedPath says whether a path may be what proxies have made of the one that
// is signed: something was taken from its front, or something put there.
func IsPinnedPath(pinned, path string) bool {
	if path == pinned || path == "/" {
		return true
	}
	if strings.HasSuffix(path, pinned) {
		return pinned != "/" && addedPath.MatchString(strings.TrimSuffix(path, pinned))
	}
	return strings.HasSuffix(pinned, path)
}

// CallerURL returns the address of a request as its sender calls it, by the option
// publicURL: all of it, or its origin. The second result is false where the request has
// another path or query than the whole URL.
func CallerURL(text string, r *http.Request) (string, bool) {
	u, problem := parsePublicURL(text)
	if problem != "" {
		return "", false
	}
	if u.whole == "" {
		return u.origin + r.URL.RequestURI(), true
	}
	return u.whole, IsPinnedPath(u.path, r.URL.EscapedPath()) && r.URL.RawQuery == u.query
}

// PublicURLProblem says what is wrong with the option publicURL, or nothing.
func PublicURLProblem(text string) string {
	_, problem := parsePublicURL(text)
	return problem
}

// UsesURL says whether the schemes have a use for the option publicURL.
func UsesURL(schemes []*Scheme) bool {
	for _, s := range schemes {
		if s.Pinned || SignsPart(s.Signs, urlKinds...) {
			return true
		}
	}
	return false
}
