package signer

import (
	"bytes"
	"context"
	"crypto"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// rowSigner returns the configuration of a row, its signer, and the gate's
// configuration, which has the public key.
func rowSigner(t *testing.T, slug string) (map[string]any, *Signer) {
	t.Helper()
	row := hooktest.Catalogue[slug].Options
	raw := hooktest.RowSettings(slug, row)
	var key crypto.Signer
	if row.Signature != nil {
		a := signature.Algorithms[words.OrDefault(row.Signature.Algorithm, "hmac-sha256")]
		if signature.IsPublic(&a) {
			key = hooktest.TestPrivateKeys()[a.Family]
			delete(raw, "publicKeys")
		}
	}
	if row.JWT != nil && !strings.HasPrefix(row.JWT.Algorithms[0], "HS") {
		key = hooktest.TestPrivateKeys()[map[byte]string{'R': "rsa", 'E': "ecdsa"}[row.JWT.Algorithms[0][0]]]
		delete(raw, "publicKeys")
	}
	if row.MessageSignature != nil {
		key = hooktest.TestPrivateKeys()["ed25519"]
		delete(raw, "publicKeys")
	}
	s, err := NewSigner(&hookward.Config{Raw: raw}, key)
	if err != nil {
		t.Fatalf("%s: %v", slug, err)
	}
	if section, ok := raw["jwt"].(map[string]any); ok && key != nil {
		delete(section, "certificates") // the key is ours
		delete(section, "jwks")
	}
	if key != nil {
		raw["publicKeys"] = s.options.PublicKeys
	}
	return raw, s
}

// statusOf sends a delivery through a gate, as a server would have it.
func statusOf(t *testing.T, gate http.Handler, d Delivery) int {
	t.Helper()
	r := httptest.NewRequest(d.Method, d.URL, bytes.NewReader(d.Body))
	r.RequestURI = r.URL.RequestURI()
	r.URL.Scheme = ""
	r.URL.Host = ""
	r.Header = d.Header.Clone()
	rw := httptest.NewRecorder()
	gate.ServeHTTP(rw, r)
	return rw.Code
}

// plainGate returns a gate in front of a backend that answers 200.
func plainGate(t *testing.T, raw map[string]any) http.Handler {
	t.Helper()
	h, err := hookward.New(context.Background(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {}), &hookward.Config{Raw: hooktest.Unbanned(raw)}, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What is signed for a row passes the row's gate, and what differs from it in what
// the row signs does not.
func TestSignerOfEachRow(t *testing.T) {
	hooktest.Listen(t)
	const target = "https://hooks.example.com/in"
	for slug := range hooktest.Catalogue {
		raw, s := rowSigner(t, slug)
		gate := plainGate(t, raw)
		sign := func(d Delivery) Delivery {
			d.URL = target
			signed, err := s.Sign(d)
			if err != nil {
				t.Errorf("%s: %v", slug, err)
			}
			return signed
		}
		good := sign(Delivery{})
		if status := statusOf(t, gate, good); status != http.StatusOK {
			t.Errorf("%s: status %d for %s %s %q", slug, status, good.URL, good.Header, good.Body)
			continue
		}
		refused := func(what string, d Delivery) {
			t.Helper()
			if status := statusOf(t, gate, d); status != http.StatusUnauthorized && status != http.StatusBadRequest && (status != http.StatusNotAcceptable || what != "an old one") {
				t.Errorf("%s: %s: status %d for %s %s %q", slug, what, status, d.URL, d.Header, d.Body)
			}
		}
		refused("a forged signature", sign(Delivery{Forged: true}))
		unsigned := good
		unsigned.URL = target
		unsigned.Header = http.Header{"Content-Type": good.Header["Content-Type"]}
		unsigned.Body = []byte(`{"a":1}`)
		refused("nothing of it", unsigned)
		if s.Timestamped() && slug != "apple-appstore" { // which repeats for a week
			refused("an old one", sign(Delivery{Time: time.Now().Add(-3 * time.Hour)}))
			refused("one of the future", sign(Delivery{Time: time.Now().Add(3 * time.Hour)}))
		}
		if s.BindsBody() {
			changed := good
			changed.Body = append(bytes.Clone(good.Body), ' ')
			refused("a changed body", changed)
		}
		if raw["secrets"] != nil {
			other := map[string]any{}
			for name, value := range raw {
				other[name] = value
			}
			other["secrets"] = strings.Replace(raw["secrets"].(string), "0", "1", 1)
			if status := statusOf(t, plainGate(t, other), good); status != http.StatusUnauthorized {
				t.Errorf("%s: status %d with another secret", slug, status)
			}
		}
	}
}

// Deliveries without a body of their own are never alike; those with one are, unless an
// id or a time is signed.
func TestSignerRepeats(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		signs, body  string
		id           string
		after        time.Duration
		repeats      bool
		timestamping string
	}{
		{"{body}", "", "", 0, false, ""},
		{"{body}", "", "a", 0, true, ""},
		{"{body}", "text", "", 0, true, ""},
		{"{body}", "text", "", time.Minute, true, ""},
		{"{id}.{body}", "text", "", 0, false, ""},
		{"{id}.{body}", "text", "a", 0, true, ""},
		{"{timestamp}.{body}", "text", "", 0, true, "X-Time"},
		{"{timestamp}.{body}", "text", "", time.Minute, false, "X-Time"},
		{"{header:X-Nonce}.{body}", "text", "", 0, false, ""},
	} {
		signature := map[string]any{"header": "X-Sig", "signs": c.signs, "idHeader": "X-Id"}
		if c.timestamping != "" {
			signature["timestampHeader"] = c.timestamping
		}
		s, err := NewSigner(&hookward.Config{Raw: map[string]any{"secrets": "0123456789abcdef0123456789abcdef", "signature": signature}}, nil)
		if err != nil {
			t.Fatal(c.signs, err)
		}
		d := Delivery{URL: "http://hooks.example.com/in", ID: c.id, Time: now}
		if c.body != "" {
			d.Body = []byte(c.body)
		}
		one, err := s.Sign(d)
		d.Time = now.Add(c.after)
		other, wrong := s.Sign(d)
		if err != nil || wrong != nil || s.Repeats(one, other) != c.repeats {
			t.Errorf("%s of %q, id %q, after %s: repeats: %v (%v, %v)", c.signs, c.body, c.id, c.after, !c.repeats, err, wrong)
		}
		other.Body = append(bytes.Clone(other.Body), 'x')
		if s.Repeats(other, other) {
			t.Errorf("%s: what does not pass repeats itself", c.signs)
		}
	}
}

// A header with a control character would end somewhere else than it should.
func TestSignRefusesControlCharacters(t *testing.T) {
	signer, err := NewSigner(&hookward.Config{Raw: hooktest.GithubOptions()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d    Delivery
		want string
	}{
		{Delivery{URL: "https://a.example.com/", ID: "a\r\nX: b"}, "the header X-Github-Delivery would have"},
		{Delivery{URL: "https://a.example.com/", Event: "\u009b"}, "the header X-Github-Event would have"},
		{Delivery{URL: "https://a.example.com/", Header: http.Header{"X-A": {"\x1b"}}}, "the header X-A would have"},
		{Delivery{URL: "https://a.example.com/?\u009b"}, "the URL would have"},
		{Delivery{URL: "https://a.example.com/", Header: http.Header{"X-A": {"a\tb"}}, Body: []byte("\x1b")}, ""},
	} {
		_, err := signer.Sign(c.d)
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.d, err, c.want)
		}
	}
}
