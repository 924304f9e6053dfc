package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// maxBody is the limit of the gates in this file: more than what the plugin
// allocates at first, and more than any buffer on the way.
const maxBody = 200_000

// bites reads like its text, in pieces of random size, which become chunks.
type bites struct {
	text   *strings.Reader
	random *rand.Rand
}

func (b *bites) Read(p []byte) (int, error) {
	n := 1 + b.random.Intn(len(p))
	if b.random.Intn(4) == 0 {
		n = 1
	}
	return b.text.Read(p[:n])
}

// protocols returns a client for each version that Traefik speaks but
// HTTP/1.0, which Go's does not.
func protocols() map[string]*http.Client {
	one, two, clear := &http.Protocols{}, &http.Protocols{}, &http.Protocols{}
	one.SetHTTP1(true)
	two.SetHTTP2(true)
	clear.SetUnencryptedHTTP2(true)
	// Traefik makes a certificate at its start, which nobody can trust.
	return map[string]*http.Client{
		"HTTP/1.1":                 {Timeout: testkit.Patience, Transport: &http.Transport{DisableCompression: true, Protocols: one}},
		"HTTP/1.1 over TLS":        {Timeout: testkit.Patience, Transport: &http.Transport{DisableCompression: true, Protocols: one, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
		"HTTP/2.0 over TLS":        {Timeout: testkit.Patience, Transport: &http.Transport{DisableCompression: true, Protocols: two, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
		"HTTP/2.0 prior knowledge": {Timeout: testkit.Patience, Transport: &http.Transport{DisableCompression: true, Protocols: clear}},
	}
}

func TestBodies(t *testing.T) {
	s := start(t, nil, []gate{{name: "gh", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], maxBodyBytes: %d}`, maxBody)}}, gateway.Settings{})
	const seed = 7
	random := rand.New(rand.NewSource(seed))
	t.Logf("seed %d", seed)

	sizes := []int{0, 1, 2, 511, 512, 1023, 1024, 1025, 4095, 4096, 4097, 32768, 65535, 65536, 65537, maxBody - 1, maxBody}
	for range 5 {
		sizes = append(sizes, random.Intn(maxBody))
	}
	bodies := []string{}
	for _, size := range sizes {
		b := make([]byte, size)
		_, _ = random.Read(b)
		bodies = append(bodies, string(b))
	}
	for name, client := range protocols() {
		request := func(body string) *http.Request {
			r := s.request("gh", body, signed(secret, body))
			if strings.HasSuffix(name, "TLS") {
				r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
			}
			return r
		}
		check := func(t *testing.T, body string, r *http.Request) {
			t.Helper()
			a := exchange(t, client, r)
			if !strings.HasPrefix(name, a.Proto) {
				t.Fatalf("the protocol is %s", a.Proto)
			}
			arrived, _ := s.passed(t, a)
			unchanged(t, arrived, body)
			if string(a.body) != body {
				t.Errorf("%d bytes came back otherwise", len(body))
			}
		}
		t.Run(name, func(t *testing.T) {
			for _, body := range bodies {
				check(t, body, request(body))
			}
		})
		t.Run(name+" without length", func(t *testing.T) {
			for _, body := range bodies {
				r := request(body)
				r.ContentLength = -1
				r.Body = io.NopCloser(&bites{strings.NewReader(body), random})
				check(t, body, r)
			}
		})
		t.Run(name+" tampered", func(t *testing.T) {
			for _, body := range bodies[1:] {
				changed := []byte(body)
				changed[random.Intn(len(changed))] ^= 1
				r := request(body)
				r.ContentLength = -1
				r.Body = io.NopCloser(&bites{strings.NewReader(string(changed)), random})
				s.refused(t, exchange(t, client, r), http.StatusUnauthorized, "signature_mismatch")
			}
		})
	}
	t.Run("HTTP/1.0", func(t *testing.T) {
		for _, body := range bodies {
			w := s.dial(t, "gh", "HTTP/1.0", signed(secret, body), fmt.Sprintf("Content-Length: %d", len(body)))
			w.send(t, "\r\n"+body)
			arrived, _ := s.passed(t, w.receive(t))
			unchanged(t, arrived, body)
		}
	})
	t.Run("no body and no length", func(t *testing.T) {
		w := s.dial(t, "gh", "HTTP/1.1", signed(secret, ""))
		w.send(t, "\r\n")
		arrived, _ := s.passed(t, w.receive(t))
		unchanged(t, arrived, "")
	})
	t.Run("gzip", func(t *testing.T) {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write([]byte(hello))
		_ = z.Close()
		body := zipped.String()
		// What was signed is what was sent, not what it unpacks to.
		s.refused(t, s.post(t, "gh", body, helloSignature, "Content-Encoding: gzip"), http.StatusUnauthorized, "signature_mismatch")
		arrived, _ := s.passed(t, s.post(t, "gh", body, signed(secret, body), "Content-Encoding: gzip"))
		unchanged(t, arrived, body)
		if arrived.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("Content-Encoding is gone: %v", arrived.Header)
		}
	})
	t.Run("trailers", func(t *testing.T) {
		for _, body := range []string{"", hello, bodies[len(bodies)-1]} {
			request := s.request("gh", body, signed(secret, body))
			request.Body = io.NopCloser(strings.NewReader(body)) // http.NoBody would have no trailers
			request.ContentLength = -1
			request.Trailer = http.Header{"X-Checksum": {"abc"}, "X-Many": {"one", "two"}}
			arrived, _ := s.passed(t, exchange(t, s.client, request))
			if string(arrived.body) != body || !reflect.DeepEqual(arrived.Trailer, request.Trailer) {
				t.Errorf("the backend got %d of %d bytes and the trailers %v", len(arrived.body), len(body), arrived.Trailer)
			}
		}
	})
}

// unchanged checks that a request without trailers has its bytes, and their
// number.
func unchanged(t *testing.T, a *arrival, body string) {
	t.Helper()
	if string(a.body) != body {
		t.Errorf("%s: %d bytes arrived otherwise, as %d", a.URL.Path, len(body), len(a.body))
	}
	if a.ContentLength != int64(len(body)) || len(a.TransferEncoding) > 0 {
		t.Errorf("%s: %d bytes have the Content-Length %d, Transfer-Encoding %v", a.URL.Path, len(body), a.ContentLength, a.TransferEncoding)
	}
}
