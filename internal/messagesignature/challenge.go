package messagesignature

import (
	"encoding/hex"
	"strings"

	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// adcpErrors are the words that AdCP's senders stop retrying at, by reason
// (docs/building/implementation/security.mdx, "Webhook callbacks").
var adcpErrors = map[string]string{
	verdict.SignatureMissing:    "header_malformed",
	verdict.SignatureMalformed:  "header_malformed",
	verdict.SignedTextAmbiguous: "header_malformed",
	verdict.ParameterMissing:    "params_incomplete",
	verdict.NonceMalformed:      "params_incomplete",
	verdict.TagMismatch:         "tag_invalid",
	verdict.AlgorithmRefused:    "alg_not_allowed",
	verdict.TimestampMalformed:  "window_invalid",
	verdict.TimestampTooOld:     "window_invalid",
	verdict.TimestampTooNew:     "window_invalid",
	verdict.ComponentMissing:    "components_incomplete",
	verdict.KeyUnknown:          "key_unknown",
	verdict.KeyRefused:          "key_purpose_invalid",
	verdict.DigestMissing:       "digest_mismatch",
	verdict.DigestMismatch:      "digest_mismatch",
	verdict.SignatureMismatch:   "invalid",
	verdict.URLMismatch:         "invalid",
}

// vocabularies are the values of the option wwwAuthenticate.
var vocabularies = []string{"adcp"}

// Challenges returns the header WWW-Authenticate of a refusal by its reason, in a
// vocabulary; nil where there is none.
func Challenges(vocabulary string) map[string]string {
	if vocabulary == "" {
		return nil
	}
	challenges := map[string]string{}
	for reason, word := range adcpErrors {
		challenges[reason] = `Signature error="webhook_signature_` + word + `"`
	}
	return challenges
}

// maxNamed bounds a label in a record.
const maxNamed = 64

// Named returns what a signature says of itself, for the record, or nil where none could
// be read. A label has no letters that are to be escaped.
func Named(r *Result) *signature.Message {
	if r.Step == stepRead {
		return nil
	}
	m := &signature.Message{Label: r.Label, KeyID: r.KeyID}
	if len(m.Label) > maxNamed {
		m.Label = m.Label[:maxNamed]
	}
	if jwsNames[r.Algorithm] != "" {
		m.Algorithm = r.Algorithm
	}
	return m
}

// KeyText tells keys apart from others, for a digest.
func KeyText(v *Verifier) string {
	texts := []string{}
	for i := range v.Keys {
		texts = append(texts, v.Keys[i].ID+" "+v.Keys[i].Thumbprint+" "+hex.EncodeToString(v.Keys[i].Secret))
	}
	return strings.Join(texts, "\n")
}
