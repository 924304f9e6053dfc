package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
	"github.com/hookward/hookward/dev/transcript/note"
)

// TestBackends lets a request pass and then has the backend, or the client,
// misbehave. What the backend does is said by the body, which is signed.
func TestBackends(t *testing.T) {
	reached, gone, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hijack := func(rw http.ResponseWriter, text string) {
		connection, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(connection, text)
		_ = connection.Close()
	}
	behaviours := map[string]http.HandlerFunc{
		"fail":       func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "oh", http.StatusInternalServerError) },
		"redirect":   func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) },
		"no content": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) },
		"nothing":    func(http.ResponseWriter, *http.Request) {},
		"abort early": func(rw http.ResponseWriter, _ *http.Request) {
			hijack(rw, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
		},
		"abort late": func(rw http.ResponseWriter, _ *http.Request) {
			hijack(rw, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 500_000))
		},
		"abort within chunk": func(rw http.ResponseWriter, _ *http.Request) {
			hijack(rw, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\npart")
		},
		"no answer": func(rw http.ResponseWriter, _ *http.Request) { hijack(rw, "") },
		"switch protocols": func(rw http.ResponseWriter, _ *http.Request) {
			hijack(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tunnel\r\n\r\n")
		},
		"stream": func(rw http.ResponseWriter, r *http.Request) {
			for _, chunk := range []string{"one", "two"} {
				_, _ = io.WriteString(rw, chunk)
				_ = http.NewResponseController(rw).Flush()
				select {
				case <-release:
				case <-r.Context().Done():
					return
				}
			}
		},
		"large": func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, strings.Repeat("x", 1<<20)) },
		"early hints": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Link", "</style.css>; rel=preload")
			rw.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(rw, "late")
		},
		"trailers": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Trailer", "X-Announced")
			_, _ = io.WriteString(rw, "body")
			rw.Header().Set("X-Announced", "a")
			rw.Header().Set(http.TrailerPrefix+"X-Unannounced", "b")
		},
		"wait": func(_ http.ResponseWriter, r *http.Request) {
			reached <- struct{}{}
			<-r.Context().Done()
			gone <- struct{}{}
		},
	}
	var s *site
	answer := func(rw http.ResponseWriter, r *http.Request) {
		if arrivals := s.backend.at(r.URL.Path); len(arrivals) > 0 {
			behaviours[string(arrivals[0].body)](rw, r)
		}
	}
	nobody := "http://" + testkit.Addresses(t, 1)[0]
	s = start(t, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gh/") {
			answer(rw, r)
		}
	}, []gate{{name: "gh", options: github}, {name: "nobody", options: github, server: nobody}}, gateway.Settings{})

	// forwarded checks the record of a request that passed, whatever came of it.
	forwarded := func(t *testing.T, path string, status int, outcome string, aborted bool) {
		t.Helper()
		r := s.record(t, path)
		if r.Reason != "verified" || r.Decision != "pass" || r.Status != status || r.Outcome != outcome || r.Aborted != aborted {
			t.Errorf("the record says %+v, want status %d, %s, aborted %t", r, status, outcome, aborted)
		}
	}
	send := func(behaviour string) *http.Request {
		request := s.request("gh", behaviour, signed(secret, behaviour))
		note.SentText(t, request.URL.Path, behaviour)
		return request
	}

	for _, c := range []struct {
		behaviour string
		status    int
		body      string
		outcome   string
	}{
		{"fail", 500, "oh\n", "failure"},
		{"redirect", 302, "", "success"},
		{"no content", 204, "", "success"},
		{"nothing", 200, "", "success"},
		{"large", 200, strings.Repeat("x", 1<<20), "success"},
		{"no answer", 502, "Bad Gateway", "failure"},
		{"switch protocols", 500, "Internal Server Error", "failure"},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			a, err := s.client.Transport.RoundTrip(send(c.behaviour))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = a.Body.Close() }()
			body, err := io.ReadAll(a.Body)
			if a.StatusCode != c.status || string(body) != c.body || err != nil {
				t.Errorf("the answer is %d with %d bytes (%v)", a.StatusCode, len(body), err)
			}
			forwarded(t, a.Request.URL.Path, c.status, c.outcome, false)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		a := s.post(t, "nobody", hello, helloSignature)
		if a.StatusCode != http.StatusBadGateway {
			t.Errorf("the answer is %d", a.StatusCode)
		}
		forwarded(t, a.path, http.StatusBadGateway, "failure", false)
	})
	for _, behaviour := range []string{"abort early", "abort late", "abort within chunk"} {
		t.Run(behaviour, func(t *testing.T) {
			for range 3 {
				request := send(behaviour)
				response, err := s.client.Do(request)
				// An early abort may leave nothing at all to the client.
				if err == nil {
					_, err = io.ReadAll(response.Body)
					_ = response.Body.Close()
				}
				if err == nil {
					t.Errorf("the answer looks whole: %d, %v", response.StatusCode, response.Header)
				}
				forwarded(t, request.URL.Path, http.StatusOK, "failure", true)
			}
		})
	}
	for name, client := range protocols() {
		t.Run("stream, "+name, func(t *testing.T) {
			request := send("stream")
			if strings.HasSuffix(name, "TLS") {
				request.URL.Scheme, request.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			chunk := make([]byte, 3)
			for _, want := range []string{"one", "two"} {
				if _, err := io.ReadFull(response.Body, chunk); err != nil || string(chunk) != want {
					t.Fatalf("the chunk is %q (%v), want %q", chunk, err, want)
				}
				// Only now does the backend go on.
				release <- struct{}{}
			}
			if rest, err := io.ReadAll(response.Body); len(rest) > 0 || err != nil {
				t.Errorf("after the stream comes %q (%v)", rest, err)
			}
			forwarded(t, request.URL.Path, http.StatusOK, "success", false)
		})
	}
	t.Run("early hints", func(t *testing.T) {
		hints := []string{}
		request := send("early hints")
		request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprint(code, " ", header.Get("Link")))
				return nil
			},
		}))
		a := exchange(t, s.client, request)
		s.passed(t, a)
		if want := []string{"103 </style.css>; rel=preload"}; !reflect.DeepEqual(hints, want) || string(a.body) != "late" {
			t.Errorf("the answers are %q and %q, want %q first", hints, a.body, want)
		}
	})
	t.Run("trailers", func(t *testing.T) {
		a := exchange(t, s.client, send("trailers"))
		s.passed(t, a)
		if want := (http.Header{"X-Announced": {"a"}, "X-Unannounced": {"b"}}); !reflect.DeepEqual(a.Trailer, want) || string(a.body) != "body" {
			t.Errorf("the answer is %q with the trailers %v, want %v", a.body, a.Trailer, want)
		}
	})
	for name, client := range protocols() {
		t.Run("client leaves, "+name, func(t *testing.T) {
			ctx, leave := context.WithCancel(context.Background())
			request := send("wait").WithContext(ctx)
			if strings.HasSuffix(name, "TLS") {
				request.URL.Scheme, request.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
			}
			go func() {
				<-reached
				leave()
			}()
			if response, err := client.Do(request); err == nil {
				_ = response.Body.Close()
				t.Errorf("the answer is %d", response.StatusCode)
			}
			<-gone                                                // the backend is told as well
			forwarded(t, request.URL.Path, 499, "failure", false) // Traefik's own code for it
		})
	}
}
