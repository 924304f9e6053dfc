package policy

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/sns"
	"github.com/hookward/hookward/internal/tokens"
	"github.com/hookward/hookward/internal/words"
)

// verification is what a request is verified by, and the handshakes that go with it.
type verification struct {
	schemes    []*signature.Scheme
	token      *tokens.Token
	jwt        *jwt.Verifier
	message    *messagesignature.Verifier
	alone      bool // the client's certificate is all that is asked for
	handshakes handshakes.Set
}

// compileVerification compiles what a request is verified by: a signature, a token, a JWT or a
// message signature, or the client's certificate alone. Of two of the former it would never be
// clear whether one is enough. The row is the provider's.
func compileVerification(n *config.Notes, secrets *secrets.Resolver, options, row config.Options, methods map[string]bool) verification {
	v := verification{}
	signature := options.Signature != nil && (options.Provider != "" || len(options.Signature.Header) > 0 || options.Signature.Field != "")
	lacks := []config.Problem{}
	switch {
	case options.Allowlist != nil && options.Allowlist.Alone:
		return v
	case signature && options.Token != nil:
		config.AddProblem(n, "token", config.KindContradiction, "contradicts signature; a gate verifies one of the two")
	case options.OAuth2 != nil && (signature || options.Token != nil || options.JWT != nil || options.MessageSignature != nil):
		config.AddProblem(n, "oauth2", config.KindContradiction, "contradicts signature, token, jwt and messageSignature; a gate verifies one of them")
	case options.OAuth2 != nil:
		v.jwt = jwt.CompileOAuth2(n, secrets, options)
	case options.JWT != nil && (signature || options.Token != nil || options.MessageSignature != nil):
		config.AddProblem(n, "jwt", config.KindContradiction, "contradicts signature, token and messageSignature; a gate verifies one of them")
	case options.JWT != nil:
		said := len(n.Warnings)
		v.jwt = jwt.Compile(n, secrets, options)
		n.Warnings = append(n.Warnings[:said], withoutRowsAlgorithms(n.Warnings[said:], options, row)...)
	case options.MessageSignature != nil && (signature || options.Token != nil):
		config.AddProblem(n, "messageSignature", config.KindContradiction, "contradicts signature and token; a gate verifies one of them")
	case signature:
		v.schemes, lacks = compileSignature(n, secrets, options, row)
	case options.Token != nil:
		v.token = tokens.Compile(n, secrets, options)
	case options.MessageSignature != nil:
		v.message = messagesignature.Compile(n, secrets, options)
	case options.ClientCertificate != nil:
		v.alone = true
	default:
		config.AddProblem(n, "provider", config.KindRequired, "is required, or signature.header for a scheme of your own, or token, jwt, oauth2, messageSignature or clientCertificate; docs/providers.md lists the providers")
		return v
	}
	v.handshakes = handshakes.Compile(n, secrets, options, v.schemes, methods)
	if len(v.schemes) == 0 && v.token == nil && v.jwt == nil && v.message == nil && len(lacks) > 0 {
		n.Problems = append(n.Problems, lacks[0])
	}
	if len(n.Problems) == 0 {
		checkEffects(n, options, v)
	}
	return v
}

// amazon is where messages of SNS have their certificates.
var amazon = signature.Certificates{Senders: sns.TopicOf, Keys: sns.Keys}

// compileSignature compiles the schemes of the option signature: the first one, and
// alternatives that differ from it in what they say. A scheme that has no keys is left out;
// the second result is what those lack.
func compileSignature(n *config.Notes, resolver *secrets.Resolver, options, row config.Options) ([]*signature.Scheme, []config.Problem) {
	schemes, lacks := []*signature.Scheme{}, []config.Problem{}
	for i, o := range signature.AllSchemes(*options.Signature) {
		path := "signature"
		if i > 0 {
			path = fmt.Sprintf("signature.alternatives[%d]", i-1)
			if secrets.IsRowsEncoding(row.Signature, o.SecretEncoding) && !secrets.ReadsSecrets(resolver, n, options, o.SecretEncoding) {
				continue
			}
		}
		said := len(n.Warnings)
		s, lack := signature.Compile(n, resolver, options, o, path, amazon)
		n.Warnings = append(n.Warnings[:said], withoutRowsOwn(n.Warnings[said:], options, row, o.Signs)...)
		if lack.Text != "" {
			lacks = append(lacks, lack)
		} else {
			schemes = append(schemes, s)
		}
	}
	if len(options.Signature.Alternatives) > signature.MaxAlternatives {
		config.AddProblem(n, "signature.alternatives", config.KindInvalid, "at most 4")
	}
	return schemes, lacks
}

// withoutRowsOwn leaves out of the warnings on a scheme what a provider's row says in the
// same words: the documentation says what that does not bind.
func withoutRowsOwn(warnings []config.Problem, options, row config.Options, signs string) []config.Problem {
	kept := []config.Problem{}
	for _, w := range warnings {
		unbound := w.Kind == config.KindUnboundBody && hasScheme(row.Signature, signs)
		if !unbound && (w.Kind != config.KindLongTolerance || options.Tolerance != row.Tolerance) {
			kept = append(kept, w)
		}
	}
	return kept
}

