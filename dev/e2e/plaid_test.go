package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// plaid is a server that is asked for keys as Plaid's, and signs as Plaid does.
type plaid struct {
	mu    sync.Mutex
	keys  map[string]*ecdsa.PrivateKey
	asked map[string]int
}

const plaidSecret = "the secret that Plaid has given"

func (p *plaid) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	question := map[string]string{}
	_ = json.NewDecoder(r.Body).Decode(&question)
	p.mu.Lock()
	defer p.mu.Unlock()
	id := question["key_id"]
	p.asked[id]++
	key := p.keys[id]
	if key == nil || question["client_id"] != "account" || question["secret"] != plaidSecret {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	code := base64.RawURLEncoding.EncodeToString
	_, _ = fmt.Fprintf(rw, `{"key":{"alg":"ES256","created_at":1,"crv":"P-256","expired_at":null,"kid":%q,"kty":"EC","use":"sig","x":%q,"y":%q},"request_id":"r"}`,
		id, code(key.X.FillBytes(make([]byte, 32))), code(key.Y.FillBytes(make([]byte, 32))))
}

// sign returns Plaid's header for a body, by the key of an id.
func (p *plaid) sign(t *testing.T, id, body string) string {
	t.Helper()
	p.mu.Lock()
	key := p.keys[id]
	if key == nil {
		var err error
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		p.keys[id] = key
	}
	p.mu.Unlock()
	code := base64.RawURLEncoding.EncodeToString
	input := code([]byte(fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"JWT"}`, id))) + "." +
		code([]byte(fmt.Sprintf(`{"iat":%d,"request_body_sha256":%q}`, time.Now().Unix(), sum(body))))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	must(t, err)
	return "Plaid-Verification: " + input + "." + code(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// Plaid's keys are asked for one by one, once each, and strangers' ids seldom.
func TestPlaidsKeys(t *testing.T) {
	p := &plaid{keys: map[string]*ecdsa.PrivateKey{}, asked: map[string]int{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	options := func(secret, more string) string {
		return fmt.Sprintf(`{provider: plaid, jwt: {jwks: {url: %q, plainHTTP: true, clientID: account, clientSecret: %q%s}}}`, server.URL, secret, more)
	}
	s := start(t, nil, []gate{{name: "plaid", options: options("env:PLAID", ", minRefresh: 1s")}, {name: "seldom", options: options("env:WRONG", ", minRefresh: 1h")}},
		gateway.Settings{Env: []string{"PLAID=" + plaidSecret, "WRONG=another one than that"}})
	first := p.sign(t, "key-1", hello)
	s.passed(t, s.post(t, "plaid", hello, first))
	s.passed(t, s.post(t, "plaid", hello, first))
	s.refused(t, s.post(t, "plaid", "Hello, World?", first), http.StatusUnauthorized, "body_mismatch")
	second := p.sign(t, "key-2", hello)
	eventually(t, "the next key may be asked for", func() bool { return s.status(t, "plaid", second) == http.StatusOK })
	s.passed(t, s.post(t, "plaid", hello, second))
	// Whoever has the wrong secret learns of no key, and is not told that there is none.
	s.refused(t, s.post(t, "seldom", hello, first), http.StatusServiceUnavailable, "key_unavailable")
	for i := range 20 {
		s.refused(t, s.post(t, "seldom", hello, p.sign(t, fmt.Sprint("junk-", i), hello)), http.StatusServiceUnavailable, "key_unavailable")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked["key-1"] != 2 || p.asked["key-2"] != 1 || len(p.asked) != 2 {
		t.Errorf("asked for %v", p.asked)
	}
}
