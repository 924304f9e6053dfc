package explain

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// seenMessageSignature tells of the message signature that the reason is of: what it says
// of itself, what it covers, and the text that must have been signed.
func (j *judgement) seenMessageSignature(at time.Time) []string {
	v := j.policy.MessageSignature
	m := j.message()
	found := messagesignature.Verify(v, m, nil, at)
	lines := []string{"read from " + messageHeaders(v)}
	if found.Label != "" {
		lines[0] += ", label " + shown(found.Label)
	}
	if found.Step == 0 {
		return append(lines, unreadMessage(v, &found, m.Request)...)
	}
	said := "the key is " + shown(found.KeyID)
	if found.KeyID == "" {
		said = "it names no key"
	}
	if found.Algorithm != "" {
		said += ", the algorithm " + shown(found.Algorithm)
	}
	lines = append(lines, said, "it covers "+words.OrDefault(strings.Join(found.Covered, ", "), "nothing"))
	lines = append(lines, j.whyMessage(v, &found)...)
	if found.Base == "" {
		return lines
	}
	lines = append(lines, "what was signed must be, line by line:")
	for i, line := range strings.Split(found.Base, "\n") {
		lines = append(lines, fmt.Sprintf("  %d  %s", i+1, withoutPassword([]byte(line))))
	}
	if found.Reason == verdict.SignatureMismatch {
		lines = append(lines, otherTexts(v, m.Request, found.Label, found.Base)...)
	}
	return lines
}

func messageHeaders(v *messagesignature.Verifier) string {
	if v.Cavage {
		return "header Signature, or Authorization after Signature or Hmac"
	}
	return "headers Signature-Input and Signature"
}

// unreadMessage says why no signature could be read.
func unreadMessage(v *messagesignature.Verifier, found *messagesignature.Result, r *http.Request) []string {
	switch {
	case found.Reason == verdict.SignatureDuplicated:
		return []string{"it is there several times"}
	case found.Reason == verdict.SignatureMissing && strings.HasPrefix(found.Detail, "label"):
		return []string{"no " + strings.TrimSpace(found.Detail) + " is in both headers; Signature-Input has " + shown(strings.Join(r.Header["Signature-Input"], ", "))}
	case found.Reason == verdict.SignatureMissing:
		return append([]string{found.Detail + " is not there"}, nearHeaders(found.Detail, r.Header)...)
	case v.Cavage:
		return []string{"it is not a list of keyId, headers, signature and others, each once and in quotes, and created and expires without"}
	case found.Detail == "Signature" && v.Base64URL:
		return []string{"Signature is no dictionary of RFC 9651, or a signature is not in base64url without padding, which messageSignature.encoding says"}
	case found.Detail == "Signature":
		return []string{"Signature is no dictionary of RFC 9651, or a signature is not in base64 with its padding; a sender that writes base64url needs messageSignature.encoding: base64url"}
	}
	return []string{"Signature-Input is no dictionary of RFC 9651, or has a component that no request has, or a parameter of another type than RFC 9421 says"}
}

// whyMessage words the reason.
func (j *judgement) whyMessage(v *messagesignature.Verifier, found *messagesignature.Result) []string {
	switch found.Reason {
	case verdict.ParameterMissing:
		return []string{"it does not say " + found.Detail + ", which messageSignature.parameters asks for"}
	case verdict.NonceMalformed:
		return []string{"its nonce is not base64url without padding, or has less bytes than messageSignature.minNonceBytes says"}
	case verdict.TagMismatch:
		return []string{"its tag is " + shown(found.Detail) + "; messageSignature.tags: " + strings.Join(v.Tags, ", ")}
	case verdict.AlgorithmRefused:
		return []string{"allowed are, where a key fits: " + strings.Join(v.Algorithms, ", ")}
	case verdict.ComponentMissing:
		if found.Step < messagesignature.StepDigest {
			return []string{found.Detail + " has to be covered, and is not: whoever has seen the delivery could change it"}
		}
		return []string{found.Detail + " is covered, and not in the request: a proxy may have taken it out"}
	case verdict.SignedTextAmbiguous:
		return []string{found.Detail + " is in the request twice, or can be read in more than one way"}
	case verdict.KeyUnknown:
		return []string{"no key is called so; there are " + namesOfKeys(v)}
	case verdict.KeyUnavailable:
		return []string{"the key is one of messageSignature.jwks, and nothing is fetched here; give the set in publicKeys"}
	case verdict.KeyRefused:
		return []string{"that key does not say of itself what messageSignature.keyMembers asks for"}
	case verdict.DigestMissing:
		return []string{found.Detail + " has no digest that counts: it is absent, there twice, malformed, or by other algorithms than messageSignature.digestAlgorithms"}
	case verdict.DigestMismatch:
		sum := sha256.Sum256(j.body)
		return []string{found.Detail + " is of another body; the SHA-256 of this one is " + base64.StdEncoding.EncodeToString(sum[:])}
	case verdict.URLMismatch:
		return []string{"the path or the query is not that of publicURL"}
	case verdict.SignatureMismatch:
		return []string{plural(len(v.Keys), "key") + ", of which none has signed that"}
	}
	switch {
	case found.Secret > 0:
		return []string{fmt.Sprintf("secret %d has signed that", found.Secret)}
	case found.PublicKey > 0:
		return []string{fmt.Sprintf("public key %d has signed that", found.PublicKey)}
	}
	return nil
}

// seenMessageTime tells of the window of a signature that is right.
func (j *judgement) seenMessageTime(v *messagesignature.Verifier, at time.Time) []string {
	found := messagesignature.Verify(v, j.message(), nil, at)
	said := "it does not say when it was made"
	if !found.Created.IsZero() {
		said = "made at " + found.Created.UTC().Format(time.RFC3339)
	}
	if !found.Expires.IsZero() {
		said += ", and expires at " + found.Expires.UTC().Format(time.RFC3339)
	}
	lines := []string{fmt.Sprintf("%s; judged as of %s, good for %s, clocks may be %s apart", said, at.UTC().Format(time.RFC3339), v.Tolerance, v.Skew)}
	if j.Reason == verdict.TimestampMalformed {
		lines = append(lines, "expires is not after created, or further from it than messageSignature.maxLifetime")
	}
	return lines
}

func namesOfKeys(v *messagesignature.Verifier) string {
	names := []string{}
	for i := range v.Keys {
		if v.Keys[i].ID != "" {
			names = append(names, shown(v.Keys[i].ID))
		}
	}
	for _, name := range v.KeyIDs {
		names = append(names, shown(name)+" (messageSignature.keyIDs)")
	}
	if len(names) == 0 {
		return "keys without a name"
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