// withoutRowsAlgorithms leaves out of the warnings on a token what they say of algorithms
// that a provider's row has, of which a sender uses one.
func withoutRowsAlgorithms(warnings []config.Problem, options, row config.Options) []config.Problem {
	if row.JWT == nil || strings.Join(row.JWT.Algorithms, ",") != strings.Join(options.JWT.Algorithms, ",") {
		return warnings
	}
	kept := []config.Problem{}
	for _, w := range warnings {
		if w.Path != "jwt.algorithms" {
			kept = append(kept, w)
		}
	}
	return kept
}

// hasScheme says whether a template is that of one of a row's schemes.
func hasScheme(row *config.SignatureOptions, signs string) bool {
	if row == nil || signs == "" {
		return false
	}
	for _, alternative := range row.Alternatives {
		if alternative.Signs == signs {
			return true
		}
	}
	return row.Signs == signs
}

// checkEffects names options that what is verified has no use for.
func checkEffects(n *config.Notes, options config.Options, v verification) {
	if v.alone {
		for _, name := range given(&options, []string{"secrets", "publicKeys", "senders", "publicURL", "tolerance"}) {
			config.AddProblem(n, name, config.KindNoEffect, "has no effect, because the client's certificate is all that is verified")
		}
		return
	}
	if options.ConfirmSubscriptions && (len(v.schemes) == 0 || v.schemes[0].Certificate.Kind == "") {
		config.AddWarning(n, "confirmSubscriptions", config.KindNoEffect, "has no effect, because it belongs to AWS SNS")
	}
	if v.message != nil {
		return // any of them may cover the URL
	}
	if len(options.Secrets) > 0 && v.token == nil && !signature.UsesSecrets(v.schemes) && !jwt.UsesSecrets(v.jwt) {
		config.AddProblem(n, "secrets", config.KindNoEffect, "has no effect, because the scheme has a public key")
	}
	if len(options.PublicKeys) > 0 && !signature.UsesPublicKeys(v.schemes) && !jwt.UsesPublicKeys(v.jwt) {
		config.AddProblem(n, "publicKeys", config.KindNoEffect, "has no effect, because the scheme has a shared secret")
	}
	if options.PublicURL != "" && !signature.UsesURL(v.schemes) && !jwt.UsesURL(v.jwt) && !handshakes.DigestsURL(v.handshakes.All) {
		config.AddProblem(n, "publicURL", config.KindNoEffect, "has no effect, because the scheme does not sign the URL")
	}
}

// useVerifier adds to a policy what its requests are verified by.
func useVerifier(p *Policy, v verification, options config.Options) {
	p.Schemes = v.schemes
	p.Token = v.token
	p.JWT = v.jwt
	p.MessageSignature = v.message
	p.CertificateAlone = v.alone
	if v.jwt != nil {
		p.KeySources = v.jwt.Sources
	}
	if v.message != nil {
		p.KeySources = v.message.Sources
	}
	p.Handshakes = v.handshakes.All
	p.Challenges = v.handshakes.Challenges
	p.Unsigned = v.handshakes.Unsigned
	p.Signed = v.handshakes.Signed
	p.HandshakeMethods = v.handshakes.Methods
	p.Confirm = options.ConfirmSubscriptions && len(v.schemes) > 0 && v.schemes[0].Certificate.Kind != ""
	p.Allow = strings.Join(orPost(options.Methods), ", ")
	for _, h := range p.Handshakes {
		if p.HandshakeMethods[h.Method] && !strings.Contains(p.Allow, h.Method) {
			p.Allow += ", " + h.Method
		}
	}
}

// verificationOf returns a digest of all that decides what verifies: the options,
// and the keys that they stand for.
func verificationOf(p *Policy, options config.Options) string {
	text := asJSON(options.Provider, options.Signature, options.Token, options.Senders, options.PublicURL, options.VerifyToken, options.Tolerance, options.PublicKeys)
	if p.JWT != nil {
		text += asJSON(options.JWT, options.OAuth2, p.JWT.Keys)
	}
	keys := [][]byte{}
	for _, s := range p.Schemes {
		keys = append(keys, s.Keys...)
	}
	if p.Token != nil {
		keys = append(keys, p.Token.Digests...)
	}
	for _, key := range keys {
		text += fmt.Sprintf("%d:%s", len(key), key)
	}
	digest := words.Digest(text)
	if p.MessageSignature != nil {
		digest = words.Digest(asJSON(digest, options.MessageSignature) + messagesignature.KeyText(p.MessageSignature))
	}
	if p.Certificate != nil {
		digest = words.Digest(asJSON(digest, options.ClientCertificate))
	}
	return digest
}

func asJSON(values ...any) string {
	text, _ := json.Marshal(values)
	return string(text)
}

// verifiedNames returns the canonical names of the headers that a request is verified by.
func verifiedNames(p *Policy) map[string]bool {
	names := map[string]bool{}
	t := p.Token
	if p.JWT != nil {
		signature.AddHeaders(names, p.JWT.Locations)
		signature.AddHeaders(names, []message.Location{p.JWT.ID, p.JWT.Event})
	}
	for _, s := range p.Schemes {
		for name := range signature.SchemeNames(s) {
			names[name] = true
		}
	}
	if t != nil {
		signature.AddHeaders(names, t.Locations)
		signature.AddHeaders(names, []message.Location{t.ID, t.Event})
		if t.Scheme != "" {
			names["Authorization"] = true
		}
	}
	if p.MessageSignature != nil {
		for name := range p.MessageSignature.Names {
			names[name] = true
		}
	}
	if p.Certificate != nil && p.Certificate.Header != "" {
		names[p.Certificate.Header] = true
	}
	return names
}
