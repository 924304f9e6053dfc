package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/structured"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// defaultLife is how long a message signature is said to be good, where it has to say so.
const defaultLife = time.Minute

// writeMessage signs a draft by RFC 9421, or by its older dialect: what has to be covered,
// and nothing more.
func (s *Signer) writeMessage(w *draft) string {
	v := s.policy.MessageSignature
	w.beginBody(false, "")
	s.writeNames(w, &signature.Scheme{Identity: v.Identity})
	algorithm, problem := s.messageAlgorithm()
	if problem != "" {
		w.reason = verdict.AlgorithmRefused
		return problem
	}
	covered := s.coverMessage(w)
	head, tail := s.messageHead(w, covered, algorithm)
	place := func(text []byte) {
		encoded := base64.StdEncoding.EncodeToString(text)
		if v.Base64URL {
			encoded = base64.RawURLEncoding.EncodeToString(text)
		}
		w.header["Signature"] = []string{head + encoded + tail}
	}
	place([]byte("a signature is to stand here")) // so that the gate's own check can tell what it is to be over
	found := messagesignature.Verify(v, w.message(), nil, w.time)
	if found.Reason != verdict.SignatureMismatch {
		w.reason = found.Reason
		return "the gate would refuse it: " + found.Reason + " " + found.Detail
	}
	signed, err := s.signMessage(algorithm, found.Base)
	if err != nil {
		w.reason = verdict.SignatureMismatch
		return "the private key can't sign: " + err.Error()
	}
	if w.forged {
		signed[0] ^= 1
	}
	place(signed)
	return ""
}

// coverMessage gives the draft the headers that have to be covered, and returns all
// components.
func (s *Signer) coverMessage(w *draft) []string {
	v := s.policy.MessageSignature
	covered := append([]string{}, v.Components...)
	for _, name := range v.IfPresent {
		if len(w.header[http.CanonicalHeaderKey(name)]) > 0 || name == "@query" && w.url.RawQuery != "" {
			covered = append(covered, name)
		}
	}
	if v.Cavage && words.Contains(v.Parameters, "created") && !words.Contains(covered, "date") {
		covered = append(covered, "date")
	}
	for _, name := range covered {
		key := http.CanonicalHeaderKey(name)
		switch {
		case name == "content-digest" || name == "repr-digest":
			algorithm, sum := s.digest(w.body)
			w.header[key] = []string{algorithm + "=:" + sum + ":"}
		case name == "digest":
			algorithm, sum := s.digest(w.body)
			w.header[key] = []string{strings.ToUpper(algorithm) + "=" + sum}
		case name == "date":
			w.header[key] = []string{w.time.UTC().Format(http.TimeFormat)}
		case name == "host" || strings.Trim(name, "@(") != name:
		case len(w.header[key]) == 0:
			w.header[key] = []string{w.unique()}
		}
	}
	return covered
}

// digest returns the digest of a body, in an algorithm that counts.
func (s *Signer) digest(body []byte) (string, string) {
	if s.policy.MessageSignature.Digests["sha-256"] {
		sum := sha256.Sum256(body)
		return "sha-256", base64.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha512.Sum512(body)
	return "sha-512", base64.StdEncoding.EncodeToString(sum[:])
}

// messageHead writes what stands around the signature's bytes, and Signature-Input.
func (s *Signer) messageHead(w *draft, covered []string, algorithm string) (string, string) {
	v := s.policy.MessageSignature
	life := defaultLife
	if v.Lifetime > 0 {
		life = v.Lifetime
	}
	if v.Cavage {
		return `keyId="` + s.keyID() + `",algorithm="` + algorithm + `",headers="` + strings.Join(covered, " ") + `",signature="`, `"`
	}
	names := make([]string, 0, len(covered))
	for _, name := range covered {
		names = append(names, structured.SerialiseString(name))
	}
	label := words.OrDefault(v.Label, "sig1")
	input := label + "=(" + strings.Join(names, " ") + ")" + fmt.Sprintf(";created=%d", w.time.Unix())
	if words.Contains(v.Parameters, "expires") {
		input += fmt.Sprintf(";expires=%d", w.time.Add(life).Unix())
	}
	if words.Contains(v.Parameters, "nonce") {
		nonce := sha256.Sum256([]byte(w.unique())) // so that the same id is the same delivery
		input += `;nonce="` + base64.RawURLEncoding.EncodeToString(nonce[:]) + `"`
	}
	input += ";keyid=" + structured.SerialiseString(s.keyID())
	if words.Contains(v.Parameters, "alg") {
		input += `;alg="` + algorithm + `"`
	}
	if len(v.Tags) > 0 {
		input += ";tag=" + structured.SerialiseString(v.Tags[0])
	}
	w.header["Signature-Input"] = []string{input}
	return label + "=:", ":"
}

// keyID returns a name that the gate has for the key.
func (s *Signer) keyID() string {
	v := s.policy.MessageSignature
	if len(v.KeyIDs) > 0 {
		return v.KeyIDs[0]
	}
	for i := range v.Keys {
		if v.Keys[i].ID != "" && (s.key == nil || isHalfOf(s.key.Public(), v.Keys[i].Ecdsa, v.Keys[i].Rsa, v.Keys[i].Edwards)) {
			return v.Keys[i].ID
		}
	}
	return "hookward-test"
}

// isHalfOf says whether one of some public keys is another.
func isHalfOf(public crypto.PublicKey, point *ecdsa.PublicKey, modulus *rsa.PublicKey, edwards ed25519.PublicKey) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return point != nil && point.Equal(key)
	case *rsa.PublicKey:
		return modulus != nil && modulus.Equal(key)
	case ed25519.PublicKey:
		return edwards != nil && edwards.Equal(key)
	}
	return false
}

