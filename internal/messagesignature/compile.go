package messagesignature

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
	section     = "messageSignature"
	defaultSkew = time.Minute
	maxNonce    = 64
)

// What a signature covers unless the options say otherwise: with less it could be moved to
// another request.
var (
	defaultComponents = []string{"@method", "@target-uri", "content-digest"}
	cavageComponents  = []string{requestTarget, "host", "digest"}
)

var (
	allParameters    = []string{"created", "expires", "nonce", "keyid", "alg", "tag"}
	cavageParameters = []string{"created", "expires", "keyid", "alg"}
	dialects         = []string{"rfc9421", "cavage"}
	encodings        = []string{"base64", "base64url"}
	keyEncodings     = []string{"utf8", "hex", "base64"}
	digestNames      = []string{"sha-256", "sha-512"}
)

// Compile compiles the option messageSignature.
func Compile(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Verifier {
	o := *options.MessageSignature
	v := &Verifier{Cavage: o.Dialect == "cavage", Label: o.Label, Tags: o.Tags, KeyIDs: o.KeyIDs, Lifetime: o.MaxLifetime, minNonce: int(o.MinNonceBytes)}
	v.Base64URL = o.Encoding == "base64url"
	v.Tolerance = options.Tolerance
	if v.Tolerance == 0 {
		v.Tolerance = config.DefaultTolerance
	}
	v.Skew = o.ClockSkew
	if v.Skew == 0 {
		v.Skew = defaultSkew
	}
	checkChoices(n, v, o)
	v.ID = message.LocationOption(n, section+".idHeader", o.IDHeader, section+".idField", o.IDField)
	v.Event = message.LocationOption(n, section+".eventHeader", o.EventHeader, section+".eventField", o.EventField)
	compileCoverage(n, v, o)
	compileParameters(n, v, o)
	compileURL(n, v, options.PublicURL)
	v.keyMembers = compileKeyMembers(n, o.KeyMembers)
	compileKeys(n, resolver, v, options, o)
	compileAlgorithms(n, v, o)
	checkFreshness(n, v, options)
	v.Names = namesRead(v)
	if len(options.Senders) > 0 {
		config.AddProblem(n, "senders", config.KindNoEffect, "has no effect, because a message signature names a key; that is "+section+".keyIDs")
	}
	return v
}

// wrong notes a mistake in an option of the section.
func wrong(n *config.Notes, option, kind, text string) {
	config.AddProblem(n, section+"."+option, kind, text)
}

// checkChoices checks the options that have one of a few values, or none in a dialect.
func checkChoices(n *config.Notes, v *Verifier, o config.MessageSignatureOptions) {
	for _, choice := range []struct {
		option, value string
		allowed       []string
	}{
		{"dialect", o.Dialect, dialects}, {"encoding", o.Encoding, encodings}, {"wwwAuthenticate", o.WWWAuthenticate, vocabularies}, {"secretEncoding", o.SecretEncoding, keyEncodings},
	} {
		if choice.value != "" && !words.Contains(choice.allowed, choice.value) {
			wrong(n, choice.option, config.KindInvalid, config.NotKnown(choice.value, choice.allowed))
		}
	}
	v.Digests = map[string]bool{}
	for i, name := range orList(o.DigestAlgorithms, digestNames) {
		if digestHashes[name] == nil {
			wrong(n, fmt.Sprintf("digestAlgorithms[%d]", i), config.KindInvalid, config.NotKnown(name, digestNames))
		}
		v.Digests[name] = true
	}
	if v.Cavage {
		for _, other := range []struct {
			option string
			given  bool
		}{{"tags", len(o.Tags) > 0}, {"label", o.Label != ""}, {"minNonceBytes", o.MinNonceBytes > 0}, {"encoding", v.Base64URL}} {
			if other.given {
				wrong(n, other.option, config.KindNoEffect, "has no effect, because the dialect cavage has no such thing")
			}
		}
	}
	if o.MinNonceBytes > maxNonce {
		wrong(n, "minNonceBytes", config.KindInvalid, fmt.Sprintf("must be at most %d", maxNonce))
	}
}

// compileCoverage compiles what has to be covered.
func compileCoverage(n *config.Notes, v *Verifier, o config.MessageSignatureOptions) {
	usual := defaultComponents
	if v.Cavage {
		usual = cavageComponents
	}
	v.Components = orList(o.Components, usual)
	v.IfPresent = o.CoverIfPresent
	for i, name := range v.Components {
		checkComponent(n, v, name, fmt.Sprintf("components[%d]", i))
	}
	for i, name := range v.IfPresent {
		path := fmt.Sprintf("coverIfPresent[%d]", i)
		checkComponent(n, v, name, path)
		if strings.Trim(name, "@(") != name && name != "@query" {
			wrong(n, path, config.KindInvalid, words.Quote(name)+" is there in every request; it belongs into components")
		}
	}
	if !BindsBody(v) {
		config.AddWarning(n, section+".components", config.KindUnboundBody, "does not have "+usual[2]+", so whoever has seen one delivery can change its body")
	}
}

// checkComponent checks one name.
func checkComponent(n *config.Notes, v *Verifier, name, path string) {
	special := derived
	if v.Cavage {
		special = []string{requestTarget}
	}
	switch {
	case words.Contains(special, name):
	case name == "digest" && !v.Cavage:
		wrong(n, path, config.KindInvalid, "is the digest of the dialect cavage; that of RFC 9530 is content-digest")
	case strings.ToLower(name) != name && header.IsName(name):
		wrong(n, path, config.KindInvalid, words.Quote(name)+" must be in small letters, as it stands in the signature: "+strings.ToLower(name))
	case !header.IsName(name):
		wrong(n, path, config.KindInvalid, words.Quote(name)+" is neither the name of a header nor one of "+strings.Join(special, ", "))
	case name == "signature" || name == "signature-input":
		wrong(n, path, config.KindInvalid, "can't be covered by the signature that stands in it")
	}
}

// compileParameters compiles what a signature has to say of itself.
func compileParameters(n *config.Notes, v *Verifier, o config.MessageSignatureOptions) {
	allowed := allParameters
	if v.Cavage {
		allowed = cavageParameters
	}
	v.Parameters = orList(o.Parameters, []string{"created"})
	for i, name := range v.Parameters {
		if !words.Contains(allowed, name) {
			wrong(n, fmt.Sprintf("parameters[%d]", i), config.KindInvalid, config.NotKnown(name, allowed))
		}
	}
	if len(v.KeyIDs) > 0 && !words.Contains(v.Parameters, "keyid") {
		v.Parameters = append(append([]string{}, v.Parameters...), "keyid")
	}
}

// checkFreshness warns of signatures that are good for long.
func checkFreshness(n *config.Notes, v *Verifier, options config.Options) {
	if !words.Contains(v.Parameters, "created") && !words.Contains(v.Parameters, "expires") && options.Replay == nil {
		config.AddWarning(n, section+".parameters", config.KindLongTolerance, "does not have created, so a captured delivery can be sent again for ever; replay lets it pass once in its window")
	}
	if v.Tolerance > time.Hour {
		config.AddWarning(n, "tolerance", config.KindLongTolerance, "is more than an hour; a captured delivery can be sent again all that time")
	}
	if v.Skew > v.Tolerance {
		wrong(n, "clockSkew", config.KindContradiction, "must be at most tolerance, "+v.Tolerance.String())
	}
}

// compileKeyMembers compiles what a JWK must have.
func compileKeyMembers(n *config.Notes, written []string) map[string][]string {
	members := map[string][]string{}
	for i, text := range written {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			wrong(n, fmt.Sprintf("keyMembers[%d]", i), config.KindInvalid, words.Quote(text)+" is not NAME=TEXT")
		}
		members[name] = append(members[name], value)
	}
	return members
}

