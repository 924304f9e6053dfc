package hookward

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// verification is what a request is verified by, and the handshakes that go with it.
type verification struct {
	schemes    []*scheme
	token      *token
	handshakes handshakes
}

// compileVerification compiles what a request is verified by: a signature or a
// token. Of two it would never be clear whether one is enough. The row is the provider's.
func compileVerification(n *notes, secrets *resolver, options, row Options, methods map[string]bool) verification {
	v := verification{}
	signature := options.Signature != nil && (options.Provider != "" || len(options.Signature.Header) > 0 || options.Signature.Field != "")
	lacks := []problem{}
	switch {
	case options.Allowlist != nil && options.Allowlist.Alone:
		return v
	case signature && options.Token != nil:
		addProblem(n, "token", kindContradiction, "contradicts signature; a gate verifies one of the two")
	case signature:
		v.schemes, lacks = compileSignature(n, secrets, options, row)
	case options.Token != nil:
		v.token = compileToken(n, secrets, options)
	default:
		addProblem(n, "provider", kindRequired, "is required, or signature.header for a scheme of your own, or token; docs/providers.md lists the providers")
		return v
	}
	v.handshakes = compileHandshakes(n, secrets, options, v.schemes, methods)
	if len(v.schemes) == 0 && v.token == nil && len(lacks) > 0 {
		n.problems = append(n.problems, lacks[0])
	}
	if len(n.problems) == 0 {
		checkEffects(n, options, v)
	}
	return v
}

// compileSignature compiles the forms of the option signature: the first one, and
// alternatives that differ from it in what they say. A form that has no keys is left out;
// the second result is what those lack.
func compileSignature(n *notes, secrets *resolver, options, row Options) ([]*scheme, []problem) {
	schemes, lacks := []*scheme{}, []problem{}
	for i, o := range allForms(*options.Signature) {
		path := "signature"
		if i > 0 {
			path = fmt.Sprintf("signature.alternatives[%d]", i-1)
			if isRowsEncoding(row.Signature, o.SecretEncoding) && !readsSecrets(secrets, n, options, o.SecretEncoding) {
				continue
			}
		}
		said := len(n.warnings)
		s, lack := compileScheme(n, secrets, options, o, path)
		n.warnings = append(n.warnings[:said], withoutRowsOwn(n.warnings[said:], options, row, o.Signs)...)
		if lack.text != "" {
			lacks = append(lacks, lack)
		} else {
			schemes = append(schemes, s)
		}
	}
	if len(options.Signature.Alternatives) > maxAlternatives {
		addProblem(n, "signature.alternatives", kindInvalid, "at most 4")
	}
	return schemes, lacks
}

// withoutRowsOwn leaves out of the warnings on a form what a provider's row says in the
// same words: the documentation says what that does not bind.
func withoutRowsOwn(warnings []problem, options, row Options, signs string) []problem {
	kept := []problem{}
	for _, w := range warnings {
		unbound := w.kind == kindUnboundBody && hasForm(row.Signature, signs)
		if !unbound && (w.kind != kindLongTolerance || options.Tolerance != row.Tolerance) {
			kept = append(kept, w)
		}
	}
	return kept
}

// hasForm says whether a template is that of one of a row's forms.
func hasForm(row *SignatureOptions, signs string) bool {
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
func checkEffects(n *notes, options Options, v verification) {
	if len(options.Secrets) > 0 && v.token == nil && !usesSecrets(v.schemes) {
		addProblem(n, "secrets", kindNoEffect, "has no effect, because the scheme has a public key")
	}
	if len(options.PublicKeys) > 0 && !usesPublicKeys(v.schemes) {
		addProblem(n, "publicKeys", kindNoEffect, "has no effect, because the scheme has a shared secret")
	}
	if options.PublicURL != "" && !usesURL(v.schemes) && !digestsURL(v.handshakes.all) {
		addProblem(n, "publicURL", kindNoEffect, "has no effect, because the scheme does not sign the URL")
	}
	if options.ConfirmSubscriptions && (len(v.schemes) == 0 || v.schemes[0].certificate.kind == "") {
		addWarning(n, "confirmSubscriptions", kindNoEffect, "has no effect, because it belongs to AWS SNS")
	}
}

// useVerifier adds to a policy what its requests are verified by.
func useVerifier(p *policy, v verification, options Options) {
	p.schemes = v.schemes
	p.token = v.token
	p.handshakes = v.handshakes.all
	p.challenges = v.handshakes.challenges
	p.unsigned = v.handshakes.unsigned
	p.signed = v.handshakes.signed
	p.greets = v.handshakes.greets
	p.confirm = options.ConfirmSubscriptions && len(v.schemes) > 0 && v.schemes[0].certificate.kind != ""
	p.allow = strings.Join(orPost(options.Methods), ", ")
	for _, method := range v.handshakes.methods {
		if !strings.Contains(p.allow, method) {
			p.allow += ", " + method
		}
	}
}

// verificationOf returns a digest of all that decides what verifies: the options,
// and the keys that they stand for.
func verificationOf(schemes []*scheme, t *token, options Options) string {
	h := sha256.New()
	text, _ := json.Marshal([]any{options.Provider, options.Signature, options.Token, options.Senders, options.PublicURL, options.VerifyToken, options.Tolerance, options.PublicKeys})
	h.Write(text)
	for _, s := range schemes {
		for _, key := range s.keys {
			h.Write([]byte(fmt.Sprintf("%d:", len(key))))
			h.Write(key)
		}
	}
	if t != nil {
		for _, key := range t.digests {
			h.Write([]byte(fmt.Sprintf("%d:", len(key))))
			h.Write(key)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// verifiedNames returns the canonical names of the headers that a request is verified by.
func verifiedNames(schemes []*scheme, t *token) map[string]bool {
	names := map[string]bool{}
	for _, s := range schemes {
		for name := range schemeNames(s) {
			names[name] = true
		}
	}
	if t != nil {
		addHeaders(names, t.places)
		addHeaders(names, []place{t.id, t.event})
		if t.scheme != "" {
			names["Authorization"] = true
		}
	}
	return names
}

// prove says whether one of the policy's keys vouches for a message, and which.
func prove(p *policy, m *message, now time.Time) proof {
	if p.alone {
		return proof{reason: addressAllowed} // the lists have said so
	}
	if p.token != nil {
		key, reason := verifyToken(p.token, m)
		return proof{reason: reason, secret: key}
	}
	return verifySchemes(&p.verifier, m, now)
}
