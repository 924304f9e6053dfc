package jwt

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

const (
	defaultTolerance   = time.Minute
	defaultMaxLifetime = 24 * time.Hour
	// none stands for what is not there, in options.
	none = "none"
	// secEventType is the type of security event tokens, RFC 8417, 2.3.
	secEventType = "secevent+jwt"
)

// compiler is what the parts of Compile share.
type compiler struct {
	section string // the option that the others are in: jwt or oauth2
	example string // of a claim that says whose a token is
	n       *config.Notes
	o       config.JWTOptions
	options config.Options
	v       *Verifier
}

func (c *compiler) wrong(option, kind, text string) {
	config.AddProblem(c.n, c.section+"."+option, kind, text)
}

func (c *compiler) warn(option, text string) {
	config.AddWarning(c.n, c.section+"."+option, config.KindInvalid, text)
}

// Compile compiles the option jwt, and says where it protects from too little.
func Compile(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Verifier {
	c := &compiler{section: "jwt", example: "email=hooks@example.com", n: n, o: *options.JWT, options: options, v: &Verifier{}}
	v := c.v
	c.locate()
	c.shape()
	c.algorithms()
	c.keys(resolver)
	v.Tolerance = options.Tolerance
	if v.Tolerance == 0 {
		v.Tolerance = defaultTolerance
	}
	c.identity()
	if v.Detached {
		c.detached()
	} else {
		c.claims()
		c.times()
		c.binding()
		c.protects()
	}
	c.forwarding()
	v.asksMore = v.events || v.sender.name != "" || len(v.claims) > 0 || v.bodyHash != nil || v.url != nil
	return v
}

// locate finds out where the token is.
func (c *compiler) locate() {
	o, v := c.o, c.v
	inHeader := o.Header != "" || o.Query == "" && o.Field == "" && !o.Body
	if inHeader {
		name := words.OrDefault(o.Header, "Authorization")
		at := message.LocationOption(c.n, "jwt.header", name, "", "")
		v.Locations = append(v.Locations, at)
		v.Scheme = schemeOf(o.Scheme, at.Name)
		if o.Scheme != "" && o.Scheme != none && (!header.IsName(o.Scheme) || strings.EqualFold(o.Scheme, "basic")) {
			c.wrong("scheme", config.KindInvalid, words.Quote(o.Scheme)+" is not the scheme of a token, such as Bearer; or none, where the header has the token alone")
		}
	} else if o.Scheme != "" {
		c.wrong("scheme", config.KindNoEffect, "has no effect, because the token is in no header")
	}
	if o.Query != "" {
		v.Locations = append(v.Locations, message.Location{Kind: "query", Name: o.Query})
	}
	if o.Field != "" {
		at := message.LocationOption(c.n, "", "", "jwt.field", o.Field)
		if at.Kind == "header" {
			c.wrong("field", config.KindInvalid, "is not a location in the body; jwt.header names a header")
		}
		v.Locations = append(v.Locations, at)
		v.inJSON = at.Kind == "json"
		v.names = message.AddPath(v.names, 0, at.Path)
	}
	v.Body = o.Body
	if o.Field != "" && (o.Header != "" || o.Query != "") || o.Body && len(v.Locations) > 0 {
		c.wrong("header", config.KindContradiction, "contradicts jwt.field, jwt.body and jwt.query: a token in the body has one place, and one that is not may be in a header or in the query")
	}
}

// schemeOf returns the word before a token, with its space.
func schemeOf(written, name string) string {
	if written == none || written == "" && name != "Authorization" {
		return ""
	}
	return words.OrDefault(written, "Bearer") + " "
}

// shape finds out what is signed.
func (c *compiler) shape() {
	o, v := c.o, c.v
	v.Detached = o.Detached
	v.unencoded = o.UnencodedPayload
	v.sloppy = o.WithoutCrit
	if o.WithoutCrit && !o.UnencodedPayload {
		c.wrong("withoutCrit", config.KindNoEffect, "has no effect without unencodedPayload: true")
	}
	if o.UnencodedPayload && !o.Detached {
		c.wrong("unencodedPayload", config.KindInvalid, "belongs to detached: true; a token that has its payload writes it encoded")
	}
	if o.Detached && (o.Body || o.Field != "") {
		c.wrong("detached", config.KindContradiction, "contradicts a token in the body: the body is what is signed")
	}
	v.Bound = o.Detached || o.Body || o.BodyHash != nil
	v.PerDelivery = o.PerDelivery || o.Detached || o.Body || o.BodyHash != nil
	if o.Refusal != "" && o.Refusal != "plain" && o.Refusal != "secevent" {
		c.wrong("refusal", config.KindInvalid, config.NotKnown(o.Refusal, []string{"plain", "secevent"}))
	}
	v.SecEvent = o.Refusal == "secevent"
}

// algorithms finds out which signatures are accepted: never those that a token says.
func (c *compiler) algorithms() {
	c.v.algorithms = map[string]bool{}
	if len(c.o.Algorithms) == 0 {
		c.wrong("algorithms", config.KindRequired, "is required, because a token's own word for it is worth nothing (RFC 8725, 3.1); take those that the sender documents: "+strings.Join(jwk.Algorithms, ", "))
	}
	for i, name := range c.o.Algorithms {
		if jwk.FamilyOf(name) == "" {
			c.wrong(fmt.Sprintf("algorithms[%d]", i), config.KindInvalid, config.NotKnown(name, jwk.Algorithms))
		}
		c.v.algorithms[name] = true
	}
}

// keys resolves the keys that the algorithms need.
func (c *compiler) keys(resolver *secrets.Resolver) {
	o := c.o
	shared, public := 0, 0
	for _, name := range o.Algorithms {
		if jwk.FamilyOf(name) == jwk.HMAC {
			shared++
		} else if jwk.FamilyOf(name) != "" {
			public++
		}
	}
	if o.SecretEncoding != "" && !words.Contains(secretEncodings, o.SecretEncoding) {
		c.wrong("secretEncoding", config.KindInvalid, config.NotKnown(o.SecretEncoding, secretEncodings))
	}
	if shared > 0 {
		c.shared(resolver)
	} else if o.SecretEncoding != "" {
		c.wrong("secretEncoding", config.KindNoEffect, "has no effect, because no algorithm has a shared secret")
	}
	switch {
	case o.Certificates != nil && public == 0:
		c.wrong("certificates", config.KindNoEffect, "has no effect, because no algorithm of jwt.algorithms has a public key")
	case o.Certificates != nil:
		c.certificates(resolver)
	case o.JWKS != nil:
		c.jwks(resolver, public)
	case public > 0:
		c.public(resolver)
	}
	if shared > 0 && public > 0 && len(c.options.Secrets) > 0 && len(c.options.PublicKeys) > 0 {
		c.warn("algorithms", "has algorithms with a shared secret and others with public keys; a sender has one kind (RFC 8725, 3.1), so leave out what it does not use")
	}
	if shared > 0 && public > 0 && (len(c.options.Secrets) > 0) != (len(c.options.PublicKeys) > 0) {
		c.warn("algorithms", "has algorithms that there is no key for; leave them out (RFC 8725, 3.1)")
	}
}

// secretEncodings are the values of the option jwt.secretEncoding.
var secretEncodings = []string{"utf8", "hex", "base64"}

// shared makes keys of the secrets. One that is shorter than its hash is easier to guess
// than the signature is to forge, RFC 7518, 3.2; senders have such all the same.
func (c *compiler) shared(resolver *secrets.Resolver) {
	if len(c.options.Secrets) == 0 {
		if len(c.options.PublicKeys) == 0 {
			config.AddProblem(c.n, "secrets", config.KindRequired, "is required for HS256, HS384 and HS512; write env:NAME or file:/path")
		}
		return
	}
	wanted := 64
	for _, name := range c.o.Algorithms {
		if jwk.FamilyOf(name) == jwk.HMAC && jwk.SecretBytes(name) < wanted {
			wanted = jwk.SecretBytes(name)
		}
	}
	for i, key := range secrets.Keys(resolver, c.n, c.options.Secrets, words.OrDefault(c.o.SecretEncoding, "utf8")) {
		k := jwk.FromShared(key)
		c.v.shared = append(c.v.shared, &k)
		c.v.Keys = append(c.v.Keys, string(key))
		if len(key) < wanted && len(key) >= secrets.MinBytes { // shorter ones are warned of already
			config.AddWarning(c.n, fmt.Sprintf("secrets[%d]", i), config.KindWeakSecret, fmt.Sprintf("is shorter than the %d bytes that RFC 7518 asks for; if it is for you to choose, use %d random bytes", wanted, wanted))
		}
	}
}

// jwks finds out where the keys are that their owners replace.
func (c *compiler) jwks(resolver *secrets.Resolver, public int) {
	if public == 0 {
		c.wrong("jwks", config.KindNoEffect, "has no effect, because no algorithm has a public key")
	}
	if len(c.options.PublicKeys) > 0 {
		c.wrong("jwks", config.KindContradiction, "contradicts publicKeys; the keys are in one place")
	}
	if c.o.Detached && c.o.JWKS.Discovery {
		c.wrong("jwks.discovery", config.KindContradiction, "contradicts detached: such a signature names no issuer; jwks.url says where its keys are")
	}
	c.v.Sources = keyset.Compile(c.n, resolver, *c.o.JWKS, c.section+".jwks", c.o.Issuers, c.options.StateDirectory)
}

// public makes keys of the option publicKeys.
func (c *compiler) public(resolver *secrets.Resolver) {
	if len(c.options.PublicKeys) == 0 && len(c.options.Secrets) == 0 {
		config.AddProblem(c.n, "publicKeys", config.KindRequired, "is required for the algorithms of "+c.section+".algorithms, or "+c.section+".jwks; write a key in PEM, a JWK or a JWK set, or env:NAME or file:/path with one")
	}
	c.v.table = keyset.NewTable(secrets.PublicJWKs(resolver, c.n, c.options.PublicKeys))
	c.v.public = keyset.All(c.v.table)
	for _, k := range c.v.public {
		c.v.Keys = append(c.v.Keys, k.Thumbprint)
	}
	for _, name := range c.o.Algorithms {
		if len(c.v.public) > 0 && jwk.FamilyOf(name) != jwk.HMAC && jwk.FamilyOf(name) != "" && !fitsAny(c.v.public, name) {
			c.wrong("algorithms", config.KindInvalid, "has "+name+", which none of publicKeys verifies; they verify "+strings.Join(fitting(c.v.public), ", "))
		}
	}
}

func fitsAny(keys []*jwk.Key, name string) bool {
	for _, k := range keys {
		if jwk.Allows(k, name) {
			return true
		}
	}
	return false
}

// fitting returns the algorithms that some keys verify.
func fitting(keys []*jwk.Key) []string {
	names := []string{}
	for _, name := range jwk.Algorithms {
		if fitsAny(keys, name) {
			names = append(names, name)
		}
	}
	return names
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range list {
		set[text] = true
	}
	return set
}