// compileKeys resolves the keys.
func compileKeys(n *config.Notes, resolver *secrets.Resolver, v *Verifier, options config.Options, o config.MessageSignatureOptions) {
	for _, secret := range secrets.Keys(resolver, n, options.Secrets, words.OrDefault(o.SecretEncoding, "utf8")) {
		v.Keys = append(v.Keys, jwk.FromShared(secret))
	}
	v.secrets = len(v.Keys)
	v.Keys = append(v.Keys, secrets.PublicJWKs(resolver, n, options.PublicKeys)...)
	if o.SecretEncoding != "" && len(options.Secrets) == 0 {
		wrong(n, "secretEncoding", config.KindNoEffect, "has no effect without secrets")
	}
	if o.JWKS != nil {
		if len(options.PublicKeys) > 0 {
			wrong(n, "jwks", config.KindContradiction, "contradicts publicKeys; the keys are in one place")
		}
		if o.JWKS.Discovery {
			wrong(n, "jwks.discovery", config.KindNoEffect, "has no effect, because a message signature names no issuer; give jwks.url")
		}
		v.Sources = keyset.Compile(n, resolver, *o.JWKS, section+".jwks", nil, options.StateDirectory)
	}
	if len(options.Secrets) == 0 && len(options.PublicKeys) == 0 && o.JWKS == nil {
		config.AddProblem(n, "publicKeys", config.KindRequired, "is required, or messageSignature.jwks, or secrets for HMAC; write the key itself, env:NAME or file:/path")
	}
}

// compileAlgorithms compiles which algorithms may be used: those for which there are keys.
func compileAlgorithms(n *config.Notes, v *Verifier, o config.MessageSignatureOptions) {
	known := algorithms
	if v.Cavage {
		known = cavageAlgorithms
	}
	usable := []string{}
	for _, name := range known {
		if isUsable(v, name) {
			usable = append(usable, name)
		}
	}
	if len(o.Algorithms) == 0 {
		v.Algorithms = usable
		return
	}
	for i, name := range o.Algorithms {
		path := fmt.Sprintf("algorithms[%d]", i)
		switch {
		case !words.Contains(known, name):
			wrong(n, path, config.KindInvalid, config.NotKnown(name, known))
		case !words.Contains(usable, name) && len(o.Algorithms) == 1 && len(v.Keys)+len(v.Sources) > 0:
			wrong(n, path, config.KindMisfit, "has no key that fits it")
		}
	}
	v.Algorithms = o.Algorithms
}

// isUsable says whether there is a key, or may be one, for an algorithm. Of a published set
// nobody knows which keys it will have.
func isUsable(v *Verifier, name string) bool {
	for i := range v.Keys {
		if allows(&v.Keys[i], name) {
			return true
		}
	}
	return len(v.Sources) > 0 && !strings.HasPrefix(name, "hmac")
}

// orList returns a list, or the one that stands for none.
func orList(list, fallback []string) []string {
	if len(list) == 0 {
		return fallback
	}
	return list
}
