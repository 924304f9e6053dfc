package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// readSuite reads a suite of others from a package's testdata.
func readSuite(t *testing.T, path string, into any) {
	t.Helper()
	root, err := gateway.Root()
	must(t, err)
	text, err := os.ReadFile(filepath.Join(root, path))
	must(t, err)
	must(t, json.Unmarshal(text, into))
}

// wycheproofJWS is C2SP/wycheproof's json_web_signature_test.json.
type wycheproofJWS struct {
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
}

// secretOfZeros stands for the suite's secret of nothing but zeros, which no gate takes.
const secretOfZeros = "7b1f0c6a9d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162738"

// signedAnew puts MACs by secretOfZeros in the place of those by the suite's zeros, and
// leaves what is wrong with a token as it is.
func signedAnew(jws string) string {
	own, _ := hex.DecodeString(secretOfZeros)
	mac := func(key []byte, input string) string {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(input))
		return b64(h.Sum(nil))
	}
	plain := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" ?#", c) {
			return -1
		}
		return c
	}, jws)
	for _, text := range []string{jws, plain} {
		input := text[:strings.LastIndexByte(text, '.')]
		jws = strings.Replace(jws, mac(nil, input), mac(own, input), 1)
	}
	return jws
}

// keyOptions are those of a gate with a key of a suite.
func keyOptions(key map[string]any, section map[string]any) map[string]any {
	section["header"] = "X-Jws"
	section["algorithms"] = key["alg"]
	if key["alg"] == nil { // of a key for other purposes
		section["algorithms"] = []string{"RS256", "ES256"}
	}
	if key["kty"] != "oct" {
		return map[string]any{"publicKeys": jsonText(key), "jwt": section}
	}
	k, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(key["k"]))
	secret := hex.EncodeToString(k)
	if strings.Trim(secret, "0") == "" {
		secret = secretOfZeros
	}
	section["secretEncoding"] = "hex"
	return map[string]any{"secrets": secret, "jwt": section}
}

// detachedForm takes the payload out of a token, which then is the body. One whose encoding
// is not the one that the body has stays where it is.
func detachedForm(jws string) (string, string) {
	parts := strings.Split(jws, ".")
	if len(parts) == 3 {
		b, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && b64(b) == parts[1] {
			return parts[0] + ".." + parts[2], string(b)
		}
	}
	return jws, ""
}

// Wycheproof's 401 signatures, with a gate for each of its keys and each of two shapes. Its
// texts are no claims: they pass as the body of a detached signature, and never as a token.
// A gate refuses six that are called valid: 346 and 350 (the key says PS256, the token
// PS384), 347 and 351 (the key says ES521, which is no algorithm), 372 and 373 (a question
// mark in the encoding). Two that are called invalid, 367 and 370, are 357 to the letter.
func TestWycheproofSignatures(t *testing.T) {
	suite := wycheproofJWS{}
	readSuite(t, "internal/jwt/testdata/wycheproof.json", &suite)
	if !slices.Equal(suite.Refused, []int{346, 347, 350, 351, 372, 373}) || !slices.Equal(suite.Accepted, []int{367, 370}) {
		t.Fatalf("refused %v, accepted %v", suite.Refused, suite.Accepted)
	}
	gates := []gate{}
	for i, g := range suite.Groups {
		for name, section := range map[string]map[string]any{"body": {"detached": true}, "token": {"bodyHash": map[string]any{"claim": "none", "absentIfEmpty": true}}} {
			gates = append(gates, gate{name: fmt.Sprintf("%s-%d", name, i), options: jsonText(keyOptions(g.Key, section))})
		}
	}
	s := start(t, nil, gates, gateway.Settings{})
	cases, passed := 0, 0
	for i, g := range suite.Groups {
		for _, c := range g.Cases {
			jws := c.JWS
			if g.Key["kid"] == "hs256-key" {
				jws = signedAnew(jws)
			}
			cases++
			token, body := detachedForm(jws)
			a := s.post(t, fmt.Sprintf("body-%d", i), body, "X-Jws: "+token)
			if c.Valid && !slices.Contains(suite.Refused, c.ID) || slices.Contains(suite.Accepted, c.ID) {
				arrived, _ := s.passed(t, a)
				unchanged(t, arrived, body)
				passed++
			} else {
				s.refusedSomehow(t, a, fmt.Sprintf("%d (%s)", c.ID, c.Comment))
			}
			s.refusedSomehow(t, s.post(t, fmt.Sprintf("token-%d", i), "", "X-Jws: "+jws), fmt.Sprintf("%d (%s) as a token", c.ID, c.Comment))
		}
	}
	if cases != 401 || passed != 42 {
		t.Errorf("%d cases, of which %d pass; want 401 and 42", cases, passed)
	}
}

// refusedSomehow checks that a request was refused, for a reason that others test: by 401,
// or by 503 where the gate's key is one that no gate takes.
func (s *site) refusedSomehow(t *testing.T, a *answer, name string) *record {
	t.Helper()
	r := s.record(t, a.path)
	if a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusServiceUnavailable || len(s.backend.at(a.path)) != 0 || r.Decision != "refuse" || r.Reason == "verified" {
		t.Errorf("VULNERABLE: %s: %d, and the record says %s, %s", name, a.StatusCode, r.Decision, r.Reason)
	}
	return r
}

