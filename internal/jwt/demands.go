package jwt

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// detached says which options a signature without claims has no use for.
func (c *compiler) detached() {
	o := c.o
	for _, option := range []struct {
		name  string
		given bool
	}{
		{"issuers", len(o.Issuers) > 0}, {"audiences", len(o.Audiences) > 0}, {"types", len(o.Types) > 0}, {"requiredClaims", len(o.RequiredClaims) > 0},
		{"claims", len(o.Claims) > 0}, {"scopes", len(o.Scopes) > 0}, {"maxAge", o.MaxAge > 0}, {"ageClaim", o.AgeClaim != ""},
		{"maxLifetime", o.MaxLifetime > 0}, {"bodyHash", o.BodyHash != nil}, {"url", o.URL != nil}, {"perDelivery", o.PerDelivery},
	} {
		if option.given {
			c.wrong(option.name, config.KindNoEffect, "has no effect with detached: such a signature is over the body, and has no claims")
		}
	}
	if c.options.Tolerance != 0 {
		config.AddProblem(c.n, "tolerance", config.KindNoEffect, "has no effect, because a detached signature says nothing of its time")
	}
}

// claims finds out what a token must say.
func (c *compiler) claims() {
	o, v := c.o, c.v
	if len(o.Issuers) > 0 {
		v.issuers = setOf(o.Issuers)
	}
	if len(o.Audiences) > 0 {
		v.audiences = setOf(o.Audiences)
	}
	if len(o.Types) > 0 {
		v.types = map[string]bool{}
	}
	for _, name := range o.Types {
		if name == none {
			name = ""
		}
		v.types[foldType(name)] = true
	}
	v.events = v.types[secEventType]
	v.scopes = o.Scopes
	for i, name := range o.Scopes {
		if strings.ContainsAny(name, " \"\\") {
			c.wrong(fmt.Sprintf("scopes[%d]", i), config.KindInvalid, "is one word, RFC 6749, 3.3")
		}
	}
	v.required = o.RequiredClaims
	positions := map[string]int{}
	for i, text := range o.Claims {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			c.wrong(fmt.Sprintf("claims[%d]", i), config.KindInvalid, words.Quote(text)+" is not NAME=VALUE, such as email=hooks@example.com")
			continue
		}
		if words.Contains([]string{"exp", "nbf", "iat", "iss", "aud"}, name) {
			c.wrong(fmt.Sprintf("claims[%d]", i), config.KindInvalid, "is about "+name+", which has an option of its own, or is looked at anyway")
			continue
		}
		at, known := positions[name]
		if !known {
			at = len(v.claims)
			positions[name] = at
			v.claims = append(v.claims, wantedClaim{parseClaim(name), map[string]bool{}})
		}
		v.claims[at].values[value] = true
	}
}

// times finds out how old a token may be.
func (c *compiler) times() {
	o, v := c.o, c.v
	v.MaxAge = o.MaxAge
	if o.AgeClaim != "" {
		v.ageClaim = parseClaim(o.AgeClaim)
		if o.MaxAge == 0 {
			c.wrong("maxAge", config.KindRequired, "is required with jwt.ageClaim: how old a token may be")
		}
	}
	v.maxLifetime = o.MaxLifetime
	if v.maxLifetime == 0 {
		v.maxLifetime = defaultMaxLifetime
	}
	if len(v.required) == 0 && !v.Bound && v.MaxAge == 0 {
		v.required = []string{"exp"}
	}
}

// binding finds out how a token is bound to the request.
func (c *compiler) binding() {
	o, v := c.o, c.v
	hashes := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}
	if b := o.BodyHash; b != nil {
		h := &bodyHash{parseClaim(b.Claim), words.OrDefault(b.Encoding, "hex"), hashes[words.OrDefault(b.Algorithm, "sha256")], b.AbsentIfEmpty}
		if b.Claim == "" {
			c.wrong("bodyHash.claim", config.KindRequired, "is required: the claim that has the digest of the body")
		}
		encodings := []string{"hex", "base64", "base64url", encodingText}
		if !words.Contains(encodings, h.encoding) {
			c.wrong("bodyHash.encoding", config.KindInvalid, config.NotKnown(b.Encoding, encodings))
		}
		if h.encoding == encodingText && b.Algorithm != "" {
			c.wrong("bodyHash.algorithm", config.KindNoEffect, "has no effect on the body itself")
		}
		if h.hash == 0 {
			c.wrong("bodyHash.algorithm", config.KindInvalid, config.NotKnown(b.Algorithm, []string{"sha256", "sha384", "sha512"}))
		}
		if o.Body || o.Field != "" {
			c.wrong("bodyHash", config.KindContradiction, "contradicts a token in the body, which can't have a digest of itself")
		}
		v.bodyHash = h
	}
	if u := o.URL; u != nil {
		c.url(u)
	}
	if c.options.PublicURL != "" {
		problem := signature.PublicURLProblem(c.options.PublicURL)
		if problem != "" {
			config.AddProblem(c.n, "publicURL", config.KindInvalid, problem)
		}
	}
}

// url finds out which claim names the address.
func (c *compiler) url(o *config.URLClaimOptions) {
	forms := []string{formURL, formSHA256, formQSH}
	form := words.OrDefault(o.Form, formURL)
	claim := o.Claim
	switch {
	case !words.Contains(forms, form):
		c.wrong("url.form", config.KindInvalid, config.NotKnown(o.Form, forms))
	case form == formQSH && claim == "":
		claim = formQSH
	case claim == "":
		c.wrong("url.claim", config.KindRequired, "is required: the claim that has the address, such as aud")
	}
	if form != formQSH && c.options.PublicURL == "" {
		config.AddProblem(c.n, "publicURL", config.KindRequired, "is required, because the token says which address it is for; give all of it as the sender knows it, such as https://hooks.example.com/in")
	}
	c.v.url = &urlClaim{parseClaim(claim), form, c.options.PublicURL}
}

// protects says where a token would let in too many. One that says nothing of the body is
// good for everything that its holder sends, so it must be for us, and for a while.
func (c *compiler) protects() {
	v := c.v
	if v.Bound {
		return
	}
	pinned := len(v.claims) > 0 || v.sender.name != "" || v.url != nil || v.Introspection != nil && len(v.scopes) > 0
	if v.audiences == nil && !pinned {
		c.wrong("audiences", config.KindRequired, "is required, because the token says nothing of the body: a token that the issuer has made for another service would pass (RFC 8725, 3.9); or pin the sender with "+c.section+".claims, such as "+c.example)
	}
	timed := v.MaxAge > 0 || AsksExpiry(v) || v.Introspection != nil // the server says that it is good
	if !timed {
		c.wrong("requiredClaims", config.KindRequired, "must have exp, or maxAge must be given, because the token says nothing of the body: whoever has seen one could use it for ever")
	}
	if v.issuers == nil && !pinned && (len(v.public) > 0 || len(v.Sources) > 0) {
		c.warn("issuers", "is not given, so a token may be of any issuer whose key this is (RFC 8725, 3.8)")
	}
}
