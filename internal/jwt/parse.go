package jwt

import (
	"encoding/base64"
	"strings"

	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

const (
	// maxHeaderToken bounds a token in a header or in the query, in bytes.
	maxHeaderToken = 8 << 10
	// maxProtected bounds the encoded header of a token: three certificates fit in.
	maxProtected = 16 << 10
	// maxTokens bounds the tokens of a list in the body.
	maxTokens = 16
)

// segment has the characters of base64url, RFC 4648, 5. Go's decoder passes over line
// breaks, so they are looked for first.
const segment = "-_0123456789" + words.Letters

// token is a compact JWS, RFC 7515, 3.1, taken apart. Nothing of it is verified yet.
type token struct {
	text      string // header.payload, as sent
	encoded   string // the payload, as sent
	header    map[string]any
	algorithm string
	keyID     string
	named     bool // there is a kid
	signature []byte
}

// parse takes a token apart as far as its signature needs it. The second result is
// TokenRead or the reason to refuse.
func parse(v *Verifier, text string) (*token, string) {
	protected, rest, dots := strings.Cut(text, ".")
	encoded, signature, twice := strings.Cut(rest, ".")
	if !dots || !twice || len(protected) > maxProtected || (encoded == "") != v.Detached {
		return nil, verdict.TokenMalformed
	}
	t := &token{text: text[:len(protected)+1+len(encoded)], encoded: encoded, header: objectIn(protected), signature: decodeSegment(signature)}
	if t.header == nil || t.signature == nil {
		return nil, verdict.TokenMalformed
	}
	return t, readHeader(v, t)
}

// readHeader looks at what the header says of how the token is made. Of its own keys,
// jwk, jku and x5u, it says nothing that anybody listens to, RFC 8725, 3.10.
func readHeader(v *Verifier, t *token) string {
	kid := t.header["kid"]
	if kid != nil {
		text, isText := kid.(string)
		if !isText {
			return verdict.TokenMalformed
		}
		t.keyID = text
		t.named = true
	}
	algorithm, isText := t.header["alg"].(string)
	if !isText {
		return verdict.TokenMalformed
	}
	t.algorithm = algorithm
	if !v.algorithms[algorithm] {
		return verdict.AlgorithmRefused
	}
	contentType, isText := t.header["cty"].(string)
	if isText && foldType(contentType) == "jwt" {
		return verdict.TokenMalformed // a token in a token
	}
	if !isPlain(v, t.header) {
		return verdict.TokenMalformed
	}
	return verdict.TokenRead
}

// isPlain says whether a header asks for nothing beyond what is verified: crit names what
// must be understood, RFC 7515, 4.1.11, and b64 is all that can be, RFC 7797.
func isPlain(v *Verifier, header map[string]any) bool {
	critical, named := header["crit"]
	encodes, said := header["b64"]
	if !v.unencoded {
		return !named && !said
	}
	flag, isFlag := encodes.(bool)
	if v.sloppy && !named {
		return isFlag && !flag
	}
	list, isList := critical.([]any)
	return isList && len(list) == 1 && list[0] == "b64" && isFlag && !flag
}

// strictURL decodes base64url without padding, and takes no bits that nobody reads.
var strictURL = base64.RawURLEncoding.Strict()

// decodeSegment decodes base64url without padding, and returns nil for any other spelling.
func decodeSegment(text string) []byte {
	if strings.TrimLeft(text, segment) != "" {
		return nil
	}
	b, err := strictURL.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// objectIn returns the JSON object that a segment is, or nil.
func objectIn(text string) map[string]any {
	object, _ := strictjson.Object(decodeSegment(text))
	return object
}
