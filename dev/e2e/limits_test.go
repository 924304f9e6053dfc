package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// TestLimits sends bodies that are too large, too slow or cut off. Most of it is
// spoken by hand, because no honest client behaves so.
func TestLimits(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "small", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: 1000, bodyTimeout: 1s}`},
		{name: "patient", options: `{provider: github, secrets: ["env:GH"], maxBodyBytes: 1000, bodyTimeout: 1h}`},
	}, gateway.Settings{})
	exact, larger := strings.Repeat("x", 1000), strings.Repeat("x", 1001)

	t.Run("too large, and not asked for", func(t *testing.T) {
		w := s.dial(t, "patient", "HTTP/1.1", signed(secret, larger), "Content-Length: 1001", "Expect: 100-continue")
		w.send(t, "\r\n")
		a := w.receive(t) // an interim answer would be the first
		r := s.refused(t, a, http.StatusRequestEntityTooLarge, "body_too_large")
		if r.BodyBytes == nil || *r.BodyBytes != 1001 || r.BodyHash != "" {
			t.Errorf("the record says %+v of a body that never came", r)
		}
		if !a.Close {
			t.Errorf("the client isn't told that the connection ends: %v", a.Header)
		}
	})
	t.Run("just right, and asked for", func(t *testing.T) {
		w := s.dial(t, "patient", "HTTP/1.1", signed(secret, exact), "Content-Length: 1000", "Expect: 100-continue")
		w.send(t, "\r\n")
		if a := w.receive(t); a.StatusCode != http.StatusContinue {
			t.Fatalf("the first answer is %d", a.StatusCode)
		}
		w.send(t, exact)
		a := w.receive(t)
		if a.StatusCode == http.StatusContinue {
			t.Error("the client was asked for the body twice")
			a = w.receive(t)
		}
		arrived, _ := s.passed(t, a)
		unchanged(t, arrived, exact)
	})
	t.Run("absurd lengths", func(t *testing.T) {
		for _, length := range []string{"1073741825", "9223372036854775807"} {
			w := s.dial(t, "patient", "HTTP/1.1", helloSignature, "Content-Length: "+length)
			w.send(t, "\r\n"+hello)
			s.refused(t, w.receive(t), http.StatusRequestEntityTooLarge, "body_too_large")
		}
	})
	t.Run("too large, by chunks", func(t *testing.T) {
		w := s.dial(t, "patient", "HTTP/1.1", signed(secret, larger), "Transfer-Encoding: chunked")
		w.send(t, fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(larger), larger))
		r := s.refused(t, w.receive(t), http.StatusRequestEntityTooLarge, "body_too_large")
		if r.BodyBytes != nil || r.BodyHash != "" {
			t.Errorf("the record says %+v of a body that was not read whole", r)
		}
	})
	t.Run("too large, without an end", func(t *testing.T) {
		w := s.dial(t, "patient", "HTTP/1.1", signed(secret, larger), "Transfer-Encoding: chunked")
		w.send(t, "\r\n"+strings.Repeat("1\r\nx\r\n", 1001))
		s.refused(t, w.receive(t), http.StatusRequestEntityTooLarge, "body_too_large")
	})
	for name, client := range protocols() {
		t.Run("too large, "+name, func(t *testing.T) {
			for _, length := range []int64{1001, -1} {
				request := s.request("patient", larger, signed(secret, larger))
				request.ContentLength = length
				if strings.HasSuffix(name, "TLS") {
					request.URL.Scheme, request.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
				}
				s.refused(t, exchange(t, client, request), http.StatusRequestEntityTooLarge, "body_too_large")
			}
		})
		t.Run("silence, "+name, func(t *testing.T) {
			t.Parallel()
			request := s.request("small", "", signed(secret, exact))
			body, rest := io.Pipe()
			defer func() { _ = rest.Close() }()
			go func() { _, _ = io.WriteString(rest, "xxxxx") }()
			request.Body = body
			request.ContentLength = -1
			if strings.HasSuffix(name, "TLS") {
				request.URL.Scheme, request.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
			}
			s.refused(t, exchange(t, client, request), http.StatusRequestTimeout, "body_timeout")
		})
	}

	t.Run("silence", func(t *testing.T) {
		t.Parallel()
		w := s.dial(t, "small", "HTTP/1.1", signed(secret, exact), "Content-Length: 50")
		w.send(t, "\r\nxxxxx")
		r := s.refused(t, w.receive(t), http.StatusRequestTimeout, "body_timeout")
		if r.BodyHash != "" {
			t.Errorf("the record has the sum of a body that never came: %+v", r)
		}
	})
	t.Run("the end of the connection after silence", func(t *testing.T) {
		t.Parallel()
		// Else a stranger holds a connection for as long as he likes, and a
		// goroutine of Traefik's with it.
		for _, head := range []string{"Content-Length: 50", "Transfer-Encoding: chunked"} {
			w := s.dial(t, "small", "HTTP/1.1", head)
			w.send(t, "\r\n5\r\nxxxxx\r\n")
			s.refused(t, w.receive(t), http.StatusRequestTimeout, "body_timeout")
			if _, err := w.reader.ReadByte(); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("with %s, the connection stays open", head)
			}
		}
	})
	t.Run("silence before the first chunk", func(t *testing.T) {
		t.Parallel()
		w := s.dial(t, "small", "HTTP/1.1", signed(secret, exact), "Transfer-Encoding: chunked")
		w.send(t, "\r\n")
		s.refused(t, w.receive(t), http.StatusRequestTimeout, "body_timeout")
	})
	t.Run("trickle", func(t *testing.T) {
		t.Parallel()
		// Each byte is soon enough for a timeout between reads, and all of them
		// are too late.
		w := s.dial(t, "small", "HTTP/1.1", signed(secret, exact), "Content-Length: 1000")
		w.send(t, "\r\n")
		answered := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-answered:
					return
				case <-time.After(100 * time.Millisecond):
					_, _ = io.WriteString(w, "x")
				}
			}
		}()
		a := w.receive(t)
		close(answered)
		<-stopped
		s.refused(t, a, http.StatusRequestTimeout, "body_timeout")
	})

	t.Run("cut off", func(t *testing.T) {
		heads := map[string][]string{
			"by its length":     {"Content-Length: 50", "\r\nxxxxx"},
			"at once":           {"Content-Length: 50", "\r\n"},
			"within a chunk":    {"Transfer-Encoding: chunked", "\r\n32\r\nxxxxx"},
			"between chunks":    {"Transfer-Encoding: chunked", "\r\n5\r\nxxxxx\r\n"},
			"without a trailer": {"Transfer-Encoding: chunked", "\r\n5\r\nxxxxx\r\n0\r\n"},
		}
		for name, head := range heads {
			t.Run(name, func(t *testing.T) {
				// The signature is that of what came: only the missing end may
				// make the difference.
				w := s.dial(t, "patient", "HTTP/1.1", signed(secret, "xxxxx"), head[0])
				w.send(t, head[1])
				_ = w.CloseWrite()
				s.refused(t, w.receive(t), http.StatusBadRequest, "body_incomplete")
			})
		}
	})
	t.Run("cut off, and nobody listens", func(t *testing.T) {
		w := s.dial(t, "patient", "HTTP/1.1", signed(secret, "xxxxx"), "Content-Length: 50", "Expect: 100-continue")
		w.send(t, "\r\n")
		w.receive(t) // 100: the gate reads
		w.send(t, "xxxxx")
		_ = w.SetLinger(0)
		_ = w.Close()
		if r := s.record(t, w.path); r.Reason != "body_incomplete" || r.Decision != "refuse" || len(s.backend.at(w.path)) != 0 {
			t.Errorf("the record says %+v", r)
		}
	})
	t.Run("bad chunks", func(t *testing.T) {
		for _, chunks := range []string{"\r\nz\r\n", "\r\n-5\r\nxxxxx", "\r\n5\r\nxxxxxx\r\n0\r\n\r\n", "\r\n11111111111111111\r\nx"} {
			w := s.dial(t, "patient", "HTTP/1.1", signed(secret, "xxxxx"), "Transfer-Encoding: chunked")
			w.send(t, chunks)
			s.refused(t, w.receive(t), http.StatusBadRequest, "body_incomplete")
		}
	})
}
