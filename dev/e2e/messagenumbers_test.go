package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/vectorfile"
)

// S10: what is no pair of r and s verifies nothing, whatever a library makes of it.
func TestSignaturesThatAreNone(t *testing.T) {
	k := newSender(t)
	s := start(t, nil, []gate{{name: "ms", options: `{publicKeys: ` + k.keys(t) + `, messageSignature: {}}`}}, gateway.Settings{})
	order := k.curve.Params().N
	both := func(r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	zero := new(big.Int)
	for _, c := range []struct {
		name, alg string
		encode    func(r, s *big.Int, good []byte) []byte
		reason    string
	}{
		{"as it is", "ecdsa-p256-sha256", func(_, _ *big.Int, good []byte) []byte { return good }, "verified"},
		{"r zero", "ecdsa-p256-sha256", func(_, s *big.Int, _ []byte) []byte { return both(zero, s) }, "signature_mismatch"},
		{"s zero", "ecdsa-p256-sha256", func(r, _ *big.Int, _ []byte) []byte { return both(r, zero) }, "signature_mismatch"},
		{"both zero", "ecdsa-p256-sha256", func(_, _ *big.Int, _ []byte) []byte { return make([]byte, 64) }, "signature_mismatch"},
		{"r is n", "ecdsa-p256-sha256", func(_, s *big.Int, _ []byte) []byte { return both(order, s) }, "signature_mismatch"},
		{"s is n", "ecdsa-p256-sha256", func(r, _ *big.Int, _ []byte) []byte { return both(r, order) }, "signature_mismatch"},
		{"both are n", "ecdsa-p256-sha256", func(_, _ *big.Int, _ []byte) []byte { return both(order, order) }, "signature_mismatch"},
		{"all ones", "ecdsa-p256-sha256", func(_, _ *big.Int, _ []byte) []byte { return []byte(strings.Repeat("\xff", 64)) }, "signature_mismatch"},
		{"63 bytes", "ecdsa-p256-sha256", func(_, _ *big.Int, good []byte) []byte { return good[:63] }, "signature_mismatch"},
		{"65 bytes", "ecdsa-p256-sha256", func(_, _ *big.Int, good []byte) []byte { return append(good, 0) }, "signature_mismatch"},
		{"65 bytes, the first zero", "ecdsa-p256-sha256", func(_, _ *big.Int, good []byte) []byte { return append([]byte{0}, good...) }, "signature_mismatch"},
		{"ed25519 of 63 bytes", "ed25519", func(_, _ *big.Int, good []byte) []byte { return good[:63] }, "signature_mismatch"},
		{"ed25519 of 65 bytes", "ed25519", func(_, _ *big.Int, good []byte) []byte { return append(good, 0) }, "signature_mismatch"},
		{"nothing", "ecdsa-p256-sha256", func(_, _ *big.Int, _ []byte) []byte { return nil }, "signature_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := coveredUsually + createdAt(time.Now()) + fmt.Sprintf(`;alg=%q`, c.alg)
			r := s.signedMessage(k, "ms", `{}`, params)
			lines := []string{`"@method": POST`, `"@target-uri": http://hooks.example.com` + r.URL.Path, `"content-digest": ` + contentDigest(`{}`), `"@signature-params": ` + params}
			hash := sha256.Sum256([]byte(strings.Join(lines, "\n")))
			one, two, err := ecdsa.Sign(rand.Reader, k.curve, hash[:])
			must(t, err)
			good := both(one, two)
			if c.alg == "ed25519" {
				good = k.sign(params, lines[:3])
			}
			r.Header["Signature"] = []string{"sig1=:" + base64.StdEncoding.EncodeToString(c.encode(one, two, good)) + ":"}
			a := exchange(t, s.client, r)
			if c.reason == "verified" {
				s.passed(t, a)
				return
			}
			s.refused(t, a, http.StatusUnauthorized, c.reason)
		})
	}
}