// Wycheproof's 26 key sets: fetched from where their owner would publish them, which makes
// nothing of shared keys; and where all are shared, each as one of the gate's own secrets.
func TestWycheproofKeys(t *testing.T) {
	suite := struct {
		Cases []struct {
			ID      int    `json:"id"`
			Comment string `json:"comment"`
			Keys    struct {
				Keys []map[string]any `json:"keys"`
			} `json:"keys"`
			JWS   string `json:"jws"`
			Valid bool   `json:"valid"`
		} `json:"cases"`
	}{}
	readSuite(t, "internal/jwk/testdata/wycheproof.json", &suite)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	url, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, c := range suite.Cases {
			if r.URL.Path == fmt.Sprintf("/%d", c.ID) {
				_, _ = io.WriteString(rw, jsonText(c.Keys))
			}
		}
	}))
	must(t, err)
	gates := []gate{}
	shared := func(keys []map[string]any) []string {
		secrets := []string{}
		for _, key := range keys {
			k, _ := base64.RawURLEncoding.DecodeString(fmt.Sprint(key["k"]))
			if key["kty"] == "oct" && strings.HasPrefix(fmt.Sprint(key["alg"]), "HS") {
				secrets = append(secrets, hex.EncodeToString(k))
			}
		}
		return secrets
	}
	for _, c := range suite.Cases {
		gates = append(gates, gate{name: fmt.Sprintf("set-%d", c.ID), options: jsonText(map[string]any{"jwt": map[string]any{
			"header": "X-Jws", "detached": true, "algorithms": []string{"RS256", "ES256"}, "jwks": map[string]any{"url": fmt.Sprintf("%s/%d", url, c.ID), "plainHTTP": true}}})})
		gates = append(gates, gate{name: fmt.Sprintf("secrets-%d", c.ID), options: jsonText(map[string]any{"secrets": shared(c.Keys.Keys), "jwt": map[string]any{
			"header": "X-Jws", "detached": true, "algorithms": []string{"HS256", "HS384", "HS512"}, "secretEncoding": "hex"}})})
	}
	s := start(t, nil, gates, gateway.Settings{})
	passed := map[string]int{}
	for _, c := range suite.Cases {
		token, body := detachedForm(c.JWS)
		for _, kind := range []string{"set", "secrets"} {
			a := s.post(t, fmt.Sprintf("%s-%d", kind, c.ID), body, "X-Jws: "+token)
			// Secrets have neither names nor public keys beside them, so what is wrong with
			// the sets 1 and 4 is not wrong with a gate that has their secrets. Short ones, as
			// in 11 and 12, are a warning: senders have such.
			takes := kind == "secrets" && slices.Contains([]int{1, 4, 11, 12}, c.ID)
			if (c.Valid || takes) && (kind == "set") != (c.Keys.Keys[0]["kty"] == "oct") {
				s.passed(t, a)
				passed[kind]++
				continue
			}
			s.refusedSomehow(t, a, fmt.Sprintf("%d (%s), %s", c.ID, c.Comment, kind))
		}
	}
	if len(suite.Cases) != 26 || passed["set"] != 1 || passed["secrets"] != 8 {
		t.Errorf("of %d cases %v pass", len(suite.Cases), passed)
	}
}

// The examples of RFC 7515, 7520, 7797 and 8037, as detached signatures: by what was signed,
// and by anything else.
func TestRFCExamples(t *testing.T) {
	examples := []struct {
		Name      string         `json:"name"`
		Alg       string         `json:"alg"`
		Key       map[string]any `json:"key"`
		Body      string         `json:"body"`
		JWS       string         `json:"jws"`
		Unencoded bool           `json:"unencoded"`
	}{}
	readSuite(t, "internal/jwt/testdata/rfc.json", &examples)
	gates := []gate{}
	for i, e := range examples {
		e.Key["alg"] = e.Alg
		section := map[string]any{"detached": true}
		if e.Unencoded {
			section["unencodedPayload"] = true
		}
		gates = append(gates, gate{name: fmt.Sprintf("example-%d", i), options: jsonText(keyOptions(e.Key, section))})
	}
	s := start(t, nil, gates, gateway.Settings{})
	for i, e := range examples {
		name := fmt.Sprintf("example-%d", i)
		parts := strings.Split(e.JWS, ".")
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
		body, detached := e.Body+string(payload), parts[0]+".."+parts[2]
		arrived, r := s.passed(t, s.post(t, name, body, "X-Jws: "+detached))
		unchanged(t, arrived, body)
		if r.TokenAlgorithm != e.Alg {
			t.Errorf("%s: the record says %s", e.Name, r.TokenAlgorithm)
		}
		for _, c := range []struct{ body, token, reason string }{
			{body + " ", detached, "signature_mismatch"},
			{"", detached, "signature_mismatch"},
			{body, parts[0] + "." + b64([]byte(body)) + "." + parts[2], "token_malformed"},
			{body, parts[0] + ".." + parts[2][:40], "signature_mismatch"},
			{body, parts[0] + "..", "signature_mismatch"},
			{body, b64([]byte(`{"alg":"none"}`)) + "..", "algorithm_refused"},
		} {
			s.refused(t, s.post(t, name, c.body, "X-Jws: "+c.token), http.StatusUnauthorized, c.reason)
		}
	}
	if len(examples) != 11 {
		t.Errorf("%d examples", len(examples))
	}
}
