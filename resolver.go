package hookward

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/plainfile"
)

const maxSecrets = 16

// resolver turns what options say of secrets into keys, for one configuration, and
// keeps what it has seen.
type resolver struct {
	files []plainfile.State   // that a policy, or a problem, depends on
	keys  map[string][][]byte // of the option secrets, by encoding
	texts []string            // the secrets as they are written, and all others that the options have

	// standIn, where it is set, may have something else in the place of a secret:
	// who inspects a configuration elsewhere does not have those that it names.
	standIn func(path, ref, encoding string) *secret
}

// secretKeys resolves the option secrets, once for each encoding.
func secretKeys(r *resolver, n *notes, refs []string, encoding string) [][]byte {
	if len(refs) > maxSecrets {
		addProblem(n, "secrets", kindInvalid, fmt.Sprintf("at most %d are tried for a request", maxSecrets))
		return nil
	}
	keys, done := r.keys[encoding]
	if done {
		return keys
	}
	for i, ref := range refs {
		key := resolveOption(r, n, fmt.Sprintf("secrets[%d]", i), ref, encoding)
		if key != nil {
			keys = append(keys, key)
		}
	}
	if r.keys == nil {
		r.keys = map[string][][]byte{}
	}
	r.keys[encoding] = keys
	return keys
}

// readsSecrets notes the keys that a further encoding makes of the secrets, and says
// whether it can read one. One that it can't read is no mistake, since Polar has secrets of
// both kinds: it keeps its place, with its usual key.
func readsSecrets(r *resolver, n *notes, options Options, encoding string) bool {
	usual := orDefault(options.Signature.SecretEncoding, "utf8")
	keys := append([][]byte{}, secretKeys(r, n, options.Secrets, usual)...)
	if encoding == usual || len(keys) != len(options.Secrets) {
		return true // there is nothing to find out, or there are problems
	}
	found := false
	for i, ref := range options.Secrets {
		s := standInOf(r, fmt.Sprintf("secrets[%d]", i), ref, usual)
		if s == nil {
			resolved := resolveSecret(ref, usual)
			s = &resolved
		}
		other := decodeSecret(s.text, encoding)
		if other.problem == "" {
			keys[i] = other.key
			found = true
		}
	}
	if found {
		r.keys[encoding] = keys
	}
	return found
}

// isRowsEncoding says whether one of a row's alternatives has its secrets in an encoding.
func isRowsEncoding(row *SignatureOptions, encoding string) bool {
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

// publicKeys resolves the option publicKeys.
func publicKeys(r *resolver, n *notes, refs []string) []publicKey {
	if len(refs) > maxSecrets {
		addProblem(n, "publicKeys", kindInvalid, fmt.Sprintf("at most %d are tried for a request", maxSecrets))
		return nil
	}
	keys := []publicKey{}
	for i, ref := range refs {
		text := resolveOption(r, n, fmt.Sprintf("publicKeys[%d]", i), ref, publicKeyEncoding)
		if text != nil {
			key, _ := parsePublicKey(string(text)) // which resolveSecret has done before
			keys = append(keys, key)
		}
	}
	return keys
}

// resolveOption resolves one secret or key, and notes what there is to say of
// it. It returns nil where there is a problem.
func resolveOption(r *resolver, n *notes, path, ref, encoding string) []byte {
	s := resolve(r, n, path, ref, encoding)
	if encoding != publicKeyEncoding {
		r.texts = append(r.texts, s.text)
	}
	if s.problem != "" {
		return nil
	}
	for _, w := range s.warnings {
		addWarning(n, path, w.kind, w.text)
	}
	return s.key
}

// resolve is resolveSecret, unless something stands in. Warnings are left to the caller.
func resolve(r *resolver, n *notes, path, ref, encoding string) secret {
	s := secret{}
	standIn := standInOf(r, path, ref, encoding)
	if standIn != nil {
		s = *standIn
	} else {
		s = resolveSecret(ref, encoding)
	}
	r.files = append(r.files, s.files...)
	if s.problem != "" {
		addProblem(n, path, kindInvalid, s.problem)
	} else if s.degraded != "" {
		n.degraded = append(n.degraded, problem{path: path, kind: kindInvalid, text: s.degraded})
	}
	return s
}

func standInOf(r *resolver, path, ref, encoding string) *secret {
	if r.standIn == nil {
		return nil
	}
	return r.standIn(path, ref, encoding)
}

// isSecret says whether a key is one of the option secrets.
func isSecret(r *resolver, key []byte) bool {
	for encoding, keys := range r.keys {
		decoded := decodeSecret(string(key), encoding).key
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

// secretForms returns what the options have in secret, as it might turn up in a
// text in lower case. Records are made so that it doesn't; this is for what nobody
// has thought of, such as a sender that puts its token into the path.
func secretForms(r *resolver) []string {
	all := [][]byte{}
	for _, text := range r.texts {
		all = append(all, []byte(text))
	}
	for encoding, keys := range r.keys {
		if encoding != publicKeyEncoding {
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
			if len(form) >= shortestSecret && !contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}