// called sends a request to the letter. PATH in a text is what no other request has; as is
// the path that Traefik makes of it, by which the record is found.
func (s *site) called(t *testing.T, k sender, asked, host, signed, as string) *answer {
	t.Helper()
	const body = `{}`
	path := s.path("ms")
	put := func(text string) string { return strings.ReplaceAll(text, "PATH", path) }
	params := coveredUsually + createdAt(time.Now())
	lines := []string{`"@method": POST`, `"@target-uri": ` + put(signed), `"content-digest": ` + contentDigest(body)}
	w := s.connect(t)
	w.path = put(as)
	s.paths[len(s.paths)-1] = w.path
	w.send(t, "POST "+put(asked)+" HTTP/1.1\r\nHost: "+host+"\r\nContent-Digest: "+contentDigest(body)+"\r\nSignature-Input: sig1="+params+
		"\r\nSignature: sig1=:"+base64.StdEncoding.EncodeToString(k.sign(params, lines))+":\r\nContent-Length: 2\r\n\r\n"+body)
	return w.final(t)
}

// S16 and S17, the rest: who calls with a name and a password in the address, and paths that
// Traefik cleans. A gate sees them cleaned, as the backend does, and goes by nothing else.
func TestCleanedTargets(t *testing.T) {
	k := newSender(t)
	s := start(t, nil, []gate{{name: "ms", options: `{publicKeys: ` + k.keys(t) + `, messageSignature: {}}`}}, gateway.Settings{})
	const host, base = "hooks.example.com", "http://hooks.example.com"
	for _, c := range []struct{ asked, host, signed, as, reason string }{
		{"PATH", host, base + "PATH", "PATH", "verified"},
		{base + "PATH", host, base + "PATH", "PATH", "verified"},
		{"http://user:pass@hooks.example.comPATH", host, base + "PATH", "PATH", "verified"},
		{"http://user:pass@hooks.example.comPATH", host, "http://user:pass@hooks.example.comPATH", "PATH", "signature_mismatch"},
		{"http://hooks.example.com:pass@elsewhere.example.comPATH", host, base + "PATH", "PATH", "signature_mismatch"},
		{"http://elsewhere.example.comPATH", host, base + "PATH", "PATH", "signature_mismatch"}, // the address counts, RFC 9112, 3.2.2

		{"PATH//a", host, base + "PATH/a", "PATH/a", "verified"},
		{"PATH//a", host, base + "PATH//a", "PATH/a", "signature_mismatch"},
		{"//ms/../PATH/a", host, base + "PATH/a", "PATH/a", "verified"},
		{"PATH/b/../a", host, base + "PATH/a", "PATH/a", "verified"},
		{"PATH/b/../a", host, base + "PATH/b/../a", "PATH/a", "signature_mismatch"},
		{"PATH/./a", host, base + "PATH/a", "PATH/a", "verified"},
		{"PATH/b/%2e%2e/a", host, base + "PATH/a", "PATH/a", "verified"},
		{"PATH/a", host, base + "PATH/b/../a", "PATH/a", "signature_mismatch"},
		{"PATH/%2e%2e%2fa", host, base + "PATH/a", "PATH/..%2Fa", "signature_mismatch"},
		{"PATH/%e2%98%83", host, base + "PATH/%E2%98%83", "PATH/%E2%98%83", "verified"},
		{"PATH/%E2%98%83", host, base + "PATH/%E2%98%83", "PATH/%E2%98%83", "verified"},
		{"PATH/%e2%98%83", host, base + "PATH/%e2%98%83", "PATH/%E2%98%83", "signature_mismatch"},
		{"PATH/a%3ab%2c", host, base + "PATH/a%3Ab%2C", "PATH/a%3Ab%2C", "verified"},
		{"PATH/%41", host, base + "PATH/A", "PATH/A", "verified"},
		{"PATH/%41", host, base + "PATH/%41", "PATH/A", "signature_mismatch"},
		{"PATH?a=//b/../c", host, base + "PATH?a=//b/../c", "PATH", "verified"},
	} {
		t.Run(c.asked+" of "+c.host+" as "+c.signed, func(t *testing.T) {
			a := s.called(t, k, c.asked, c.host, c.signed, c.as)
			if c.reason == "verified" {
				s.passed(t, a)
				return
			}
			s.refused(t, a, http.StatusUnauthorized, c.reason)
		})
	}
	// Where the host itself has them, Traefik answers, and no gate hears of it.
	for _, host := range []string{"user:pass@hooks.example.com", "user@hooks.example.com", "hooks.example.com:80@elsewhere.example.com"} {
		a := s.called(t, k, "PATH", host, base+"PATH", "PATH")
		s.paths = s.paths[:len(s.paths)-1] // it leaves no record
		if a.StatusCode != http.StatusBadRequest || len(s.backend.at(a.path)) != 0 {
			t.Errorf("%s: %d %q", host, a.StatusCode, a.body)
		}
	}
}

