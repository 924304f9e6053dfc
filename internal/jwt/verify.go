package jwt

import (
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// Verify says whether a request has a token of one of the keys that says what it must, or a
// signature of its body in that form. Of a list of tokens each must. The key sets are those
// of v.Sources, in their order.
func Verify(v *Verifier, m *message.Message, sets []*keyset.Set, now time.Time) signature.Proof {
	if v.Introspection != nil {
		return signature.Proof{Reason: verdict.IntrospectionUnavailable} // who explains a request asks nobody
	}
	texts, reason := Collect(v, m)
	found := signature.Proof{Reason: reason}
	if reason != verdict.TokenRead {
		return found
	}
	heads := ""
	for _, text := range texts {
		found = verifyOne(v, m, text, sets, now)
		if found.Reason != verdict.Verified {
			return found
		}
		heads += found.SignedHead
	}
	found.SignedHead = heads
	if v.inJSON && message.HasDuplicateNames(m.Body, v.names) {
		found.Reason = verdict.BodyMalformed
	}
	return found
}

// Collect returns the tokens of a request, of which there are several in a list of the body
// alone. The second result is TokenRead or the reason to refuse.
func Collect(v *Verifier, m *message.Message) ([]string, string) {
	if len(v.Locations) == 1 && v.Locations[0].Kind == "header" && len(m.Request.Header[v.Locations[0].Name]) == 1 {
		text, reason := withoutScheme(v.Scheme, m.Request.Header[v.Locations[0].Name][0])
		if reason == verdict.TokenRead && len(text) > maxHeaderToken {
			reason = verdict.TokenMalformed
		}
		return []string{text}, reason
	}
	return collectAny(v, m)
}

// collectAny is Collect for all that is not one line of one header.
func collectAny(v *Verifier, m *message.Message) ([]string, string) {
	if v.Body {
		if len(m.Body) == 0 {
			return nil, verdict.TokenMissing
		}
		return []string{string(m.Body)}, verdict.TokenRead
	}
	texts := []string{}
	for i := range v.Locations {
		p := &v.Locations[i]
		found := message.TextsAt(p, m)
		if p.Kind != "json" && len(found) > 1 || len(found) > 0 && len(texts) > 0 {
			return nil, verdict.TokenDuplicated
		}
		if p.Kind == "header" && len(found) == 1 {
			text, reason := withoutScheme(v.Scheme, found[0])
			if reason != verdict.TokenRead {
				return nil, reason
			}
			found = []string{text}
		}
		for _, text := range found {
			if p.Kind != "json" && len(text) > maxHeaderToken {
				return nil, verdict.TokenMalformed
			}
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 || texts[0] == "" {
		return nil, verdict.TokenMissing
	}
	if len(texts) > maxTokens {
		return nil, verdict.TokenMalformed
	}
	return texts, verdict.TokenRead
}

// withoutScheme returns the token of a header: behind the scheme's word and one space, RFC
// 6750, 2.1, whatever the word's case.
func withoutScheme(scheme, line string) (string, string) {
	if line == "" {
		return "", verdict.TokenMissing
	}
	if len(line) <= len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
		return "", verdict.TokenMalformed
	}
	return line[len(scheme):], verdict.TokenRead
}

// verifyOne is Verify for one token. Nothing that it claims is read before its signature is
// verified, but for the issuer, where that says which keys are asked.
func verifyOne(v *Verifier, m *message.Message, text string, sets []*keyset.Set, now time.Time) signature.Proof {
	found := signature.Proof{}
	t, reason := parse(v, text)
	if t != nil {
		found.JWT = &signature.JWT{Header: t.header, KeyID: t.keyID, Algorithm: t.algorithm}
	}
	if reason != verdict.TokenRead {
		found.Reason = reason
		return found
	}
	found.Reason = prove(v, t, m, sets, now, &found)
	if found.Reason != verdict.Verified {
		return found
	}
	found.SignedHead = t.text
	if v.Detached {
		return found
	}
	claims := objectIn(t.encoded)
	if claims == nil {
		found.Reason = verdict.TokenMalformed
		return found
	}
	found.Reason = checkClaims(v, t, claims, m, now, &found)
	return found
}

// signingInput returns what is signed, RFC 7515, 5.1: of a detached token with the body in
// the place of its payload.
func signingInput(v *Verifier, t *token, m *message.Message) []byte {
	if !v.Detached {
		return []byte(t.text)
	}
	if v.unencoded {
		return append([]byte(t.text), m.Body...)
	}
	input := make([]byte, len(t.text)+rawURL.EncodedLen(len(m.Body)))
	copy(input, t.text)
	rawURL.Encode(input[len(t.text):], m.Body)
	return input
}

// checkClaims has the last word on a token whose signature is right. What names the token's
// purpose comes first, its time after that, so that a token which is merely late is told
// from one that is somebody else's.
func checkClaims(v *Verifier, t *token, claims map[string]any, m *message.Message, now time.Time, found *signature.Proof) string {
	m.Claims = claims
	found.JWT.Claims = claims
	found.JWT.Issuer, _ = jsonpath.Text(claims["iss"])
	found.JWT.Subject, _ = jsonpath.Text(claims["sub"])
	d, reason := readTimes(v, claims)
	if reason == "" {
		reason = checkIdentity(v, t, claims)
	}
	if reason == "" && (v.certificateBound || claims["cnf"] != nil) {
		reason = checkConfirmation(v, claims, m)
	}
	if reason == "" && v.asksMore {
		reason = checkContent(v, claims, m)
	}
	if reason != "" {
		return reason
	}
	found.Timestamp = d.made
	reason = checkTimes(v, d, now)
	if reason == verdict.Verified && len(v.scopes) > 0 {
		reason = checkScopes(v, claims)
	}
	return reason
}

// checkIdentity says whether a token is of the kind that is wanted, of a wanted issuer, and
// meant for us: "" or the reason to refuse.
func checkIdentity(v *Verifier, t *token, claims map[string]any) string {
	if !hasType(v, t.header["typ"]) {
		return verdict.TypeMismatch
	}
	if v.issuers != nil {
		issuer, isText := claims["iss"].(string)
		if !isText || !v.issuers[issuer] {
			return verdict.IssuerMismatch
		}
	}
	if v.audiences != nil {
		audiences, ok := stringsOf(claims["aud"])
		if !ok || !hasAny(audiences, v.audiences) {
			return verdict.AudienceMismatch
		}
	}
	for _, name := range v.required {
		if claims[name] == nil {
			return verdict.ClaimMismatch
		}
	}
	return ""
}

// hasType says whether typ is one that is wanted, RFC 8725, 3.11. One that says what it is
// for, as secevent+jwt does, must be asked for.
func hasType(v *Verifier, value any) bool {
	name, isText := value.(string)
	if !isText && value != nil {
		return false
	}
	name = foldType(name)
	if v.types == nil {
		return !strings.HasSuffix(name, "+jwt")
	}
	return v.types[name]
}

// foldType writes a type as it is compared, RFC 7515, 4.1.9.
func foldType(name string) string {
	return strings.TrimPrefix(strings.ToLower(name), "application/")
}

// checkContent says whether a token claims what it must of the rest: "" or the reason to
// refuse.
func checkContent(v *Verifier, claims map[string]any, m *message.Message) string {
	if v.events && !hasEvents(claims) {
		return verdict.ClaimMismatch
	}
	if v.sender.name != "" {
		sender, isText := jsonpath.Text(valueOf(claims, &v.sender))
		if !isText || !v.senders[sender] {
			return verdict.SenderUnknown
		}
	}
	for i := range v.claims {
		c := &v.claims[i]
		texts, ok := textsOf(valueOf(claims, &c.claimPath))
		if !ok || !hasAny(texts, c.values) {
			return verdict.ClaimMismatch
		}
	}
	if v.bodyHash != nil && !hashesBody(v.bodyHash, claims, m.Body) {
		return verdict.BodyMismatch
	}
	if v.url != nil && !namesURL(v.url, claims, m.Request) {
		return verdict.URLMismatch
	}
	return ""
}

// hasEvents says whether the claims are those of a security event, RFC 8417, 2.2.
func hasEvents(claims map[string]any) bool {
	events, isObject := claims["events"].(map[string]any)
	return isObject && len(events) > 0 && claims["iat"] != nil && claims["jti"] != nil
}

func checkScopes(v *Verifier, claims map[string]any) string {
	scopes := scopesOf(claims)
	for _, name := range v.scopes {
		if !scopes[name] {
			return verdict.ScopeMissing
		}
	}
	return verdict.Verified
}
