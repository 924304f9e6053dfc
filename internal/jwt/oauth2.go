package jwt

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/introspect"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// tokenOptions are those of oauth2 that jwt has, too, with what RFC 9068, 2, asks of an
// access token that is a JWT.
func tokenOptions(o *config.OAuth2Options) config.JWTOptions {
	return config.JWTOptions{
		Header: "Authorization", Scheme: "Bearer",
		Types:          []string{"at+jwt"},
		RequiredClaims: []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"},
		Algorithms:     o.Algorithms, JWKS: o.JWKS, Issuers: o.Issuers, Audiences: o.Audiences, Claims: o.Claims, Scopes: o.Scopes,
		MaxLifetime: o.MaxLifetime, ForwardToken: o.ForwardToken, ForwardClaims: o.ForwardClaims,
		IDHeader: o.IDHeader, IDField: o.IDField, EventHeader: o.EventHeader, EventField: o.EventField,
	}
}

// OptionsOf returns what a configuration asks of tokens, and the section that says so: jwt,
// or oauth2 in the words of jwt.
func OptionsOf(options config.Options) (config.JWTOptions, string) {
	if options.OAuth2 == nil {
		return *options.JWT, "jwt"
	}
	o := tokenOptions(options.OAuth2)
	if len(o.Algorithms) == 0 {
		o.Algorithms = usualAlgorithms
	}
	return o, "oauth2"
}

// usualAlgorithms are what all servers have, RFC 9068, 2.1.
var usualAlgorithms = []string{"RS256"}

