package jwt

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// Wycheproof's signatures are over any text, so they come here as detached ones, with the
// text as the body; what can't be taken apart comes as it is. Its six cases that are valid
// for others alone are refused; two that are called invalid, 367 and 370, are to the letter
// the valid case 357, because they have lost their padding.
func TestWycheproof(t *testing.T) {
	text, err := os.ReadFile("testdata/wycheproof.json")
	if err != nil {
		t.Fatal(err)
	}
	suite := struct {
		Accepted []int `json:"accepted"`
		Refused  []int `json:"refused"`
		Groups   []struct {
			Key   map[string]any `json:"key"`
			Cases []struct {
				ID      int    `json:"id"`
				Comment string `json:"comment"`
				Valid   bool   `json:"valid"`
				JWS     string `json:"jws"`
			} `json:"cases"`
		} `json:"groups"`
	}{}
	if err := json.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	otherwise := map[int]bool{}
	for _, id := range append(suite.Refused, suite.Accepted...) {
		otherwise[id] = true
	}
	cases, passed := 0, 0
	for _, g := range suite.Groups {
		detached, attached := groupVerifiers(g.Key)
		for _, c := range g.Cases {
			cases++
			got := detached != nil && verifiesDetached(detached, c.JWS)
			if got != (c.Valid != otherwise[c.ID]) {
				t.Errorf("%d (%s): %v", c.ID, c.Comment, got)
			}
			if got {
				passed++
			}
			// No text but a JSON object is a token.
			if attached != nil && Verify(attached, post("", "X-Jws", c.JWS), nil, present).Reason == verdict.Verified && !c.Valid {
				t.Errorf("%d (%s) passes as a token", c.ID, c.Comment)
			}
		}
	}
	if cases != 401 || passed != 42 {
		t.Errorf("%d cases, of which %d pass; want 401 and 42", cases, passed)
	}
}

// groupVerifiers compiles what verifies with a key of the suite; nil where the key is one
// that a configuration can't have.
func groupVerifiers(key map[string]any) (*Verifier, *Verifier) {
	raw := map[string]any{}
	if key["kty"] == "oct" {
		k, _ := rawURL.DecodeString(key["k"].(string))
		raw["secrets"] = hex.EncodeToString(k)
		if strings.Trim(string(k), "\x00") == "" {
			// No gate takes a secret of zeros; that of the suite is for its signatures alone.
			options, _ := config.Decode(map[string]any{"secrets": testSecret, "jwt": map[string]any{"header": "X-Jws", "algorithms": key["alg"], "detached": "true"}})
			v := Compile(&config.Notes{}, &secrets.Resolver{}, options)
			v.shared[0].Secret = k
			return v, nil
		}
	} else {
		raw["publicKeys"] = textOfJSON(key)
	}
	both := [2]*Verifier{}
	for i, section := range []map[string]any{
		{"header": "X-Jws", "algorithms": key["alg"], "detached": "true"},
		{"header": "X-Jws", "algorithms": key["alg"], "bodyHash": map[string]any{"claim": "none", "absentIfEmpty": "true"}},
	} {
		if raw["secrets"] != nil {
			section["secretEncoding"] = "hex"
		}
		raw["jwt"] = section
		options, problems := config.Decode(raw)
		n := &config.Notes{}
		v := Compile(n, &secrets.Resolver{}, options)
		if len(n.Problems) == 0 && len(problems) == 0 {
			both[i] = v
		}
	}
	return both[0], both[1]
}

// verifiesDetached verifies a token without its payload, which is the body.
func verifiesDetached(v *Verifier, jws string) bool {
	parts := strings.Split(jws, ".")
	body := ""
	if len(parts) == 3 {
		// A payload whose encoding is not the one that the body has stays where it is.
		b, err := rawURL.DecodeString(parts[1])
		if err == nil && rawURL.EncodeToString(b) == parts[1] {
			body = string(b)
			jws = parts[0] + ".." + parts[2]
		}
	}
	return Verify(v, post(body, "X-Jws", jws), nil, present).Reason == verdict.Verified
}
