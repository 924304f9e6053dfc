// Package messagesigners holds the gate's message signatures against other people's
// libraries: what they sign passes, and what passes they take.
package messagesigners

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	mathrand "math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/dev/npm"
	"github.com/hookward/hookward/signer"
)

func TestMain(m *testing.M) {
	if err := npm.Install("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// keyring are the keys of both sides: private ones as JWKs for the libraries, by the names
// of RFC 9421, and public ones for the gate.
type keyring struct {
	private map[string]any
	signers map[string]crypto.Signer
	public  []any
}

const secret = "a secret of these tests, long enough"

func makeKeys(t *testing.T) keyring {
	t.Helper()
	code := base64.RawURLEncoding.EncodeToString
	k := keyring{private: map[string]any{"secret": secret}, signers: map[string]crypto.Signer{}}
	add := func(name string, key crypto.Signer, open, closed map[string]string) {
		k.signers[name] = key
		whole := maps.Clone(open)
		maps.Copy(whole, closed)
		k.private[name] = whole
		text, err := json.Marshal(open)
		if err != nil {
			t.Fatal(err)
		}
		k.public = append(k.public, string(text))
	}
	public, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	add("ed25519", edwards, map[string]string{"kty": "OKP", "crv": "Ed25519", "x": code(public)}, map[string]string{"d": code(edwards.Seed())})
	for name, curve := range map[string]elliptic.Curve{"ecdsa-p256-sha256": elliptic.P256(), "ecdsa-p384-sha384": elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		size := (curve.Params().BitSize + 7) / 8
		write := func(n *big.Int) string { return code(n.FillBytes(make([]byte, size))) }
		add(name, key, map[string]string{"kty": "EC", "crv": curve.Params().Name, "x": write(key.X), "y": write(key.Y)}, map[string]string{"d": write(key.D)})
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	modulus.Precompute()
	number := func(n *big.Int) string { return code(n.Bytes()) }
	for _, name := range []string{"rsa-pss-sha512", "rsa-v1_5-sha256"} {
		add(name, modulus, map[string]string{"kty": "RSA", "n": number(modulus.N), "e": number(big.NewInt(int64(modulus.E)))},
			map[string]string{"d": number(modulus.D), "p": number(modulus.Primes[0]), "q": number(modulus.Primes[1]), "dp": number(modulus.Precomputed.Dp), "dq": number(modulus.Precomputed.Dq), "qi": number(modulus.Precomputed.Qinv)})
	}
	return k
}

// request is one as messages.mjs writes and reads it.
type request struct {
	Library string            `json:"library,omitempty"`
	Options map[string]string `json:"options,omitempty"`
	Dialect string            `json:"dialect,omitempty"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers [][2]string       `json:"headers"`
	Body    string            `json:"body"`
}

// run runs messages.mjs with lines on stdin, and returns those that it writes.
func run(t *testing.T, mode string, lines ...any) []json.RawMessage {
	t.Helper()
	input := &bytes.Buffer{}
	for _, line := range lines {
		if err := json.NewEncoder(input).Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("node", "messages.mjs", mode)
	command.Stdin = input
	stderr := &bytes.Buffer{}
	command.Stderr = stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("messages.mjs %s: %v\n%s", mode, err, stderr)
	}
	found := []json.RawMessage{}
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var line json.RawMessage
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		found = append(found, line)
	}
	return found
}

// gates has a gate for each kind of request.
func gates(t *testing.T, k keyring) func(r request) http.Handler {
	t.Helper()
	made := map[string]http.Handler{}
	for name, raw := range map[string]map[string]any{
		"":       {"secrets": secret, "messageSignature": map[string]any{}},
		"cavage": {"secrets": secret, "messageSignature": map[string]any{"dialect": "cavage"}},
		"adcp":   {"provider": "adcp", "messageSignature": map[string]any{"keyMembers": []any{"kty=OKP", "kty=EC"}}},
	} {
		raw["publicKeys"] = k.public
		raw["ban"] = "false"
		if name == "adcp" {
			raw["messageSignature"] = map[string]any{} // keys without a name, for which the operator vouches
			raw["publicKeys"] = pemKeys(t, k)
		}
		next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {})
		gate, err := hookward.New(context.Background(), next, &hookward.Config{Raw: raw}, "messages-"+name)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = gate
	}
	return func(r request) http.Handler { return made[r.Options["provider"]+r.Options["dialect"]] }
}

func send(gate http.Handler, r request) int {
	arrived := httptest.NewRequest(r.Method, r.URL, strings.NewReader(r.Body))
	for _, header := range r.Headers {
		if !strings.EqualFold(header[0], "host") {
			arrived.Header.Add(header[0], header[1])
		}
	}
	rw := httptest.NewRecorder()
	gate.ServeHTTP(rw, arrived)
	return rw.Code
}

func signedByOthers(t *testing.T, k keyring) []request {
	t.Helper()
	all := []request{}
	for _, line := range run(t, "sign", k.private) {
		r := request{}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) < 30 {
		t.Fatalf("only %d requests", len(all))
	}
	return all
}

// What the libraries sign passes, and what differs from it does not.
func TestSigners(t *testing.T) {
	k := makeKeys(t)
	gate := gates(t, k)
	for _, r := range signedByOthers(t, k) {
		if status := send(gate(r), r); status != http.StatusOK {
			t.Errorf("%s: %d for %q", r.Library, status, r.Headers)
			continue
		}
		refused := func(what string, r request) {
			if status := send(gate(r), r); status != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", r.Library, what, status)
			}
		}
		changed := r
		changed.Body += " "
		refused("another body", changed)
		changed = r
		changed.URL = strings.Replace(r.URL, "a=1", "a=2", 1)
		refused("another query", changed)
		changed = r
		changed.Method = http.MethodPut
		if status := send(gate(changed), changed); status == http.StatusOK {
			t.Errorf("%s: another method passes", r.Library)
		}
		for i := range r.Headers {
			name := strings.ToLower(r.Headers[i][0])
			if name == "signature" || name == "signature-input" || name == "content-digest" && r.Options["dialect"] == "" || name == "digest" && r.Options["dialect"] != "" {
				changed = r
				changed.Headers = append(append([][2]string{}, r.Headers[:i]...), r.Headers[i+1:]...)
				refused("without "+name, changed)
			}
		}
	}
}

// Whatever the gate takes, the libraries take, be it changed at random; and what hookward
// signs itself.
func TestJudges(t *testing.T) {
	k := makeKeys(t)
	gate := gates(t, k)
	random := mathrand.New(mathrand.NewSource(9421))
	passed := []any{k.private}
	names := []string{}
	tried := 0
	for _, r := range append(signedByOthers(t, k), signedByUs(t, k)...) {
		if r.Options["provider"] == "adcp" {
			continue // its base64url is no library's
		}
		r.URL = strings.Replace(r.URL, "%7E", "~", 1) // they take the path as it is written
		for i := range 60 {
			changed := r
			if i > 0 {
				changed.Headers = mutate(random, r.Headers)
			}
			tried++
			if send(gate(r), changed) == http.StatusOK {
				changed.Dialect = r.Options["dialect"]
				passed = append(passed, changed)
				names = append(names, r.Library)
			}
		}
	}
	judged := run(t, "judge", passed...)
	if len(judged) != len(names) || len(names) < 40 {
		t.Fatalf("%d of %d judged", len(judged), len(names))
	}
	for i, line := range judged {
		verdict := struct{ First, Second any }{}
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatal(err)
		}
		if verdict.First != nil && verdict.First != true || verdict.Second != nil && verdict.Second != true {
			t.Errorf("%s passes the gate, and others say %v, %v: %q", names[i], verdict.First, verdict.Second, passed[i+1])
		}
	}
	t.Logf("%d of %d passed", len(names), tried)
}

// mutations change the text of a header.
var mutations = []func(random *mathrand.Rand, text string) string{
	func(random *mathrand.Rand, text string) string { return strings.Replace(text, `" "`, `"  "`, 1) },
	func(random *mathrand.Rand, text string) string { return strings.Replace(text, ";", "; ", 1) },
	func(random *mathrand.Rand, text string) string { return strings.Replace(text, "=1", "=01", 1) },
	func(random *mathrand.Rand, text string) string {
		return strings.Replace(text, ";expires", ";x=1;expires", 1)
	},
	func(random *mathrand.Rand, text string) string {
		return strings.Replace(text, `"@method"`, `"@authority"`, 1)
	},
	func(random *mathrand.Rand, text string) string { return strings.ToUpper(text) },
	func(random *mathrand.Rand, text string) string {
		if !strings.Contains(text, "(") {
			return text + ", other=:AAAA:" // one library takes nothing else, even where nobody looks
		}
		return text + ", other=()"
	},
	func(random *mathrand.Rand, text string) string { return " " + text + " " },
	func(random *mathrand.Rand, text string) string {
		at := random.Intn(len(text))
		return text[:at] + text[at+1:]
	},
	func(random *mathrand.Rand, text string) string {
		at := random.Intn(len(text))
		return text[:at] + string("aA0=+/:;\"() ,"[random.Intn(13)]) + text[at+1:]
	},
	func(random *mathrand.Rand, text string) string {
		at := random.Intn(len(text))
		return text[:at] + string("aA0=+/:;\"() ,"[random.Intn(13)]) + text[at:]
	},
}

func mutate(random *mathrand.Rand, headers [][2]string) [][2]string {
	changed := append([][2]string{}, headers...)
	i := random.Intn(len(changed))
	if changed[i][1] == "" || strings.EqualFold(changed[i][0], "host") {
		return changed // the host is the URL's
	}
	changed[i][1] = mutations[random.Intn(len(mutations))](random, changed[i][1])
	if strings.ContainsAny(changed[i][1], "\r\n") {
		return headers
	}
	return changed
}

// signedByUs are deliveries as 'hookward send' signs them.
func signedByUs(t *testing.T, k keyring) []request {
	t.Helper()
	all := []request{}
	for name, key := range k.signers {
		s, err := signer.NewSigner(&hookward.Config{Raw: map[string]any{"messageSignature": map[string]any{"algorithms": name, "parameters": "created,keyid,alg"}}}, key)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Sign(signer.Delivery{URL: "https://hooks.example.com/in?a=1", Time: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		r := request{Library: "hookward " + name, Method: d.Method, URL: d.URL, Body: string(d.Body)}
		for header, values := range d.Header {
			for _, value := range values {
				r.Headers = append(r.Headers, [2]string{strings.ToLower(header), value})
			}
		}
		all = append(all, r)
	}
	return all
}
