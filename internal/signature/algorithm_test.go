package signature

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The first two test cases of RFC 2202 (MD5, SHA-1) and RFC 4231 (SHA-2).
func TestComputeMACPublishedVectors(t *testing.T) {
	long, jefe := strings.Repeat("\x0b", 20), "Jefe"
	hiThere, what := "Hi There", "what do ya want for nothing?"
	cases := []struct{ algorithm, key, text, want string }{
		{"hmac-md5", long[:16], hiThere, "9294727a3638bb1c13f48ef8158bfc9d"},
		{"hmac-md5", jefe, what, "750c783e6ab0b503eaa86e310a5db738"},
		{"hmac-sha1", long, hiThere, "b617318655057264e28bc0b6fb378c8ef146be00"},
		{"hmac-sha1", jefe, what, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"hmac-sha256", long, hiThere, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"hmac-sha256", jefe, what, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"hmac-sha384", long, hiThere, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
		{"hmac-sha384", jefe, what, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
		{"hmac-sha512", long, hiThere, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
		{"hmac-sha512", jefe, what, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
	}
	for _, c := range cases {
		a := Algorithms[c.algorithm]
		// In one piece and in two: the pieces are signed as if joined.
		whole := ComputeMAC(&a, []byte(c.key), [][]byte{[]byte(c.text)})
		parts := ComputeMAC(&a, []byte(c.key), [][]byte{[]byte(c.text[:3]), nil, []byte(c.text[3:])})
		if hex.EncodeToString(whole) != c.want || hex.EncodeToString(parts) != c.want {
			t.Errorf("%s of %q: got %x and %x, want %s", c.algorithm, c.text, whole, parts, c.want)
		}
		if len(whole) != a.Size {
			t.Errorf("%s: size is %d, table says %d", c.algorithm, len(whole), a.Size)
		}
	}
	macs := 0
	for _, a := range Algorithms {
		if a.Family == "hmac" {
			macs++
		}
	}
	if macs != 5 {
		t.Errorf("%d algorithms of HMAC, 5 are tested", macs)
	}
}