// The published vectors whose paths have escapes, AdCP's among them, written to the letter.
func TestVectorsWithEscapes(t *testing.T) {
	root, err := gateway.Root()
	must(t, err)
	all, err := vectorfile.ReadAll(root)
	must(t, err)
	gates, sent := []gate{}, []vectorfile.Vector{}
	for _, v := range all {
		path, _, _ := strings.Cut(v.URL, "?")
		if !strings.Contains(path, "%") || strings.HasPrefix(v.Expect, "timestamp_too_") {
			continue
		}
		if !v.Now.IsZero() {
			v.Options["tolerance"] = "1000000h"
			delete(v.Options, "replay")
			expireNever(v.Options)
		}
		gates = append(gates, gate{name: strings.ReplaceAll(v.Name, "/", "-"), options: jsonText(v.Options)})
		sent = append(sent, v)
	}
	if len(sent) == 0 {
		t.Fatal("there is none")
	}
	s := start(t, nil, gates, gateway.Settings{})
	for i, v := range sent {
		t.Run(v.Name, func(t *testing.T) {
			w := s.connect(t)
			target := s.path(gates[i].name) + v.URL
			asked, err := url.Parse(target)
			must(t, err)
			w.path = (&url.URL{Path: asked.Path}).EscapedPath() // as Traefik cleans it
			s.paths[len(s.paths)-1] = w.path
			w.send(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: hooks.example.com\r\n%s\r\nContent-Length: %d\r\n\r\n%s", v.Method, target, strings.Join(v.Headers, "\r\n"), len(v.Body), v.Body))
			s.judge(t, v, w.final(t))
		})
	}
}

// S12 and S13: nonces after their time, and more of them than there is room for. That takes
// minutes and 200,000 nonces; this plugin has seconds, and room for 20.
func TestNoncesToTheirEnd(t *testing.T) {
	unsteadily(t)
	k := newSender(t)
	gates := []gate{}
	for name, c := range map[string]struct{ parameters, replay string }{
		"evicts": {"created, nonce", ""}, "required": {"created, nonce", ", required: true"},
		"short": {"expires, nonce", ", window: 12s"}, "long": {"expires, nonce", ", window: 1h"},
	} {
		gates = append(gates, gate{name: name, options: fmt.Sprintf(`{publicKeys: %s, messageSignature: {parameters: [%s], clockSkew: 1s}, tolerance: 5m, replay: {onDuplicate: reject%s}}`, k.keys(t), c.parameters, c.replay)})
		if name == "short" {
			gates[len(gates)-1].options = strings.Replace(gates[len(gates)-1].options, "tolerance: 5m", "tolerance: 5s", 1)
		}
	}
	s := start(t, nil, gates, gateway.Settings{Plugin: patched(t, []patch{{"	maxDeliveries = 200_000", " / 10_000"}, {"ReplayMargin = time.Minute", " / 60"}})})
	t.Run("more than there is room for", func(t *testing.T) { s.manyNonces(t, k) })
	t.Run("after their time", func(t *testing.T) { s.lateNonces(t, k) })
}

// manyNonces has the oldest forgotten, which is told, or with required none: senders wait.
func (s *site) manyNonces(t *testing.T, k sender) {
	now := time.Now()
	send := func(gate string, i int) *answer {
		return exchange(t, s.client, s.signedMessage(k, gate, `{}`, coveredUsually+createdAt(now)+fmt.Sprintf(`;nonce="n%d"`, i)))
	}
	for i := range 100 {
		s.passed(t, send("evicts", i))
		a := send("required", i)
		if i < 20 {
			s.passed(t, a)
			continue
		}
		s.refused(t, a, http.StatusServiceUnavailable, "replay_unavailable")
	}
	s.said(t, "more deliveries come within the window than can be remembered")
	for i := 90; i < 100; i++ { // at least half of what there is room for, which are the last ones
		s.refused(t, send("evicts", i), http.StatusConflict, "delivery_duplicate")
	}
	s.passed(t, send("evicts", 0))
	for i := range 20 {
		s.refused(t, send("required", i), http.StatusConflict, "delivery_duplicate")
	}
	s.refused(t, send("required", 20), http.StatusServiceUnavailable, "replay_unavailable")
}

// lateNonces has a signature end, whose nonce stays taken until the window is over.
func (s *site) lateNonces(t *testing.T, k sender) {
	until := func(life time.Duration) string {
		return coveredUsually + createdAt(time.Now()) + fmt.Sprintf(`;expires=%d;nonce="n"`, time.Now().Add(life).Unix())
	}
	for _, name := range []string{"long", "short"} {
		first := s.signedMessage(k, name, `{}`, until(3*time.Second))
		again := func() int {
			r := first.Clone(t.Context())
			replaceBody(r, `{}`)
			return s.statusOf(t, r)
		}
		fresh := func() int { return s.statusOf(t, s.signedMessage(k, name, `{}`, until(time.Minute))) }
		if status := again(); status != http.StatusOK {
			t.Fatalf("%s: the first: %d", name, status)
		}
		eventually(t, "the signature is over", func() bool { return again() == http.StatusUnauthorized })
		if name == "long" {
			if status := fresh(); status != http.StatusConflict {
				t.Errorf("the nonce of a signature that is over: %d", status)
			}
			continue
		}
		eventually(t, "the nonce is free", func() bool { return fresh() == http.StatusOK })
		if status := fresh(); status != http.StatusConflict {
			t.Errorf("the nonce, once more: %d", status)
		}
		if status := again(); status != http.StatusUnauthorized {
			t.Errorf("the first signature, when its nonce was free: %d", status)
		}
	}
}

// S22: keys that are too old verify nothing, until their owner can be asked again.
func TestStaleKeysOfASigner(t *testing.T) {
	unsteadily(t)
	k := newSender(t)
	p := newPublisher(t)
	good := `{"keys":[` + edwardsJWK(k, "k", "") + `]}`
	p.says(good)
	s := start(t, nil, []gate{
		{name: "stale", options: fmt.Sprintf(`{messageSignature: {parameters: [created, keyid], jwks: {url: %q, plainHTTP: true, refresh: 1s, maxStale: 10s, minRefresh: 1s}}}`, p.url+"/stale")},
		{name: "patient", options: fmt.Sprintf(`{messageSignature: {parameters: [created, keyid], jwks: {url: %q, plainHTTP: true, refresh: 1s, maxStale: 1h, minRefresh: 1s}}}`, p.url+"/patient")},
	}, gateway.Settings{})
	send := func(gate string) *answer {
		return exchange(t, s.client, s.signedMessage(k, gate, `{}`, coveredUsually+createdAt(time.Now())+`;keyid="k"`))
	}
	eventually(t, "the keys are there", func() bool {
		return send("stale").StatusCode == http.StatusOK && send("patient").StatusCode == http.StatusOK
	})
	failing := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, "not now", http.StatusInternalServerError)
	})
	p.answer.Store(&failing)
	eventually(t, "they are too old", func() bool { return send("stale").StatusCode == http.StatusServiceUnavailable })
	s.refused(t, send("stale"), http.StatusServiceUnavailable, "key_unavailable")
	s.said(t, "/stale", "the answer is 500")
	s.passed(t, send("patient"))
	p.says(good)
	eventually(t, "they are fresh again", func() bool { return send("stale").StatusCode == http.StatusOK })
}
