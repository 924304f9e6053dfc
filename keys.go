package hookward

import (
	"fmt"
)

// compileKeys gives a form the keys that it verifies with, or says which option it
// lacks: a provider may have a form with a secret and one with a public key.
func compileKeys(n *notes, secrets *resolver, s *scheme, options Options, o SignatureOptions) problem {
	if !isPublic(&s.algorithm) {
		s.keys = secretKeys(secrets, n, options.Secrets, orDefault(o.SecretEncoding, "utf8"))
		if len(options.Secrets) == 0 {
			return problem{path: "secrets", kind: kindRequired, text: "is required; write env:NAME or file:/path"}
		}
		return problem{}
	}
	if len(options.PublicKeys) == 0 && s.certificate.kind == "" {
		return problem{path: "publicKeys", kind: kindRequired, text: "is required; write the key itself, env:NAME or file:/path"}
	}
	s.publicKeys = publicKeys(secrets, n, options.PublicKeys)
	for i := range s.publicKeys {
		if s.algorithm.family != "" && !fits(&s.algorithm, &s.publicKeys[i]) {
			addProblem(n, fmt.Sprintf("publicKeys[%d]", i), kindMisfit, "is not a key for "+orDefault(o.Algorithm, "hmac-sha256")+", which the scheme signs with")
		}
	}
	return problem{}
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
