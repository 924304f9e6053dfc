package signature

import (
	"fmt"
	"regexp"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// Certificates are where a scheme has its keys from whose messages name a certificate.
type Certificates struct {
	Senders *regexp.Regexp // which names a sender can have
	// Keys returns the keys of a sender's certificate at an address. The second result
	// is KeysReady or the reason to refuse.
	Keys func(sender, address string, offline bool, now time.Time) ([]secrets.PublicKey, string)
}

// compileKeys gives a scheme the keys that it verifies with, or says which option it
// lacks: a provider may have a scheme with a secret and one with a public key.
func compileKeys(n *config.Notes, resolver *secrets.Resolver, s *Scheme, options config.Options, o config.SignatureOptions) config.Problem {
	if !IsPublic(&s.Algorithm) {
		s.Keys = secrets.Keys(resolver, n, options.Secrets, words.OrDefault(o.SecretEncoding, "utf8"))
		if len(options.Secrets) == 0 {
			return config.Problem{Path: "secrets", Kind: config.KindRequired, Text: "is required; write env:NAME or file:/path"}
		}
		return config.Problem{}
	}
	if len(options.PublicKeys) == 0 && s.Certificate.Kind == "" {
		return config.Problem{Path: "publicKeys", Kind: config.KindRequired, Text: "is required; write the key itself, env:NAME or file:/path"}
	}
	s.PublicKeys = secrets.PublicKeys(resolver, n, options.PublicKeys)
	for i := range s.PublicKeys {
		if s.Algorithm.Family != "" && !fits(&s.Algorithm, &s.PublicKeys[i]) {
			config.AddProblem(n, fmt.Sprintf("publicKeys[%d]", i), config.KindMisfit, "is not a key for "+words.OrDefault(o.Algorithm, "hmac-sha256")+", which the scheme signs with")
		}
	}
	return config.Problem{}
}

// UsesPublicKeys says whether one of some schemes verifies with public keys.
func UsesPublicKeys(schemes []*Scheme) bool {
	for _, s := range schemes {
		if IsPublic(&s.Algorithm) {
			return true
		}
	}
	return false
}

// UsesSecrets says whether one of some schemes verifies with shared secrets.
func UsesSecrets(schemes []*Scheme) bool {
	for _, s := range schemes {
		if !IsPublic(&s.Algorithm) {
			return true
		}
	}
	return false
}
