package signer

import (
	"crypto"
	"net/http"
	"testing"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
)

// Each algorithm of both dialects, by its own name and by the key alone.
func TestMessageSignatures(t *testing.T) {
	hooktest.Listen(t)
	for _, c := range []struct{ dialect, algorithm, key string }{
		{"rfc9421", "rsa-pss-sha512", "rsa"}, {"rfc9421", "rsa-v1_5-sha256", "rsa"}, {"rfc9421", "ecdsa-p256-sha256", "ecdsa"}, {"rfc9421", "ed25519", "ed25519"}, {"rfc9421", "hmac-sha256", ""},
		{"cavage", "rsa-sha256", "rsa"}, {"cavage", "rsa-sha512", "rsa"}, {"cavage", "ecdsa-sha256", "ecdsa"}, {"cavage", "ed25519", "ed25519"}, {"cavage", "hmac-sha256", ""}, {"cavage", "hmac-sha384", ""}, {"cavage", "hmac-sha512", ""},
	} {
		for _, parameters := range []string{"created", "created,keyid,alg"} {
			raw := map[string]any{"publicURL": "https://hooks.example.com", "messageSignature": map[string]any{"dialect": c.dialect, "algorithms": c.algorithm, "parameters": parameters}}
			var key crypto.Signer
			if c.key == "" {
				raw["secrets"] = "0123456789abcdef0123456789abcdef"
			} else {
				key = hooktest.TestPrivateKeys()[c.key]
			}
			s, err := NewSigner(&hookward.Config{Raw: raw}, key)
			if err != nil {
				t.Errorf("%v: %v", c, err)
				continue
			}
			if key != nil {
				raw["publicKeys"] = s.options.PublicKeys
			}
			d, err := s.Sign(Delivery{URL: "http://127.0.0.1/in?a=1"})
			if err != nil {
				t.Errorf("%v: %v", c, err)
				continue
			}
			if status := statusOf(t, plainGate(t, raw), d); status != http.StatusOK {
				t.Errorf("%v: status %d for %q", c, status, d.Header)
			}
		}
	}
	// A key of another family.
	if _, err := NewSigner(&hookward.Config{Raw: map[string]any{"messageSignature": map[string]any{"algorithms": "ed25519,rsa-pss-sha512"}}}, hooktest.TestPrivateKeys()["ecdsa"]); err == nil {
		t.Error("signs with a key that the gate does not take")
	}
}

// What is sent again is another delivery: its signature says so.
func TestMessageSignaturesRepeat(t *testing.T) {
	s, err := NewSigner(&hookward.Config{Raw: map[string]any{"provider": "adcp"}}, hooktest.TestPrivateKeys()["ed25519"])
	if err != nil {
		t.Fatal(err)
	}
	one, err := s.Sign(Delivery{URL: "https://hooks.example.com/in"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.Sign(Delivery{URL: "https://hooks.example.com/in", Body: one.Body})
	if err != nil || !s.Repeats(one, one) || s.Repeats(one, other) {
		t.Errorf("repeats itself %t, another %t: %v", s.Repeats(one, one), s.Repeats(one, other), err)
	}
}

// Where the sender's keys are published, the private key at hand stands for them.
func TestMessageSignaturesOfPublishedKeys(t *testing.T) {
	raw := map[string]any{"provider": "adcp", "messageSignature": map[string]any{"jwks": map[string]any{"url": "https://seller.example.com/keys"}}}
	s, err := NewSigner(&hookward.Config{Raw: raw}, hooktest.TestPrivateKeys()["ed25519"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(Delivery{URL: "https://hooks.example.com/in"}); err != nil {
		t.Error(err)
	}
	if _, err := NewSigner(&hookward.Config{Raw: raw}, nil); err == nil {
		t.Error("signs without a key")
	}
}
