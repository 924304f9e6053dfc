package jwt

import (
	"net/http"
	"sort"
	"strings"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/words"
)

// Peek returns header and claims of a token as far as they can be read, whoever has made it.
func Peek(text string) (map[string]any, map[string]any) {
	protected, rest, _ := strings.Cut(text, ".")
	encoded, _, _ := strings.Cut(rest, ".")
	return objectIn(protected), objectIn(encoded)
}

// Malformed says what is wrong with the form of a token, or nothing.
func Malformed(v *Verifier, text string) string {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return "it has not three parts with dots between them"
	}
	for i, name := range []string{"header", "payload", "signature"} {
		b := decodeSegment(parts[i])
		if b == nil {
			return "its " + name + " is not base64url without padding"
		}
		_, problem := strictjson.Object(b)
		if problem != "" && (i == 0 || i == 1 && !v.Detached) {
			return "its " + name + " " + problem
		}
	}
	switch {
	case v.Detached && parts[1] != "":
		return "it has a payload, and jwt.detached says that the body is what is signed"
	case !v.Detached && parts[1] == "":
		return "it has no payload: it is a detached signature, which jwt.detached is for"
	}
	header, _ := Peek(text)
	if !isPlain(v, header) {
		return "its header has crit or b64 otherwise than jwt.unencodedPayload says"
	}
	return ""
}

// Unmet returns the first claim that is not as it must be, with the values that it may
// have; none where it must only be there.
func Unmet(v *Verifier, claims map[string]any) (string, []string) {
	for _, name := range v.required {
		if claims[name] == nil {
			return name, nil
		}
	}
	for i := range v.claims {
		c := &v.claims[i]
		texts, ok := textsOf(valueOf(claims, &c.claimPath))
		if !ok || !hasAny(texts, c.values) {
			return c.name, sortedOf(c.values)
		}
	}
	if v.MaxAge > 0 && valueOf(claims, ageOf(v)) == nil {
		return ageOf(v).name, nil
	}
	return "", nil
}

// ageOf returns the claim that a token's age is counted from.
func ageOf(v *Verifier) *claimPath {
	if v.ageClaim.name != "" {
		return &v.ageClaim
	}
	return &claimPath{name: "iat"}
}

// Digest returns the claim that has the digest of the body, and what it should have.
func Digest(v *Verifier, body []byte) (string, string) {
	if v.bodyHash == nil {
		return "", ""
	}
	if v.bodyHash.encoding == encodingText {
		return v.bodyHash.claim.name, string(body)
	}
	h := v.bodyHash.hash.New()
	h.Write(body)
	return v.bodyHash.claim.name, encodeDigest(v.bodyHash.encoding, h.Sum(nil))
}

// Address returns the claim that has the address, and what it should have for a request.
func Address(v *Verifier, r *http.Request) (string, string) {
	if v.url == nil {
		return "", ""
	}
	want, _ := addressOf(v.url, r)
	return v.url.claim.name, want
}

// KeyCount returns how many keys of the configuration may have made a token of an
// algorithm.
func KeyCount(v *Verifier, algorithm string) int {
	count := 0
	for _, k := range append(append([]*jwk.Key{}, v.shared...), v.public...) {
		if jwk.Allows(k, algorithm) {
			count++
		}
	}
	return count
}

func sortedOf(set map[string]bool) []string {
	list := []string{}
	for text := range set {
		list = append(list, text)
	}
	sort.Strings(list)
	return list
}

// KeyID returns the id that the configuration has for a key, or nothing.
func KeyID(v *Verifier, public any) string {
	own, problem := jwk.FromPublic(public)
	if problem != "" {
		return ""
	}
	for _, k := range v.public {
		if k.Thumbprint == own.Thumbprint {
			return k.ID
		}
	}
	return ""
}

// NewestSecret returns the secret that who signs takes.
func NewestSecret(v *Verifier) []byte { return v.shared[0].Secret }

// AsksExpiry says whether a token must say when it is over.
func AsksExpiry(v *Verifier) bool { return words.Contains(v.required, "exp") }

// Has says whether claims have one of a name, or at a path.
func Has(claims map[string]any, name string) bool {
	c := parseClaim(name)
	return valueOf(claims, &c) != nil
}
