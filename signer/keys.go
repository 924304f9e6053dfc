package signer

import (
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// dropKeysElsewhere takes out where a gate has its keys from outside of its configuration:
// what is signed here is verified by the public half of the key at hand.
func dropKeysElsewhere(raw map[string]any) {
	for name, value := range raw {
		section, isSection := value.(map[string]any)
		if !isSection || !strings.EqualFold(name, "jwt") && !strings.EqualFold(name, "messageSignature") {
			continue
		}
		kept := map[string]any{}
		for option, value := range section {
			if !strings.EqualFold(option, "jwks") && !strings.EqualFold(option, "certificates") {
				kept[option] = value
			}
		}
		raw[name] = kept
	}
}

// needsPrivateKey reports whether all schemes of a configuration's signature are made
// with a private key.
func needsPrivateKey(raw map[string]any) bool {
	options, problems := config.Decode(raw)
	if len(problems) == 0 && options.JWT != nil {
		for _, name := range options.JWT.Algorithms {
			if jwk.FamilyOf(name) == jwk.HMAC {
				return false
			}
		}
		return true
	}
	if len(problems) == 0 && options.MessageSignature != nil {
		return len(options.Secrets) == 0
	}
	if len(problems) > 0 || options.Signature == nil {
		return false
	}
	names := []string{options.Signature.Algorithm}
	for _, alternative := range options.Signature.Alternatives {
		names = append(names, words.OrDefault(alternative.Algorithm, options.Signature.Algorithm))
	}
	for _, name := range names {
		a := signature.Algorithms[name]
		if !signature.IsPublic(&a) {
			return false
		}
	}
	return true
}
