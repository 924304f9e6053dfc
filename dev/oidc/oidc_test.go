package oidc

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
)

// The provider is what the tests take it for: it signs with keys that it publishes, goes on
// to publish old ones, and fails when it is told to.
func TestProvider(t *testing.T) {
	p, err := Start(0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	old, err := p.Token(Sender, SenderSecret, "hooks:write", "https://hooks.example.com/RS256", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh, err := p.Token(Sender, SenderSecret, "hooks:write", "https://hooks.example.com/RS256", nil)
	if err != nil {
		t.Fatal(err)
	}
	if keys := published(t, p); len(keys) != 6 || !verifies(t, keys["RSA-1"], old) || !verifies(t, keys["RSA-2"], fresh) || verifies(t, keys["RSA-1"], fresh) {
		t.Errorf("%d keys", len(keys))
	}
	if err := p.Retire(); err != nil {
		t.Fatal(err)
	}
	if keys := published(t, p); len(keys) != 3 || keys["RSA-2"] == nil {
		t.Errorf("%d keys", len(keys))
	}
	if n, err := p.Asked("/jwks"); n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if err := p.Misbehave("/jwks", "500"); err != nil {
		t.Fatal(err)
	}
	if response, err := http.Get(p.Issuer + "/jwks"); err != nil || response.StatusCode != http.StatusInternalServerError {
		t.Errorf("%v %v", response, err)
	}
}

// key is what the test needs of a JWK.
type key struct{ Kid, N, E string }

func published(t *testing.T, p *Provider) map[string]*key {
	t.Helper()
	response, err := http.Get(p.Issuer + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	set := struct{ Keys []*key }{}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	keys := map[string]*key{}
	for _, k := range set.Keys {
		keys[k.Kid] = k
	}
	return keys
}

func verifies(t *testing.T, k *key, token string) bool {
	t.Helper()
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token[:at]))
	return rsa.VerifyPKCS1v15(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, crypto.SHA256, sum[:], signature) == nil
}
