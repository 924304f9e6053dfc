package interpreted

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/signer"
)

// BenchmarkJWT measures a delivery of 1 KiB with a token in its header that has a digest of
// the body, by the usual algorithms, interpreted as in Traefik and compiled.
//
//	go test ./interpreted -run '^$' -bench JWT -benchmem
func BenchmarkJWT(b *testing.B) {
	next := http.HandlerFunc(accept)
	build := load(b)
	body := strings.Repeat("0123456789abcdef", 64)
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		options, header := signedJWT(b, algorithm, body)
		compiled, err := hookward.New(context.Background(), next, &hookward.Config{Raw: options}, "compiled-"+algorithm)
		if err != nil {
			b.Fatal(err)
		}
		for _, form := range []struct {
			name    string
			handler http.Handler
		}{{"interpreted", build(next, options)}, {"compiled", compiled}} {
			b.Run(algorithm+"/"+form.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					pass(b, form.handler, &url.URL{Path: "/"}, header.Clone(), []byte(body))
				}
			})
		}
	}
}

// signedJWT returns a configuration, and the headers of a delivery that it accepts.
func signedJWT(b *testing.B, algorithm, body string) (map[string]any, http.Header) {
	section := map[string]any{"algorithms": algorithm, "issuers": "https://a.example", "audiences": "hooks", "bodyHash": map[string]any{"claim": "h"}}
	options := map[string]any{"jwt": section}
	key := privateKey(b, algorithm)
	if key == nil {
		options["secrets"] = []any{strings.Repeat("0123456789abcdef", 2)}
	} else {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			b.Fatal(err)
		}
		options["publicKeys"] = []any{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	}
	s, err := signer.NewSigner(&hookward.Config{Raw: options}, key)
	if err != nil {
		b.Fatal(err)
	}
	d, err := s.Sign(signer.Delivery{URL: "https://hooks.example.com/", Body: []byte(body), Time: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	return options, d.Header
}

// privateKey makes a key for an algorithm; nil where the key is shared.
func privateKey(b *testing.B, algorithm string) crypto.Signer {
	var key crypto.Signer
	var err error
	switch algorithm {
	case "RS256":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil
	}
	if err != nil {
		b.Fatal(fmt.Errorf("%s: %w", algorithm, err))
	}
	return key
}
