package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// publisher serves what a test tells it to.
type publisher struct {
	url    string
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p := &publisher{}
	url, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		answer := p.answer.Load()
		if answer == nil {
			http.Error(rw, "not yet", http.StatusInternalServerError)
			return
		}
		(*answer)(rw, r)
	}))
	must(t, err)
	p.url = url
	return p
}

func (p *publisher) says(text string) {
	answer := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(text)) })
	p.answer.Store(&answer)
}

// edwardsJWK writes a public key, with more members.
func edwardsJWK(k sender, kid, more string) string {
	return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q%s}`, kid, base64.RawURLEncoding.EncodeToString(k.edwards.Public().(ed25519.PublicKey)), more)
}

// A key set that is anything but one leaves the last good set in force: J21, and the half of
// S22 that is about sets.
func TestKeySetsThatAreNone(t *testing.T) {
	k := newSender(t)
	p := newPublisher(t)
	s := start(t, nil, []gate{{name: "keys", options: fmt.Sprintf(`{messageSignature: {parameters: [created, keyid], jwks: {url: %q, plainHTTP: true, refresh: 1s, minRefresh: 1s}}}`, p.url+"/keys")}}, gateway.Settings{})
	send := func(id string) *answer {
		return exchange(t, s.client, s.signedMessage(k, "keys", `{}`, coveredUsually+createdAt(time.Now())+fmt.Sprintf(`;keyid=%q`, id)))
	}
	good := `{"keys":[` + edwardsJWK(k, "good", "") + `]}`
	p.says(good)
	eventually(t, "the set is there", func() bool { return send("good").StatusCode == http.StatusOK })
	elsewhere := newPublisher(t)
	elsewhere.says(good)

	many := strings.Repeat(`{"kty":"oct"},`, 9999) + edwardsJWK(k, "good", "")
	bomb := &bytes.Buffer{}
	w := gzip.NewWriter(bomb)
	for range 100 {
		_, err := w.Write(make([]byte, 1<<20))
		must(t, err)
	}
	must(t, w.Close())
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"100 MiB": {func(rw http.ResponseWriter, _ *http.Request) {
			page := bytes.Repeat([]byte(" "), 1<<20)
			for range 100 {
				if _, err := rw.Write(page); err != nil {
					return
				}
			}
		}, "is larger than 524288 bytes"},
		"a bomb": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = rw.Write(bomb.Bytes())
		}, "is compressed, which was not asked for"},
		"10,000 keys": {func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintf(rw, `{"keys":[%s]}`, many) }, ""},
		"redirected":  {func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, elsewhere.url, http.StatusFound) }, "the answer is 302"},
		"a name twice": {func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"keys":[%s],"keys":[]}`, edwardsJWK(k, "good", ""))
		}, ""},
		"an id twice": {func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"keys":[%s,%s]}`, edwardsJWK(k, "good", ""), edwardsJWK(newSender(t), "good", ""))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := p.asked.Load()
			p.answer.Store(&c.answer)
			eventually(t, "it was fetched twice", func() bool { return p.asked.Load() >= before+2 })
			s.passed(t, send("good"))
			if c.says != "" {
				s.said(t, "the key set", c.says)
			}
		})
	}
	if n := elsewhere.asked.Load(); n != 0 {
		t.Errorf("VULNERABLE: a redirect was followed %d times", n)
	}
	if now := residentMB(t, s); now > 1024 {
		t.Errorf("Traefik has %d MiB now", now)
	}
}

// Keys that nobody may sign with: S22, and J21's. A set without any other is none, and the
// last good one stays; beside a good key they count for nothing.
func TestKeysThatAreNone(t *testing.T) {
	k, witness := newSender(t), newSender(t)
	p := newPublisher(t)
	s := start(t, nil, []gate{{name: "keys", options: fmt.Sprintf(`{messageSignature: {parameters: [created, keyid], keyMembers: ["adcp_use=request-signing"], jwks: {url: %q, plainHTTP: true, refresh: 1s, minRefresh: 1s}}}`, p.url+"/keys")}}, gateway.Settings{})
	send := func(k sender, id string) *answer {
		return exchange(t, s.client, s.signedMessage(k, "keys", `{}`, coveredUsually+createdAt(time.Now())+fmt.Sprintf(`;keyid=%q`, id)))
	}
	const purpose = `,"adcp_use":"request-signing"`
	turn := 0
	publish := func(key string) string { // the witness has a new id each time, so that one sees the new set
		turn++
		id := fmt.Sprintf("witness %d", turn)
		p.says(`{"keys":[` + key + `,` + edwardsJWK(witness, id, purpose) + `]}`)
		return id
	}
	for name, c := range map[string]struct{ key, reason string }{
		"good":              {edwardsJWK(k, "k", purpose), ""},
		"to verify":         {edwardsJWK(k, "k", purpose+`,"use":"sig","key_ops":["verify"]`), ""},
		"for encryption":    {edwardsJWK(k, "k", purpose+`,"use":"enc"`), "key_unknown"},
		"to sign":           {edwardsJWK(k, "k", purpose+`,"key_ops":["sign"]`), "key_unknown"},
		"for nothing":       {edwardsJWK(k, "k", purpose+`,"key_ops":[]`), "key_unknown"},
		"another purpose":   {edwardsJWK(k, "k", `,"adcp_use":"webhook"`), "key_refused"},
		"no purpose":        {edwardsJWK(k, "k", ""), "key_refused"},
		"a private key":     {edwardsJWK(k, "k", purpose+`,"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`), "key_unknown"},
		"another":           {edwardsJWK(newSender(t), "k", purpose), "signature_mismatch"},
		"31 bytes":          {`{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + b64(make([]byte, 31)) + `"` + purpose + `}`, "key_unknown"},
		"of small order":    {`{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + b64(make([]byte, 32)) + `"` + purpose + `}`, "key_unknown"},
		"X25519":            {strings.Replace(edwardsJWK(k, "k", purpose), "Ed25519", "X25519", 1), "key_unknown"},
		"RSA of 512 bits":   {rsaJWK(new(big.Int).SetBit(big.NewInt(1), 511, 1), "AQAB", purpose), "key_unknown"},
		"RSA, exponent 1":   {rsaJWK(modulusOf(t), "AQ", purpose), "key_unknown"},
		"RSA, even":         {rsaJWK(new(big.Int).SetBit(big.NewInt(0), 2047, 1), "AQAB", purpose), "key_unknown"},
		"of another family": {rsaJWK(modulusOf(t), "AQAB", purpose), "signature_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			id := publish(c.key)
			eventually(t, "the set is there", func() bool { return send(witness, id).StatusCode == http.StatusOK })
			if c.reason == "" {
				s.passed(t, send(k, "k"))
				return
			}
			eventually(t, "the id is looked up", func() bool {
				a := send(k, "k")
				return a.StatusCode == http.StatusUnauthorized && s.record(t, a.path).Reason == c.reason
			})
		})
	}
}

func modulusOf(t *testing.T) *big.Int {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return key.N
}

func rsaJWK(n *big.Int, e, more string) string {
	return fmt.Sprintf(`{"kty":"RSA","kid":"k","n":%q,"e":%q%s}`, b64(n.Bytes()), e, more)
}
