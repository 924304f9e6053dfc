package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// TestConcurrency holds many requests at the gate at once, each waiting for its
// body, and then lets them all go on. Each must be judged by its own body: an
// interpreter that mixes up goroutines would let a stranger's body pass with
// the signature of another.
func TestConcurrency(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "gh", options: github},
		{name: "short", options: `{provider: github, secrets: ["env:GH"], bodyTimeout: 1s}`},
	}, gateway.Settings{})
	type request struct {
		*wire
		kind int // 0: signed, 1: with the next one's signature, 2: never sent
		body string
	}
	for round := range 20 {
		bodies := make([]string, 60)
		for i := range bodies {
			bodies[i] = fmt.Sprintf("round %d, body %02d, %s", round, i, strings.Repeat(fmt.Sprint(i%10), i*100))
		}
		requests := []request{}
		for i, body := range bodies {
			r := request{kind: i % 3, body: body}
			if r.kind == 2 && round > 1 {
				r.kind = 0 // a timeout takes a second
			}
			line, gate := signed(secret, body), "gh"
			switch r.kind {
			case 1:
				line = signed(secret, bodies[(i+2)%len(bodies)]) // of a signed one
			case 2:
				gate = "short"
			}
			r.wire = s.dial(t, gate, "HTTP/1.1", line, fmt.Sprintf("Content-Length: %d", len(body)), "Expect: 100-continue")
			r.send(t, "\r\n")
			requests = append(requests, r)
		}
		for _, r := range requests {
			if a := r.receive(t); a.StatusCode != http.StatusContinue {
				t.Fatalf("%s: the first answer is %d", r.path, a.StatusCode)
			}
		}
		// All of them are being read now.
		for half := range 2 {
			for _, r := range requests {
				if middle := len(r.body) / 2; r.kind != 2 && half == 0 {
					r.send(t, r.body[:middle])
				} else if r.kind != 2 {
					r.send(t, r.body[middle:])
				}
			}
		}
		for _, r := range requests {
			switch a := r.final(t); r.kind {
			case 0:
				arrived, _ := s.passed(t, a)
				unchanged(t, arrived, r.body)
				if string(a.body) != r.body {
					t.Errorf("%s: the client got another's answer, %.40q", r.path, a.body)
				}
			case 1:
				if record := s.refused(t, a, http.StatusUnauthorized, "signature_mismatch"); record.BodyHash != sum(r.body) {
					t.Errorf("%s: the record is of another body: %+v", r.path, record)
				}
			case 2:
				s.refused(t, a, http.StatusRequestTimeout, "body_timeout")
			}
		}
	}
}

// TestStalledSendersStrandNobody has more senders stall than goroutines are kept for:
// those that are ended again, during that and after it, take nobody's delivery along.
func TestStalledSendersStrandNobody(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "gh", options: github},
		{name: "short", options: `{provider: github, secrets: ["env:GH"], bodyTimeout: 4s}`},
	}, gateway.Settings{})
	stalled := []*wire{}
	for range 60 {
		w := s.dial(t, "short", "HTTP/1.1", signed(secret, "never sent"), "Content-Length: 10", "Expect: 100-continue")
		w.send(t, "\r\n")
		stalled = append(stalled, w)
	}
	for _, w := range stalled {
		if a := w.receive(t); a.StatusCode != http.StatusContinue {
			t.Fatalf("the first answer is %d", a.StatusCode)
		}
	}
	deliver := func(when string) {
		for i := range 10 {
			time.Sleep(150 * time.Millisecond)
			body := fmt.Sprintf("%s, %d", when, i)
			w := s.dial(t, "gh", "HTTP/1.1", signed(secret, body), fmt.Sprintf("Content-Length: %d", len(body)))
			w.send(t, "\r\n"+body)
			arrived, _ := s.passed(t, w.final(t))
			unchanged(t, arrived, body)
		}
	}
	deliver("while others stall")
	for _, w := range stalled {
		s.refused(t, w.final(t), http.StatusRequestTimeout, "body_timeout")
	}
	deliver("after that")
}
