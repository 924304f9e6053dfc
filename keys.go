package hookward

import (
	"fmt"
	"strings"
)

// compileKeys gives a form the keys that it verifies with, and adds it to the
// policy. A form without keys is left out: a provider may have one with a secret
// and one with a public key.
func compileKeys(c *compilation, p *policy, s *scheme, options Options, o SignatureOptions) {
	if !isPublic(&s.algorithm) {
		s.keys = secretKeys(c, options, orDefault(o.SecretEncoding, "utf8"))
		if len(options.Secrets) == 0 {
			p.without = append(p.without, "secrets: is required; write env:NAME or file:/path")
			return
		}
		p.schemes = append(p.schemes, s)
		return
	}
	if len(options.PublicKeys) == 0 && s.certificate.kind == "" {
		p.without = append(p.without, "publicKeys: is required; write the key itself, env:NAME or file:/path")
		return
	}
	s.publicKeys = publicKeys(c, options)
	for i := range s.publicKeys {
		if s.algorithm.family != "" && !fits(&s.algorithm, &s.publicKeys[i]) {
			c.problems = append(c.problems, fmt.Sprintf("publicKeys[%d]: is not a key for %s, which the scheme signs with", i, orDefault(o.Algorithm, "hmac-sha256")))
		}
	}
	p.schemes = append(p.schemes, s)
}

// secretKeys resolves the option secrets, once for each encoding.
func secretKeys(c *compilation, options Options, encoding string) [][]byte {
	if len(options.Secrets) > maxSecrets {
		c.problems = append(c.problems, fmt.Sprintf("secrets: at most %d are tried for a request", maxSecrets))
		return nil
	}
	keys, done := c.keys[encoding]
	if done {
		return keys
	}
	for i, ref := range options.Secrets {
		key := resolveOption(c, fmt.Sprintf("secrets[%d]: ", i), ref, encoding)
		if key != nil {
			keys = append(keys, key)
		}
	}
	if c.keys == nil {
		c.keys = map[string][][]byte{}
	}
	c.keys[encoding] = keys
	return keys
}

// publicKeys resolves the option publicKeys.
func publicKeys(c *compilation, options Options) []publicKey {
	if len(options.PublicKeys) > maxSecrets {
		c.problems = append(c.problems, fmt.Sprintf("publicKeys: at most %d are tried for a request", maxSecrets))
		return nil
	}
	keys := []publicKey{}
	for i, ref := range options.PublicKeys {
		text := resolveOption(c, fmt.Sprintf("publicKeys[%d]: ", i), ref, publicKeyEncoding)
		if text != nil {
			key, _ := parsePublicKey(string(text)) // which resolveSecret has done before
			keys = append(keys, key)
		}
	}
	return keys
}

// resolveOption resolves one secret or key, and notes what there is to say of
// it. It returns nil where there is a problem.
func resolveOption(c *compilation, path, ref, encoding string) []byte {
	s := resolveFor(c, strings.TrimSuffix(path, ": "), ref, encoding)
	c.files = append(c.files, s.files...)
	if encoding != publicKeyEncoding {
		c.secretTexts = append(c.secretTexts, s.text)
	}
	if s.problem != "" {
		c.problems = append(c.problems, path+s.problem)
		return nil
	}
	if s.degraded != "" {
		c.degraded = append(c.degraded, path+s.degraded)
	}
	for _, w := range s.warnings {
		c.warnings = append(c.warnings, path+w)
	}
	return s.key
}

// resolveFor is resolveSecret, unless the compilation has something in its place.
func resolveFor(c *compilation, path, ref, encoding string) secret {
	if c.standIn != nil {
		s := c.standIn(path, ref, encoding)
		if s != nil {
			return *s
		}
	}
	return resolveSecret(ref, encoding)
}

// usesPublicKeys says whether one of some forms verifies with public keys.
func usesPublicKeys(schemes []*scheme) bool {
	for _, s := range schemes {
		if isPublic(&s.algorithm) {
			return true
		}
	}
	return false
}

// usesSecrets says whether one of some forms verifies with shared secrets.
func usesSecrets(schemes []*scheme) bool {
	for _, s := range schemes {
		if !isPublic(&s.algorithm) {
			return true
		}
	}
	return false
}
