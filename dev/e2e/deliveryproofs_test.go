package e2e

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/hooktest"
)

// holdsText says whether a text stands in any file below a directory.
func holdsText(t *testing.T, directory, text string) bool {
	t.Helper()
	found := false
	must(t, filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text))
		return err
	}))
	return found
}

// What proved a delivery, when it comes again: a message signature as it was, with the time
// that it had, and beside it the gate's own, made anew; a certificate's header as it was; and
// no bearer token, neither in an attempt nor in the store.
func TestDeliveryOfOtherProofs(t *testing.T) {
	k := newSender(t)
	root := issue(t, nil, x509.Certificate{Subject: pkix.Name{CommonName: "Partners"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	held := issue(t, root, clientTemplate("hooks.partner.example"))
	state := t.TempDir()
	with := func(name, more string) string {
		return fmt.Sprintf(`{%s, stateDirectory: %s, delivery: {retry: {schedule: [1s, 1s], jitter: "0"}`, more, filepath.Join(state, name))
	}
	certificate := fmt.Sprintf(`clientCertificate: {ca: [%q], header: X-Forwarded-Tls-Client-Cert, trustedIPs: [127.0.0.1]}`, writePEM(t, root))
	s := start(t, script(), []gate{
		{name: "message", options: with("message", `publicKeys: `+k.keys(t)+`, messageSignature: {}, replay: true`) + `}}`},
		{name: "signs", options: with("signs", `publicKeys: `+k.keys(t)+`, messageSignature: {}, replay: true`) + `, sign: {secret: "env:OWN"}}}`},
		{name: "certificate", options: with("certificate", certificate) + `}}`},
		{name: "token", options: with("token", `secrets: "`+jwtSecret+`", jwt: {algorithms: HS256, audiences: hooks, issuers: "https://a.example"}`) + `}}`},
	}, gateway.Settings{Env: []string{"OWN=0123456789abcdef0123456789abcdef"}, EntryPoint: "forwardedHeaders: {trustedIPs: [127.0.0.1]}"})
	signed := func(gate string) *http.Request {
		r := s.signedMessage(k, gate, `{"id":"a"}`, coveredUsually+createdAt(time.Now())+`;keyid="k"`)
		r.Header["X-Answers"] = []string{"503 200"}
		return r
	}
	same := func(t *testing.T, got []*arrival, names ...string) {
		t.Helper()
		for _, name := range names {
			if one, two := got[0].Header[name], got[1].Header[name]; len(one) != 1 || len(two) != 1 || one[0] != two[0] {
				t.Errorf("%s was %q, and is %q in the second attempt", name, one, two)
			}
		}
	}
	for _, name := range []string{"message", "signs"} {
		t.Run(name, func(t *testing.T) {
			r := signed(name)
			sent := r.Header.Clone()
			a := exchange(t, s.client, r)
			s.ends(t, s.stored(t, a), "delivered")
			got := s.arrives(t, a.path, 2)
			unchanged(t, got[1], `{"id":"a"}`)
			same(t, got, "Signature", "Signature-Input", "Content-Digest")
			if got[1].Header.Get("Signature") != sent.Get("Signature") || got[1].Header.Get("Signature-Input") != sent.Get("Signature-Input") || got[1].Host != got[0].Host {
				t.Errorf("the sender's signature is %q in the second attempt", got[1].Header["Signature"])
			}
			if first, second := got[0].Header.Get("Webhook-Timestamp"), got[1].Header.Get("Webhook-Timestamp"); (name == "signs") != (first != "" && second > first && got[1].Header.Get("Webhook-Signature") != "") {
				t.Errorf("the gate's own signatures are of %q and %q", first, second)
			}
			// The sender repeats what it has no answer for: it has been delivered.
			again := signed(name)
			s.paths = s.paths[:len(s.paths)-1] // it comes to the path of the first one
			again.URL.Path, again.Header["Signature"], again.Header["Signature-Input"] = a.path, sent["Signature"], sent["Signature-Input"]
			if status := s.statusOf(t, again); status != http.StatusOK {
				t.Errorf("again: %d", status)
			}
			if n := len(s.backend.at(a.path)); n != 2 {
				t.Errorf("it arrived %d times", n)
			}
		})
	}
	t.Run("certificate", func(t *testing.T) {
		line := base64.StdEncoding.EncodeToString(held.Leaf.Raw)
		a := s.post(t, "certificate", hello, "X-Forwarded-Tls-Client-Cert: "+line, "X-Answers: 503 200")
		s.ends(t, s.stored(t, a), "delivered")
		got := s.arrives(t, a.path, 2)
		unchanged(t, got[1], hello)
		same(t, got, "X-Forwarded-Tls-Client-Cert")
		s.refused(t, s.post(t, "certificate", hello, "X-Answers: 503 200"), http.StatusUnauthorized, "client_certificate_missing")
	})
	t.Run("token", func(t *testing.T) {
		token := hooktest.HS256(jwtSecret, `{"alg":"HS256"}`, goodClaims(nil))
		a := s.post(t, "token", hello, "Authorization: Bearer "+token, "X-Answers: 503 503 503")
		id := s.stored(t, a)
		s.ends(t, id, "dead")
		for i, one := range s.arrives(t, a.path, 3) {
			if len(one.Header["Authorization"]) > 0 || one.Header.Get("X-Hookward-Id") != id {
				t.Errorf("attempt %d: %v", i+1, one.Header)
			}
		}
		parts := strings.Split(token, ".")
		if !holdsText(t, filepath.Join(state, "token"), hello) || holdsText(t, filepath.Join(state, "token"), parts[1]) || holdsText(t, filepath.Join(state, "token"), parts[2]) {
			t.Error("the store has the token, or not the delivery")
		}
		s.notPrinted(t, parts[1])
	})
}
