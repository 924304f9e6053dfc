package messagesigners

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
)

// pemKeys are the public keys in PEM, without names.
func pemKeys(t *testing.T, k keyring) []any {
	t.Helper()
	keys := []any{}
	for _, key := range k.signers {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	}
	return keys
}
