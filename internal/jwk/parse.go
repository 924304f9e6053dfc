package jwk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/words"
)

const (
	// MaxBytes bounds the text of a JWK set; Microsoft's has some 40 KiB.
	MaxBytes = 512 << 10
	maxKeys  = 100  // of a set, the unusable ones included
	maxText  = 1024 // bytes of a kid or of another member that is kept
)

// Set is what a JWK, or a set of them, has. Public and shared keys never share a table: a
// token's HS256 could be made with what everybody knows of the other.
type Set struct {
	Keys    []Key    // public keys
	Shared  []Key    // of kty oct
	Skipped []string // why others can't be used, in words that follow "key N"
	Private int      // keys that came with their private half, and are none for that
}

// ParseSet reads a JWK, RFC 7517, or a JWK set, or says what is wrong with it in words
// that follow its name. Keys that can't verify anything here are skipped, as RFC 7517 and
// rotation ask for: whoever publishes keys may add those of tomorrow. It is no problem
// that there are none left.
func ParseSet(content []byte) (Set, string) {
	set := Set{}
	if len(content) > MaxBytes {
		return set, fmt.Sprintf("is larger than %d bytes", MaxBytes)
	}
	document, problem := strictjson.Object(content)
	if problem != "" {
		return set, problem
	}
	list := []any{document}
	if document["kty"] == nil {
		keys, ok := document["keys"].([]any)
		if !ok {
			return set, "is neither a JWK nor a JWK set: it has no list named keys"
		}
		list = keys
	}
	if len(list) > maxKeys {
		return set, fmt.Sprintf("has %d keys; allowed: %d", len(list), maxKeys)
	}
	for i, item := range list {
		addKey(&set, i, item)
	}
	twice := sameID(append(append([]Key{}, set.Keys...), set.Shared...))
	if twice != "" {
		return Set{}, "has the kid " + words.Quote(twice) + " twice, for different keys"
	}
	return set, ""
}

// addKey adds one key to a set, or why it is none.
func addKey(set *Set, i int, item any) {
	members, ok := item.(map[string]any)
	if !ok {
		set.Skipped = append(set.Skipped, fmt.Sprintf("%d is no object", i+1))
		return
	}
	if textOf(members, "kty") != "oct" && hasPrivateHalf(members) {
		set.Private++
		set.Skipped = append(set.Skipped, fmt.Sprintf("%d is a private key; whoever can read it can sign", i+1))
		return
	}
	k, problem := fromMembers(members)
	switch {
	case problem != "":
		set.Skipped = append(set.Skipped, fmt.Sprintf("%d %s", i+1, problem))
	case k.Family == HMAC:
		set.Shared = append(set.Shared, k)
	default:
		set.Keys = append(set.Keys, k)
	}
}

// privateMembers are those of RSA keys, and d of all others too.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth"}

func hasPrivateHalf(members map[string]any) bool {
	for _, name := range privateMembers {
		if _, there := members[name]; there {
			return true
		}
	}
	return false
}

// fromMembers makes a key of a JWK's members, or says why it can't be used.
func fromMembers(members map[string]any) (Key, string) {
	if problem := wrongPurpose(members); problem != "" {
		return Key{}, problem
	}
	k, problem := material(members)
	if problem != "" {
		return Key{}, problem
	}
	k.ID = textOf(members, "kid")
	k.Algorithm = textOf(members, "alg")
	if k.Algorithm == "Ed25519" {
		k.Algorithm = "EdDSA" // RFC 9864 gives it this name
	}
	if k.Algorithm != "" && FamilyOf(k.Algorithm) != k.Family {
		return Key{}, "says alg " + words.Quote(k.Algorithm) + ", which is not verified with such a key"
	}
	if k.Family == HMAC && len(k.Secret) < SecretBytes(k.Algorithm) {
		return Key{}, fmt.Sprintf("has %d bytes; RFC 7518 asks for %d", len(k.Secret), SecretBytes(k.Algorithm))
	}
	k.Members = map[string]string{}
	for name, value := range members {
		text := stringOf(value)
		if text != "" && len(text) <= maxText && !isStandard[name] {
			k.Members[name] = text
		}
	}
	return k, ""
}

