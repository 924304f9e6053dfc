package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// reloads is how often the configuration changes under traffic.
const reloads = 24

// halves reads like its text, with a pause in the middle.
type halves struct {
	first, second io.Reader
	pause         func()
	once          sync.Once
}

func (h *halves) Read(p []byte) (int, error) {
	if n, err := h.first.Read(p); n > 0 || err != io.EOF {
		return n, err
	}
	h.once.Do(h.pause)
	return h.second.Read(p)
}

// TestReload changes unrelated routers again and again, which makes Traefik
// build every gate anew, while signed and unsigned requests come in.
func TestReload(t *testing.T) {
	s := start(t, nil, []gate{{name: "gh", options: github}}, gateway.Settings{})

	over := make(chan struct{})
	var senders sync.WaitGroup
	sent := [2]int{}
	for sender := range 6 {
		honest, slow := sender%2 == 0, sender >= 4
		senders.Add(1)
		go func() {
			defer senders.Done()
			client := &http.Client{Transport: &http.Transport{}}
			// Until the reloads are over, but not for ever.
			for i := range 10_000 {
				select {
				case <-over:
					return
				default:
				}
				body := fmt.Sprintf("sender %d, request %d, %s", sender, i, strings.Repeat("x", i%3*40_000))
				line := signed(secret, body)
				if !honest {
					line = signed("Another Secret to Everybody", body)
				}
				request := s.request("gh", "", line)
				request.ContentLength = int64(len(body))
				half := len(body) / 2
				request.Body = io.NopCloser(&halves{first: strings.NewReader(body[:half]), second: strings.NewReader(body[half:]), pause: func() {
					if slow {
						time.Sleep(100 * time.Millisecond) // the pace of this sender, across a reload or two
					}
				}})
				want := http.StatusOK
				if !honest {
					want = http.StatusUnauthorized
				}
				response, err := client.Do(request)
				if err != nil {
					t.Errorf("%s: %v", request.URL.Path, err)
					continue
				}
				answer, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if response.StatusCode != want || err != nil || honest && string(answer) != body {
					t.Errorf("%s: the answer is %d with %d bytes (%v), want %d", request.URL.Path, response.StatusCode, len(answer), err, want)
				}
				if n := len(s.backend.at(request.URL.Path)); honest != (n == 1) || n > 1 {
					t.Errorf("%s: it reached the backend %d times, signed: %t", request.URL.Path, n, honest)
				}
				s.mu.Lock()
				sent[sender%2]++
				s.mu.Unlock()
			}
		}()
	}
	func() {
		defer close(over)
		for i := range reloads {
			gates := []gate{{name: fmt.Sprintf("other%d", i), options: github}, {name: "broken", options: fmt.Sprintf(`{provider: github, secrets: ["env:UNSET%d"]}`, i)}}
			s.configure(t, "other", gates[:i%3])
		}
	}()
	senders.Wait()
	t.Logf("%d signed and %d unsigned requests during %d reloads", sent[0], sent[1], reloads)
	if sent[0] < reloads || sent[1] < reloads {
		t.Error("there was hardly any traffic")
	}
	s.Stop()
	verified, mismatched := len(s.Stdout.Lines(`"event.reason":"verified"`)), len(s.Stdout.Lines(`"event.reason":"signature_mismatch"`))
	if verified != sent[0] || mismatched != sent[1] {
		t.Errorf("the records tell of %d signed and %d unsigned requests", verified, mismatched)
	}
}

// TestReloadInFlight holds requests at the gate and at the backend while the
// gate is built anew, changes its secret, turns bad and goes away.
func TestReloadInFlight(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gh/") {
			reached <- struct{}{}
			<-release
		}
	}, []gate{{name: "main", options: github}}, gateway.Settings{Env: []string{"OTHER=Another Secret to Everybody"}})

	change := func(options string) {
		t.Helper()
		gates := []gate{{name: "gh", options: options}}
		if options == "" {
			gates = nil
		}
		s.configure(t, "gh", gates)
	}
	for _, next := range []string{`{provider: github, secrets: ["env:GH"], maxBodyBytes: 1000}`, `{provider: github, secrets: ["env:OTHER"]}`, `{provider: github, secrets: ["env:UNSET"]}`, ""} {
		change(github)
		arriving := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Content-Length: 13", "Expect: 100-continue")
		arriving.send(t, "\r\n")
		if a := arriving.receive(t); a.StatusCode != http.StatusContinue {
			t.Fatalf("the first answer is %d", a.StatusCode)
		}
		// The gate reads. It goes on with the policy that it began with.
		arriving.send(t, hello[:5])
		unsigned := s.dial(t, "gh", "HTTP/1.1", "Content-Length: 13", "Expect: 100-continue")
		unsigned.send(t, "\r\n")
		unsigned.receive(t)
		answering := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Content-Length: 13")
		answering.send(t, "\r\n"+hello)
		<-reached

		change(next)
		unsigned.send(t, hello)
		s.refused(t, unsigned.receive(t), http.StatusUnauthorized, "signature_missing")
		arriving.send(t, hello[5:])
		<-reached
		release <- struct{}{}
		release <- struct{}{}
		for _, w := range []*wire{arriving, answering} {
			arrived, _ := s.passed(t, w.final(t))
			unchanged(t, arrived, hello)
		}
	}
}
