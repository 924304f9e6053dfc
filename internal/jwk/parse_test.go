package jwk

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// The key of RFC 7638, 3.1.
const rfcRSA = `"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"`

// The keys of RFC 7515, A.3, RFC 7520, 3.1, and RFC 8037, A.2.
const (
	rfcP256    = `"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	rfcP521    = `"kty":"EC","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"`
	rfcEdwards = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	shared     = `"kty":"oct","k":"-ebuDNsVZ2iJtoZ-akfXTSCt4UO2cruLCsbWlBinggE"`
)

func TestThumbprints(t *testing.T) {
	for text, want := range map[string]string{
		rfcRSA:     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", // RFC 7638, 3.1
		rfcEdwards: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", // RFC 8037, A.3
	} {
		keys, _, problem := ParseText("{" + text + "}")
		if problem != "" || len(keys) != 1 || keys[0].Thumbprint != want {
			t.Errorf("%q %+v", problem, keys)
		}
	}
}

// allowedBy returns the JWS algorithms that a key may verify.
func allowedBy(k *Key) []string {
	names := []string{}
	for _, name := range Algorithms {
		if Allows(k, name) {
			names = append(names, name)
		}
	}
	return names
}

func TestFamilies(t *testing.T) {
	for _, c := range []struct{ text, allows string }{
		{"{" + rfcRSA + "}", "RS256 RS384 RS512 PS256 PS384 PS512"},
		{"{" + rfcRSA + `,"alg":"PS256","use":"sig","key_ops":["sign","verify"],"x5c":["?"],"kid":"1"}`, "PS256"},
		{"{" + rfcP256 + "}", "ES256"},
		{"{" + rfcP521 + `,"alg":"ES512"}`, "ES512"},
		{"{" + rfcEdwards + "}", "EdDSA"},
		{"{" + rfcEdwards + `,"alg":"Ed25519"}`, "EdDSA"},
		{`{"keys":[{` + rfcEdwards + `,"alg":"EdDSA"}]}`, "EdDSA"},
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "EdDSA"},
	} {
		keys, skipped, problem := ParseText(c.text)
		if problem != "" || len(skipped) > 0 || len(keys) != 1 || strings.Join(allowedBy(&keys[0]), " ") != c.allows {
			t.Errorf("%s: %q %q", c.text, problem, skipped)
		}
	}
	one := FromShared([]byte("short"))
	if strings.Join(allowedBy(&one), " ") != "HS256 HS384 HS512" || len(allowedBy(&Key{})) > 0 {
		t.Error("VULNERABLE: a shared key, or none, verifies something else")
	}
	if FamilyOf("none") != "" || FamilyOf("") != "" || FamilyOf("rs256") != "" || Allows(&Key{}, "none") {
		t.Error("VULNERABLE: there is an algorithm none")
	}
}

// What can't be used is left out of a set, and says so where it stands alone.
func TestUnusableKeys(t *testing.T) {
	zeros := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	modulus := func(n *big.Int, e string) string {
		return `{"kty":"RSA","e":"` + e + `","n":"` + base64.RawURLEncoding.EncodeToString(n.Bytes()) + `"}`
	}
	odd := func(bits uint) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
	}
	for text, says := range map[string]string{
		`{}`:                                                                 "has no list named keys",
		`{"keys":{}}`:                                                        "has no list named keys",
		`{"keys":[]}`:                                                        "has no keys",
		`{"keys":["x"]}`:                                                     "key 1 is no object",
		`{"keys":[null]}`:                                                    "key 1 is no object",
		`{"kty":"RSA"}`:                                                      "has no n and e",
		`{"kty":7}`:                                                          `has the kty ""`,
		`{"kty":"AKP"}`:                                                      `has the kty "AKP"`,
		`{"kty":"OKP","crv":"X25519"}`:                                       `is on the curve "X25519"`,
		`{"kty":"EC","crv":"secp256k1"}`:                                     `is on the curve "secp256k1"`,
		`{"kty":"EC","crv":"P-256"}`:                                         "has no x and y of 32 bytes",
		`{"kty":"OKP","crv":"Ed25519"}`:                                      "has no x in base64url",
		"{" + rfcRSA + `,"use":"enc"}`:                                       `has the use "enc"`,
		"{" + rfcRSA + `,"use":["sig"]}`:                                     "has a use that is no text",
		"{" + rfcRSA + `,"kid":7}`:                                           "has a kid that is no text",
		"{" + rfcRSA + `,"kid":["a"]}`:                                       "has a kid that is no text",
		"{" + rfcRSA + `,"alg":"ES256"}`:                                     `says alg "ES256"`,
		"{" + rfcRSA + `,"alg":"HS256"}`:                                     `says alg "HS256"`,
		"{" + rfcRSA + `,"alg":"none"}`:                                      `says alg "none"`,
		"{" + rfcRSA + `,"alg":"RSA1_5"}`:                                    `says alg "RSA1_5"`,
		"{" + rfcP256 + `,"alg":"ES384"}`:                                    `says alg "ES384"`,
		"{" + rfcRSA + `,"key_ops":[]}`:                                      "has key_ops without verify",
		"{" + rfcRSA + `,"key_ops":"x"}`:                                     "has key_ops without verify",
		"{" + rfcRSA + `,"key_ops":[1]}`:                                     "has key_ops without verify",
		"{" + rfcRSA + `,"kid":"a","n":1}`:                                   "has a name twice",
		"{" + rfcEdwards + `,"d":"AA"}`:                                      "is a private key",
		"{" + rfcRSA + `,"d":""}`:                                            "is a private key",
		"{" + rfcP256 + `,"d":null}`:                                         "is a private key",
		"{" + shared + "}":                                                   "has a shared key (kty oct)",
		`{"keys":[{` + shared + `},{` + rfcRSA + `}]}`:                       "has a shared key (kty oct)",
		`{"kty":"OKP","crv":"Ed25519","x":"` + zeros + `"}`:                  "small order",
		`{"kty":"OKP","crv":"Ed25519","x":"` + zeros[:42] + `"}`:             "has not 32 bytes",
		strings.Replace("{"+rfcEdwards+"}", "HURo", "HURp", 1):               "has no x in base64url", // unused bits
		strings.Replace("{"+rfcEdwards+"}", "HURo", "HURo=", 1):              "has no x in base64url",
		strings.Replace("{"+rfcEdwards+"}", "HURo", `H\nURo`, 1):             "has no x in base64url",
		strings.Replace("{"+rfcP256+"}", "I5a0", "I5a4", 1):                  "is no point of its curve",
		`{"kty":"EC","crv":"P-256","x":"` + zeros + `","y":"` + zeros + `"}`: "is no point of its curve",
		strings.Replace("{"+rfcP256+"}", "P-256", "P-384", 1):                "has no x and y of 48 bytes",
		strings.Replace("{"+rfcRSA+"}", "AQAB", "AQ", 1):                     "useless exponent",
		strings.Replace("{"+rfcRSA+"}", "AQAB", "BA", 1):                     "useless exponent",
		strings.Replace("{"+rfcRSA+"}", "AQAB", "AAAA", 1):                   "useless exponent",
		strings.Replace("{"+rfcRSA+"}", "AQAB", "_____w", 1):                 "useless exponent",
		strings.Replace("{"+rfcRSA+"}", "AQAB", "AQAAAAAB", 1):               "too long ones",
		modulus(odd(511), "AQAB"):                                            "of 512 bits",
		modulus(odd(2046), "AQAB"):                                           "of 2047 bits",
		modulus(odd(8192), "AQAB"):                                           "of 8193 bits",
		modulus(odd(200_000), "AQAB"):                                        "too long ones",
		modulus(new(big.Int).Lsh(big.NewInt(1), 2047), "AQAB"):               "even modulus",
		`{"keys":[` + strings.Repeat("{"+rfcEdwards+"},", 100) + "{" + rfcEdwards + "}]}":                        "has 101 keys; allowed: 100",
		`{"keys":[{` + rfcRSA + `,"kid":"a"},{"kty":"RSA","e":"AQAB","kid":"a","n":"` + otherModulus(t) + `"}]}`: `has the kid "a" twice`,
		`{"keys":[],"pad":"` + strings.Repeat("x", MaxBytes) + `"}`:                                              "is larger than",
		"[{" + rfcRSA + "}]": "neither PEM nor",
		"{" + rfcRSA + "}{}": "is not one JSON object",
		"<!doctype html>":    "neither PEM nor",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----": "is a private key",
	} {
		keys, _, problem := ParseText(text)
		if len(keys) > 0 || !strings.Contains(problem, says) || len(problem) > 300 {
			t.Errorf("VULNERABLE: %.200s: %d keys, %q, want %q", text, len(keys), problem, says)
		}
	}
}

func otherModulus(t *testing.T) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.N.Bytes())
}

func TestSets(t *testing.T) {
	set, problem := ParseSet([]byte(`{"keys":[
		{` + rfcRSA + `,"kid":"a","alg":"RS256","adcp_use":"webhook","x5t":"","nbf":1,"x5c":["MII"]},
		{` + rfcRSA + `,"kid":"a","alg":"PS256"},
		{` + rfcP256 + `,"kid":"a"},
		{` + rfcEdwards + `},
		{` + shared + `,"kid":"a","alg":"HS256"},
		{"kty":"quantum"},
		{` + rfcP521 + `,"d":"AA"}
	],"more":1}`))
	if problem != "" || len(set.Keys) != 4 || len(set.Shared) != 1 || set.Private != 1 || len(set.Skipped) != 2 {
		t.Fatalf("%q %+v", problem, set)
	}
	first := &set.Keys[0]
	if first.ID != "a" || first.Algorithm != "RS256" || fmt.Sprint(first.Members) != "map[adcp_use:webhook]" || set.Keys[3].ID != "" {
		t.Errorf("%+v", first)
	}
	if set.Skipped[0] != `6 has the kty "quantum", which is not known` || set.Skipped[1] != "7 is a private key; whoever can read it can sign" {
		t.Errorf("%q", set.Skipped)
	}
	for text, says := range map[string]string{
		`{"keys":[{` + shared + `},{` + rfcRSA + `}]}`: "is not shared",
		`{"keys":[{` + rfcRSA + `,"d":"AA"}]}`:         "is not shared",
		`{"kty":"oct","k":"AAAA"}`:                     "has 3 bytes; RFC 7518 asks for 32",
		`{"kty":"oct","k":""}`:                         "has no k",
		"{" + shared + `,"alg":"HS512"}`:               "has 32 bytes; RFC 7518 asks for 64",
		"{" + shared + `,"alg":"A256GCM"}`:             `says alg "A256GCM"`,
		`{"keys":[]}`:                                  "has no keys",
		`[]`:                                           "is not one JSON object",
	} {
		keys, problem := parseShared(text)
		if len(keys) > 0 || !strings.Contains(problem, says) {
			t.Errorf("VULNERABLE: %s: %q", text, problem)
		}
	}
}

// Whatever is in a set: no panic, and no key but one that may verify something.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{rfcRSA, rfcP256, rfcP521, rfcEdwards, shared} {
		f.Add("{" + seed + "}")
		f.Add(`{"keys":[{` + seed + `,"kid":"1","alg":"RS256","use":"sig","key_ops":["verify"]}]}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, _, problem := ParseText(text)
		if (problem == "") != (len(keys) > 0) {
			t.Errorf("%d keys, %q", len(keys), problem)
		}
		for i := range keys {
			if len(allowedBy(&keys[i])) == 0 || keys[i].Family == HMAC || keys[i].Thumbprint == "" {
				t.Errorf("VULNERABLE: %+v", keys[i])
			}
			for _, name := range allowedBy(&keys[i]) {
				if Verify(&keys[i], name, []byte("message"), make([]byte, 64)) {
					t.Errorf("VULNERABLE: zeros are a signature of %s", text)
				}
			}
		}
	})
}