// isStandard are the members that a Key has in another form.
var isStandard = map[string]bool{
	"kty": true, "kid": true, "alg": true, "use": true, "key_ops": true,
	"n": true, "e": true, "crv": true, "x": true, "y": true, "k": true,
}

// SecretBytes returns how many bytes a shared key for an algorithm should have, RFC 7518, 3.2.
func SecretBytes(name string) int {
	a := algorithms[name]
	if a == nil || a.newHash == nil {
		return 32
	}
	return a.newHash().Size()
}

// wrongPurpose says why a key is not there to verify signatures.
func wrongPurpose(members map[string]any) string {
	for _, name := range []string{"kid", "alg", "use"} {
		value := members[name]
		if value != nil && (stringOf(value) == "" || len(stringOf(value)) > maxText) {
			return "has a " + name + " that is no text, or a very long one"
		}
	}
	use := textOf(members, "use")
	if use != "" && use != "sig" {
		return "has the use " + words.Quote(use) + ", not sig"
	}
	if members["key_ops"] == nil {
		return ""
	}
	operations, _ := members["key_ops"].([]any)
	for _, operation := range operations {
		if stringOf(operation) == "verify" {
			return ""
		}
	}
	return "has key_ops without verify"
}

// material returns the key itself, by kty and crv.
func material(members map[string]any) (Key, string) {
	kind, curve := textOf(members, "kty"), textOf(members, "crv")
	switch {
	case kind == "RSA":
		n, e := octets(members, "n"), octets(members, "e")
		if n == nil || e == nil || len(n) > 2*maxRSABits/8 || len(e) > 4 {
			return Key{}, "has no n and e in base64url, or too long ones"
		}
		exponent := new(big.Int).SetBytes(e).Int64()
		return FromPublic(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)})
	case kind == "EC" && (curve == P256 || curve == P384 || curve == P521):
		return pointOf(members, curve)
	case kind == "OKP" && curve == Ed25519:
		x := octets(members, "x")
		if x == nil {
			return Key{}, "has no x in base64url"
		}
		return FromPublic(ed25519.PublicKey(x))
	case kind == "oct":
		secret := octets(members, "k")
		if len(secret) == 0 {
			return Key{}, "has no k in base64url"
		}
		return FromShared(secret), ""
	case kind == "EC" || kind == "OKP":
		return Key{}, "is on the curve " + words.Quote(curve) + ", which is not one of P-256, P-384, P-521 and Ed25519"
	}
	return Key{}, "has the kty " + words.Quote(kind) + ", which is not known"
}

func pointOf(members map[string]any, name string) (Key, string) {
	curve := elliptic.P256()
	switch name {
	case P384:
		curve = elliptic.P384()
	case P521:
		curve = elliptic.P521()
	}
	x, y := octets(members, "x"), octets(members, "y")
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return Key{}, fmt.Sprintf("has no x and y of %d bytes each in base64url", size)
	}
	return FromPublic(&ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)})
}

// octets returns the bytes of a member in base64url, or nil. The decoder would pass over
// line ends.
func octets(members map[string]any, name string) []byte {
	text := textOf(members, name)
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

func textOf(members map[string]any, name string) string {
	return stringOf(members[name])
}

// stringOf returns a text, or "" for anything else, numbers too.
func stringOf(value any) string {
	text, ok := value.(string)
	if !ok {
		return ""
	}
	return text
}

// sameID returns a kid that two different keys of one family have.
func sameID(keys []Key) string {
	for i := range keys {
		for j := 0; j < i; j++ {
			a, b := &keys[i], &keys[j]
			if a.ID != "" && a.ID == b.ID && (a.Family == b.Family && !same(a, b)) {
				return a.ID
			}
		}
	}
	return ""
}

// same says whether two keys of a family are the same material.
func same(a, b *Key) bool {
	return a.Thumbprint == b.Thumbprint && string(a.Secret) == string(b.Secret)
}
