package jwt

import (
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strings"

	"github.com/hookward/hookward/internal/signature"
)

// rawURL is how a token writes bytes.
var rawURL = base64.RawURLEncoding

// bodyHash is the compiled option of that name.
type bodyHash struct {
	claim         claimPath
	encoding      string
	hash          crypto.Hash
	absentIfEmpty bool
}

// encodingText is that of a claim which is the body itself.
const encodingText = "text"

// hashesBody says whether a claim has the digest of the body.
func hashesBody(h *bodyHash, claims map[string]any, body []byte) bool {
	value := valueOf(claims, &h.claim)
	if value == nil {
		return h.absentIfEmpty && len(body) == 0
	}
	text, isText := value.(string)
	if !isText {
		return false
	}
	if h.encoding == encodingText {
		return text == string(body)
	}
	sent, ok := decodeDigest(h.encoding, text)
	if !ok {
		return false
	}
	digest := h.hash.New()
	digest.Write(body)
	return hmac.Equal(digest.Sum(nil), sent)
}

// decodeDigest decodes a digest. Of base64 padding may be missing, since libraries differ.
func decodeDigest(encoding, text string) ([]byte, bool) {
	var b []byte
	var err error
	switch {
	case strings.ContainsAny(text, "\r\n"): // the decoder passes over them
		return nil, false
	case encoding == "hex":
		b, err = hex.DecodeString(text)
	case encoding == "base64":
		b, err = base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
	default:
		b, err = rawURL.Strict().DecodeString(strings.TrimRight(text, "="))
	}
	return b, err == nil
}

// encodeDigest is the inverse, for who signs.
func encodeDigest(encoding string, digest []byte) string {
	switch encoding {
	case "hex":
		return hex.EncodeToString(digest)
	case "base64":
		return base64.StdEncoding.EncodeToString(digest)
	}
	return rawURL.EncodeToString(digest)
}

// urlClaim is the compiled option url.
type urlClaim struct {
	claim  claimPath
	form   string
	public string // the option publicURL; of qsh the base whose path is left out
}

const (
	formURL    = "url"
	formSHA256 = "sha256hex"
	formQSH    = "qsh"
)

// namesURL says whether a claim is about the address that was called.
func namesURL(u *urlClaim, claims map[string]any, r *http.Request) bool {
	texts, ok := stringsOf(valueOf(claims, &u.claim))
	want, pinned := addressOf(u, r)
	return ok && pinned && hasAny(texts, map[string]bool{want: true})
}

// addressOf returns what the claim must have for a request. The second result is false
// where it is not the one that publicURL pins.
func addressOf(u *urlClaim, r *http.Request) (string, bool) {
	if u.form == formQSH {
		return hexSHA256(canonicalRequest(u.public, r)), true
	}
	address, pinned := signature.CallerURL(u.public, r)
	if u.form == formSHA256 {
		return hexSHA256(address), pinned
	}
	return address, pinned
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// canonicalRequest is what Atlassian's qsh is the digest of: method, path below the app's
// base URL, and the query in order, without the parameter jwt.
// https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/
func canonicalRequest(base string, r *http.Request) string {
	path := r.URL.EscapedPath()
	u, err := url.Parse(base)
	if err == nil && base != "" {
		path = strings.TrimPrefix(path, strings.TrimSuffix(u.EscapedPath(), "/"))
	}
	path = strings.ReplaceAll(path, "&", "%26")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ToUpper(r.Method) + "&" + path + "&" + canonicalQuery(r.URL.RawQuery)
}

// canonicalQuery sorts the parameters of a query by their encoded names, and the values of
// each, which are joined by commas. A query that is malformed has no canonical form.
func canonicalQuery(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "\x00"
	}
	parts := []string{}
	for name, list := range values {
		if name == "jwt" {
			continue
		}
		encoded := []string{}
		for _, value := range list {
			encoded = append(encoded, percentEncode(value))
		}
		sort.Strings(encoded)
		parts = append(parts, percentEncode(name)+"="+strings.Join(encoded, ","))
	}
	sort.Slice(parts, func(i, j int) bool { return nameIn(parts[i]) < nameIn(parts[j]) })
	return strings.Join(parts, "&")
}

func nameIn(part string) string {
	name, _, _ := strings.Cut(part, "=")
	return name
}

// percentEncode encodes all but unreserved characters, RFC 3986, 2.3.
func percentEncode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
