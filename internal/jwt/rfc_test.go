package jwt

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/verdict"
)

// The examples of RFC 7515, 7520, 7797 and 8037, with their keys. Payloads that are no
// claims come as the body of a detached signature; claims come as a token, too.
func TestRFCExamples(t *testing.T) {
	text, err := os.ReadFile("testdata/rfc.json")
	if err != nil {
		t.Fatal(err)
	}
	examples := []struct {
		Name      string         `json:"name"`
		Alg       string         `json:"alg"`
		Key       map[string]any `json:"key"`
		Body      string         `json:"body"`
		JWS       string         `json:"jws"`
		Unencoded bool           `json:"unencoded"`
	}{}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		raw := map[string]any{}
		section := map[string]any{"header": "X-Jws", "algorithms": e.Alg}
		raw["jwt"] = section
		if e.Key["kty"] == "oct" {
			k, _ := rawURL.DecodeString(e.Key["k"].(string))
			raw["secrets"] = hex.EncodeToString(k)
			section["secretEncoding"] = "hex"
		} else {
			raw["publicKeys"] = textOfJSON(e.Key)
		}
		parts := strings.Split(e.JWS, ".")
		payload, _ := rawURL.DecodeString(parts[1])
		if strings.HasPrefix(string(payload), "{") {
			checkExampleClaims(t, e.Name, raw, e.JWS)
		}
		body := e.Body + string(payload)
		section["detached"] = "true"
		if e.Unencoded {
			section["unencodedPayload"] = "true"
		}
		delete(section, "issuers")
		delete(section, "claims")
		v := mustCompile(t, raw)
		detached := parts[0] + ".." + parts[2]
		for _, c := range []struct{ body, token, want string }{
			{body, detached, verdict.Verified},
			{body + " ", detached, verdict.SignatureMismatch},
			{"", detached, verdict.SignatureMismatch},
			{body, parts[0] + "." + rawURL.EncodeToString([]byte(body)) + "." + parts[2], verdict.TokenMalformed},
			{body, parts[0] + ".." + parts[2][:40], verdict.SignatureMismatch},
			{body, parts[0] + "..", verdict.SignatureMismatch},
		} {
			if got := Verify(v, post(c.body, "X-Jws", c.token), nil, present).Reason; got != c.want {
				t.Errorf("%s, body %.20q, token %.20q: %s, want %s", e.Name, c.body, c.token, got, c.want)
			}
		}
	}
	if len(examples) != 11 {
		t.Errorf("%d examples", len(examples))
	}
}

// checkExampleClaims verifies an example as a token, at its time.
func checkExampleClaims(t *testing.T, name string, raw map[string]any, token string) {
	t.Helper()
	section := raw["jwt"].(map[string]any)
	section["issuers"] = "joe"
	section["claims"] = []any{"http://example.com/is_root=true"}
	v := mustCompile(t, raw)
	for _, c := range []struct {
		at   int64
		want string
	}{{1300819380 - 3600, verdict.Verified}, {1300819380 + 60, verdict.TokenExpired}, {1300819380 - 25*3600, verdict.TokenLifetimeTooLong}} {
		if got := Verify(v, post("", "X-Jws", token), nil, time.Unix(c.at, 0)).Reason; got != c.want {
			t.Errorf("%s at %d: %s, want %s", name, c.at, got, c.want)
		}
	}
}

// An unsecured JWS, RFC 7515, A.5, is refused by everybody.
func TestUnsecured(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		raw := map[string]any{"jwt": map[string]any{"header": "X-Jws", "algorithms": algorithm, "issuers": "joe", "audiences": "x"}}
		if algorithm == "HS256" {
			raw["secrets"] = testSecret
		} else {
			raw["publicKeys"] = publicPEM(privateKeys[algorithm])
		}
		if got := Verify(mustCompile(t, raw), post("", "X-Jws", token), nil, time.Unix(1300819000, 0)).Reason; got != verdict.AlgorithmRefused {
			t.Errorf("%s: %s", algorithm, got)
		}
	}
}
