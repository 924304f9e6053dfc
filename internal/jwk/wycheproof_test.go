package jwk

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// wycheproofCase is one of C2SP/wycheproof's json_web_key_test.json.
type wycheproofCase struct {
	ID      int             `json:"id"`
	Comment string          `json:"comment"`
	Keys    json.RawMessage `json:"keys"`
	JWS     string          `json:"jws"`
	Valid   bool            `json:"valid"`
}

type wycheproofFile struct {
	Cases []wycheproofCase `json:"cases"`
}

// All 26, ROCA's key among them.
func TestWycheproof(t *testing.T) {
	content, err := os.ReadFile("testdata/wycheproof.json")
	if err != nil {
		t.Fatal(err)
	}
	file := wycheproofFile{}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 26 {
		t.Errorf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		if verifiesWithSet(t, c) != c.Valid {
			t.Errorf("case %d (%s): valid is %v", c.ID, c.Comment, !c.Valid)
		}
	}
}

// verifiesWithSet does what a verifier does: the key by its kid, the algorithm of the key.
func verifiesWithSet(t *testing.T, c wycheproofCase) bool {
	keys, problem := parseShared(string(c.Keys))
	if problem != "" {
		keys, _, problem = ParseText(string(c.Keys))
	}
	parts := strings.Split(c.JWS, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	if err := json.Unmarshal(header, &said); err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		if keys[i].ID == said["kid"] && Verify(&keys[i], said["alg"], []byte(parts[0]+"."+parts[1]), signature) {
			return problem == ""
		}
	}
	return false
}

// parseShared reads shared keys from a JWK or a JWK set in which nothing else stands: in a
// mixed one it would be the token's choice which kind verifies it.
func parseShared(text string) ([]Key, string) {
	set, problem := ParseSet([]byte(text))
	switch {
	case problem != "":
		return nil, problem
	case len(set.Keys) > 0 || set.Private > 0:
		return nil, "has a key that is not shared (kty oct); public keys belong into publicKeys"
	case len(set.Skipped) > 0:
		return nil, "has a key that can't be used: key " + set.Skipped[0]
	case len(set.Shared) == 0:
		return nil, "has no keys"
	}
	return set.Shared, ""
}
