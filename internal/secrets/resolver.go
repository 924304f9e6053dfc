// Package secrets knows where secrets and public keys are had from, what they decode
// to, and which texts were hardly meant to be one. It must not know what is verified
// with them.
package secrets

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/words"
)

const maxSecrets = 16

// Resolver turns what options say of secrets into keys, for one configuration, and
// keeps what it has seen.
type Resolver struct {
	Files []plainfile.State   // that a policy, or a problem, depends on
	Keys  map[string][][]byte // of the option secrets, by encoding
	Texts []string            // the secrets as they are written, and all others that the options have

	// Placeholder, where it is set, may have something else in the place of a secret:
	// who inspects a configuration elsewhere does not have those that it names.
	Placeholder func(path, ref, encoding string) *Secret
}

// Keys resolves the option secrets, once for each encoding.
func Keys(r *Resolver, n *config.Notes, refs []string, encoding string) [][]byte {
	keys, done := r.Keys[encoding]
	if done {
		return keys
	}
	if r.Keys == nil {
		r.Keys = map[string][][]byte{}
	}
	keys = resolveAll(r, n, "secrets", refs, encoding)
	r.Keys[encoding] = keys
	return keys
}

// resolveAll resolves an option that is a list, and leaves out what has a problem.
func resolveAll(r *Resolver, n *config.Notes, option string, refs []string, encoding string) [][]byte {
	keys := [][]byte{}
	if len(refs) > maxSecrets {
		config.AddProblem(n, option, config.KindInvalid, fmt.Sprintf("at most %d are tried for a request", maxSecrets))
		return keys
	}
	for i, ref := range refs {
		key := ResolveOption(r, n, fmt.Sprintf("%s[%d]", option, i), ref, encoding)
		if key != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// ReadsSecrets notes the keys that a further encoding makes of the secrets, and says
// whether it can read one. One that it can't read is no mistake, since Polar has secrets of
// both kinds: it keeps its place, with its usual key.
func ReadsSecrets(r *Resolver, n *config.Notes, options config.Options, encoding string) bool {
	usual := words.OrDefault(options.Signature.SecretEncoding, "utf8")
	keys := append([][]byte{}, Keys(r, n, options.Secrets, usual)...)
	if encoding == usual || len(keys) != len(options.Secrets) {
		return true // there is nothing to find out, or there are problems
	}
	found := false
	for i, ref := range options.Secrets {
		s := secretOf(r, fmt.Sprintf("secrets[%d]", i), ref, usual)
		other := Decode(s.Text, encoding)
		if other.Problem == "" {
			keys[i] = other.Key
			found = true
		}
	}
	if found {
		r.Keys[encoding] = keys
	}
	return found
}

// IsRowsEncoding says whether one of a row's alternatives has its secrets in an encoding.
func IsRowsEncoding(row *config.SignatureOptions, encoding string) bool {
	if row == nil || encoding == "" {
		return false
	}
	for _, alternative := range row.Alternatives {
		if alternative.SecretEncoding == encoding {
			return true
		}
	}
	return false
}

// PublicKeys resolves the option publicKeys.
func PublicKeys(r *Resolver, n *config.Notes, refs []string) []PublicKey {
	keys := []PublicKey{}
	for _, text := range resolveAll(r, n, "publicKeys", refs, publicKeyEncoding) {
		key, _ := ParsePublicKey(string(text)) // which resolveSecret has done before
		keys = append(keys, key)
	}
	return keys
}

// PublicJWKs resolves the option publicKeys where each may be a JWK or a JWK set, and of
// any family that jwk knows.
func PublicJWKs(r *Resolver, n *config.Notes, refs []string) []jwk.Key {
	all := []jwk.Key{}
	for _, text := range resolveAll(r, n, "publicKeys", refs, JWKEncoding) {
		keys, _, _ := jwk.ParseText(string(text)) // which resolveSecret has done before
		all = append(all, keys...)
	}
	return all
}

// ResolveOption resolves one secret or key, and notes what there is to say of
// it. It returns nil where there is a problem.
func ResolveOption(r *Resolver, n *config.Notes, path, ref, encoding string) []byte {
	s := Resolve(r, n, path, ref, encoding)
	if !IsPublicKey(encoding) {
		r.Texts = append(r.Texts, s.Text)
	}
	if s.Problem != "" {
		return nil
	}
	for _, w := range s.Warnings {
		config.AddWarning(n, path, w.Kind, w.Text)
	}
	return s.Key
}

// Resolve is ResolveOption that returns all that is known. Warnings are left to the caller.
func Resolve(r *Resolver, n *config.Notes, path, ref, encoding string) Secret {
	s := secretOf(r, path, ref, encoding)
	r.Files = append(r.Files, s.files...)
	if s.Problem != "" {
		config.AddProblem(n, path, config.KindInvalid, s.Problem)
	} else if s.degraded != "" {
		n.Degraded = append(n.Degraded, config.Problem{Path: path, Kind: config.KindInvalid, Text: s.degraded})
	}
	return s
}

// secretOf is resolveSecret, unless a placeholder takes its place.
func secretOf(r *Resolver, path, ref, encoding string) Secret {
	if r.Placeholder != nil {
		placeholder := r.Placeholder(path, ref, encoding)
		if placeholder != nil {
			return *placeholder
		}
	}
	return resolveSecret(ref, encoding)
}

// IsSecret says whether a key is one of the option secrets.
func IsSecret(r *Resolver, key []byte) bool {
	for encoding, keys := range r.Keys {
		decoded := Decode(string(key), encoding).Key
		for _, k := range keys {
			if len(key) > 0 && (hmac.Equal(k, key) || len(decoded) > 0 && hmac.Equal(k, decoded)) {
				return true
			}
		}
	}
	return false
}

// shortestSecret is the length from which on a text is no secret by chance.
const shortestSecret = 8

// Forms returns what the options have in secret, as it might turn up in a
// text in lower case. Records are made so that it doesn't; this is for what nobody
// has thought of, such as a sender that puts its token into the path.
func Forms(r *Resolver) []string {
	all := [][]byte{}
	for _, text := range r.Texts {
		all = append(all, []byte(text))
	}
	for encoding, keys := range r.Keys {
		if !IsPublicKey(encoding) {
			all = append(all, keys...)
		}
	}
	forms := []string{}
	for _, key := range all {
		for _, form := range []string{
			string(key), url.QueryEscape(string(key)), url.PathEscape(string(key)), hex.EncodeToString(key),
			// Without what padding would change.
			base64.RawStdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key),
		} {
			form = strings.ToLower(form)
			if len(form) >= shortestSecret && !words.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}