// hashes are those of the algorithms that don't hash by themselves.
var hashes = map[string]func() hash.Hash{
	"rsa-pss-sha512": sha512.New, "rsa-v1_5-sha256": sha256.New, "rsa-sha256": sha256.New, "rsa-sha512": sha512.New,
	"ecdsa-p256-sha256": sha256.New, "ecdsa-p384-sha384": sha512.New384, "ecdsa-sha256": sha256.New,
	"hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New,
}

// cryptoHashes are the same for crypto.Signer.
var cryptoHashes = map[string]crypto.Hash{
	"rsa-pss-sha512": crypto.SHA512, "rsa-v1_5-sha256": crypto.SHA256, "rsa-sha256": crypto.SHA256, "rsa-sha512": crypto.SHA512,
	"ecdsa-p256-sha256": crypto.SHA256, "ecdsa-p384-sha384": crypto.SHA384, "ecdsa-sha256": crypto.SHA256,
}

// messageAlgorithm returns the first allowed algorithm that the key is of.
func (s *Signer) messageAlgorithm() (string, string) {
	v := s.policy.MessageSignature
	for _, name := range v.Algorithms {
		fits := strings.HasPrefix(name, "hmac") && s.key == nil
		if s.key != nil {
			switch key := s.key.Public().(type) {
			case *ecdsa.PublicKey:
				fits = name == "ecdsa-sha256" || strings.HasPrefix(name, "ecdsa-"+map[string]string{"P-256": "p256", "P-384": "p384"}[key.Curve.Params().Name]+"-")
			case *rsa.PublicKey:
				fits = strings.HasPrefix(name, "rsa")
			case ed25519.PublicKey:
				fits = name == "ed25519"
			}
		}
		if fits {
			return name, ""
		}
	}
	return "", "the key is of none of the algorithms that the gate takes: " + strings.Join(v.Algorithms, ", ")
}

// signMessage signs a text.
func (s *Signer) signMessage(algorithm, text string) ([]byte, error) {
	if s.key == nil {
		v := s.policy.MessageSignature
		if len(v.Keys) == 0 || v.Keys[0].Secret == nil {
			return nil, errors.New(needsKey)
		}
		mac := hmac.New(hashes[algorithm], v.Keys[0].Secret)
		mac.Write([]byte(text))
		return mac.Sum(nil), nil
	}
	if algorithm == "ed25519" {
		return s.key.Sign(rand.Reader, []byte(text), crypto.Hash(0))
	}
	h := hashes[algorithm]()
	h.Write([]byte(text))
	var how crypto.SignerOpts = cryptoHashes[algorithm]
	if algorithm == "rsa-pss-sha512" {
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512}
	}
	signed, err := s.key.Sign(rand.Reader, h.Sum(nil), how)
	if err != nil || !strings.HasPrefix(algorithm, "ecdsa-p") {
		return signed, err
	}
	both := struct{ R, S *big.Int }{}
	if _, err := asn1.Unmarshal(signed, &both); err != nil {
		return nil, err
	}
	size := map[string]int{"ecdsa-p256-sha256": 32, "ecdsa-p384-sha384": 48}[algorithm]
	return append(both.R.FillBytes(make([]byte, size)), both.S.FillBytes(make([]byte, size))...), nil
}