// CompileOAuth2 compiles the option oauth2.
func CompileOAuth2(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Verifier {
	o := options.OAuth2
	c := &compiler{section: "oauth2", example: "client_id=sender", n: n, o: tokenOptions(o), options: options, v: &Verifier{}}
	v := c.v
	v.certificateBound = o.CertificateBound
	v.Tolerance = options.Tolerance
	if v.Tolerance == 0 {
		v.Tolerance = defaultTolerance
	}
	c.locate()
	c.shape()
	if o.Introspection != nil {
		c.introspection(resolver, o.Introspection)
	} else {
		c.accessTokens(resolver)
	}
	c.identity()
	c.claims()
	c.times()
	if v.Introspection != nil {
		v.required = nil // a server need not say when a token ends
	}
	c.protects()
	c.forwarding()
	v.asksMore = len(v.claims) > 0
	return v
}

// accessTokens finds out by which keys access tokens are verified.
func (c *compiler) accessTokens(resolver *secrets.Resolver) {
	if c.o.JWKS == nil && len(c.options.PublicKeys) == 0 {
		c.wrong("jwks", config.KindRequired, "is required, or introspection: where the issuers' keys are, or where the server is asked about tokens")
		return
	}
	if len(c.o.Algorithms) == 0 {
		c.o.Algorithms = usualAlgorithms
	}
	for _, name := range c.o.Algorithms {
		if strings.HasPrefix(name, "HS") {
			c.wrong("algorithms", config.KindInvalid, "can't have "+words.Quote(name)+": an access token is signed with its server's own key")
			return
		}
	}
	if len(c.o.Issuers) == 0 {
		c.wrong("issuers", config.KindRequired, "is required: the authorization servers whose tokens are accepted (RFC 9068, 4)")
	}
	c.algorithms()
	c.keys(resolver)
}

// introspection finds out how a server is asked about tokens.
func (c *compiler) introspection(resolver *secrets.Resolver, o *config.IntrospectionOptions) {
	c.o.Types = nil
	c.o.RequiredClaims = nil
	for _, option := range []struct {
		name  string
		given bool
	}{{"jwks", c.o.JWKS != nil}, {"algorithms", len(c.o.Algorithms) > 0}, {"maxLifetime", c.o.MaxLifetime > 0}} {
		if option.given {
			c.wrong(option.name, config.KindContradiction, "contradicts introspection: the server says which tokens are good")
		}
	}
	c.o.MaxLifetime = 100 * 365 * 24 * time.Hour // the server knows better
	problems := introspect.Complete(o)
	for _, p := range problems {
		c.wrong("introspection."+p.Path, p.Kind, p.Text)
	}
	if o.PlainHTTP && len(problems) == 0 {
		c.warn("introspection.plainHTTP", "lets whoever can change what comes by http let themselves in, and see the gate's secret")
	}
	secret := ""
	if o.ClientSecret != "" {
		secret = string(secrets.ResolveOption(resolver, c.n, c.section+".introspection.clientSecret", o.ClientSecret, "utf8"))
	}
	c.v.Introspection = introspect.OptionsOf(o, secret)
}

// VerifyByAsking is Verify for a token that a server is asked about.
func VerifyByAsking(v *Verifier, m *message.Message, asked *introspect.Client, now time.Time) signature.Proof {
	texts, reason := Collect(v, m)
	if reason != verdict.TokenRead {
		return signature.Proof{Reason: reason}
	}
	found := signature.Proof{JWT: &signature.JWT{Algorithm: opaque}}
	claims, outcome := introspect.Ask(asked, texts[0], now)
	switch outcome {
	case introspect.Malformed:
		found.Reason = verdict.TokenMalformed
		return found
	case introspect.Inactive:
		found.Reason = verdict.TokenInactive
		return found
	case introspect.Active:
		found.Reason = verdict.TypeMismatch
		if !isAccessToken(claims) {
			return found
		}
		found.Reason = checkClaims(v, &token{}, claims, m, now, &found)
		if found.JWT.Subject == "" {
			found.JWT.Subject, _ = jsonpath.Text(claims["client_id"])
		}
		return found
	}
	found.Reason = verdict.IntrospectionUnavailable
	return found
}

// opaque stands for the algorithm of a token that a server was asked about.
const opaque = "opaque"

// accessTypes are the values of token_type that are no token of another kind.
var accessTypes = map[string]bool{"bearer": true, "access_token": true, "urn:ietf:params:oauth:token-type:access_token": true}

// otherTypes are the values of typ that Keycloak has for tokens which are not to be sent to
// anybody but itself. It calls them active, too.
var otherTypes = map[string]bool{"refresh": true, "offline": true, "id": true, "logout": true}

// isAccessToken says whether a server calls a token one that may be sent as a bearer's.
func isAccessToken(claims map[string]any) bool {
	for name, value := range map[string]any{"token_type": claims["token_type"], "typ": claims["typ"]} {
		text, isText := value.(string)
		if value == nil {
			continue
		}
		kind := strings.ToLower(text)
		if !isText || name == "token_type" && !accessTypes[kind] || name == "typ" && otherTypes[kind] {
			return false
		}
	}
	return true
}

// checkConfirmation says whether a token is the caller's to send, RFC 7800: "" or the
// reason to refuse. One that is bound to a key is worth nothing without a proof of that
// key, and the only proof here is the caller's client certificate, RFC 8705, 3.
func checkConfirmation(v *Verifier, claims map[string]any, m *message.Message) string {
	if !v.certificateBound {
		if claims["cnf"] != nil {
			return verdict.ClaimMismatch
		}
		return ""
	}
	confirmation, _ := claims["cnf"].(map[string]any)
	wanted, _ := confirmation["x5t#S256"].(string)
	shown := shownCertificate(m)
	if wanted == "" || shown == nil {
		return verdict.ClaimMismatch
	}
	sum := sha256.Sum256(shown.Raw)
	if base64.RawURLEncoding.EncodeToString(sum[:]) != wanted {
		return verdict.ClaimMismatch
	}
	return ""
}

// shownCertificate returns the caller's certificate, or nil: the one that the option
// clientCertificate has accepted, be it from a proxy's header, or else the connection's,
// whose key TLS has seen.
func shownCertificate(m *message.Message) *x509.Certificate {
	if m.Certificate != nil {
		return m.Certificate
	}
	connection := m.Request.TLS
	if connection == nil || len(connection.PeerCertificates) == 0 {
		return nil
	}
	return connection.PeerCertificates[0]
}
