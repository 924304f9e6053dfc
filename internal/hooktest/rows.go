package hooktest

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/vectorfile"
)

// Catalogue has every row by its slug.
var Catalogue = readCatalogue()

func readCatalogue() map[string]config.Provider {
	rows := map[string]config.Provider{}
	for _, slug := range config.ProviderSlugs() {
		rows[slug] = config.ReadRow(slug)
	}
	return rows
}

// RowSettings is what an operator has to say beside the provider.
func RowSettings(slug string, o config.Options) map[string]any {
	raw := map[string]any{"provider": slug}
	if o.JWT != nil {
		return jwtSettings(raw, *o.JWT)
	}
	keys := map[string]string{"ed25519": TestEdwardsKey, "ecdsa-sha256": TestCurveKey, "ecdsa-sha1": TestCurveKey, "rsa-sha256": TestRSAKey, "rsa-sha1": TestRSAKey}
	if o.Signature == nil || keys[o.Signature.Algorithm] == "" {
		secret := "0123456789abcdef0123456789abcdef"
		if o.Token != nil && o.Token.Basic {
			secret = "hooks:" + secret
		}
		raw["secrets"] = secret
	} else {
		raw["publicKeys"] = keys[o.Signature.Algorithm]
	}
	if o.MessageSignature != nil {
		raw["publicKeys"] = TestEdwardsKey
		delete(raw, "secrets")
		if len(o.MessageSignature.Parameters) == 1 {
			raw["replay"] = "true" // without an age, nothing else ends a delivery
		}
	}
	if o.Token != nil && *o.Token == (config.TokenOptions{}) || slug == "azure-event-grid" || slug == "bigcommerce" {
		raw["token"] = map[string]any{"header": "X-Chosen"}
	}
	if o.Signature != nil {
		if strings.Contains(o.Signature.Signs, "{decodedURL}") || strings.Contains(o.Signature.Signs, "{url}") {
			raw["publicURL"] = "https://hooks.example.com/in"
		}
		if o.Signature.SenderField != "" || strings.Contains(o.Signature.Format, "{sender}") {
			raw["senders"] = "arn:aws:sns:us-east-1:123456789012:topic"
		}
	}
	for _, h := range o.Handshakes {
		if h.VerifyTokenField != "" || strings.Contains(h.DigestOf, "{verifyToken}") {
			raw["verifyToken"] = "a word for the provider to repeat"
			if h.DigestOf != "" {
				raw["publicURL"] = "https://hooks.example.com/in"
			}
		}
	}
	return raw
}

// jwtSettings is RowSettings for a row whose sender has tokens.
func jwtSettings(raw map[string]any, o config.JWTOptions) map[string]any {
	section := map[string]any{}
	algorithm := o.Algorithms[0]
	switch {
	case strings.HasPrefix(algorithm, "HS"):
		raw["secrets"] = "0123456789abcdef0123456789abcdef"
	case o.Certificates != nil:
		section["certificates"] = map[string]any{"roots": TestRoot}
		section["claims"] = []any{"data.bundleId=com.example.app", "data.environment=Production"}
	case (o.JWKS == nil || o.JWKS.PerKey) && strings.HasPrefix(algorithm, "ES"):
		raw["publicKeys"] = TestCurveKey
	case o.JWKS == nil:
		raw["publicKeys"] = TestRSAKey
	}
	if o.URL != nil && o.URL.Form != "qsh" {
		raw["publicURL"] = "https://hooks.example.com/in"
	}
	bound := o.Body || o.Detached || o.BodyHash != nil
	if !bound && o.URL == nil && o.Certificates == nil {
		section["audiences"] = "https://hooks.example.com/in"
	}
	if len(section) > 0 {
		raw["jwt"] = section
	}
	return raw
}

// ReadVectors returns the vectors of testdata/vectors, each with a present.
func ReadVectors(t *testing.T) []vectorfile.Vector {
	t.Helper()
	root := "."
	if _, err := os.Stat("testdata/vectors"); err != nil {
		root = ".." // a package beside the gate's
	}
	all, err := vectorfile.ReadAll(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Now.IsZero() {
			all[i].Now = TestTime
		}
	}
	return all
}

// RequestOf returns the request of a vector.
func RequestOf(v vectorfile.Vector) *http.Request {
	return NewRequest(v.Method, v.URL, v.Body, v.Headers...)
}
