package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/internal/vectorfile"
)

// The certificate of these expired in 2023: it verifies nothing any more.
var expired = []string{"aws-sns/published", "aws-sns/indented"}

// TestVectors sends the vectors through the real Traefik, a gate each. They are years
// old, so the gates are told to tolerate that; what is wrong by its time alone is left
// to the unit tests, which have the clock in hand.
func TestVectors(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectorfile.ReadAll(root)
	if err != nil {
		t.Fatal(err)
	}
	gates := []gate{}
	sent := []vectorfile.Vector{}
	for _, v := range all {
		path, _, _ := strings.Cut(v.URL, "?")
		if strings.HasPrefix(v.Expect, "timestamp_too_") || v.Expect == "token_expired" || v.Expect == "token_not_yet_valid" || strings.Contains(path, "%") {
			continue // Go's client writes escapes of a path in its own way
		}
		if v.URL == "/" && v.Options["publicURL"] != nil {
			continue // the gate's own prefix would be a part of what is signed
		}
		if !v.Now.IsZero() {
			v.Options["tolerance"] = "1000000h"
			delete(v.Options, "replay") // which does not outlast that
			expireNever(v.Options)
		}
		options, err := json.Marshal(v.Options)
		if err != nil {
			t.Fatal(err)
		}
		gates = append(gates, gate{name: strings.ReplaceAll(v.Name, "/", "-"), options: string(options)})
		sent = append(sent, v)
	}
	s := start(t, nil, gates, gateway.Settings{})
	counts := map[string]int{}
	for i, v := range sent {
		t.Run(v.Name, func(t *testing.T) {
			u, err := url.Parse(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			r := s.request(gates[i].name, v.Body, v.Headers...)
			r.Method = v.Method
			// The gate's own prefix may stand before the path that is signed.
			r.URL.Path += u.Path
			r.URL.RawQuery = u.RawQuery
			s.paths[len(s.paths)-1] = r.URL.Path
			counts[s.judge(t, v, exchange(t, s.client, r))]++
		})
	}
	t.Logf("of %d vectors: %v", len(all), counts)
}

// expireNever has message signatures pass whose expires is past as well.
func expireNever(options map[string]any) {
	if options["messageSignature"] == nil && options["provider"] != "adcp" {
		return
	}
	section, ok := options["messageSignature"].(map[string]any)
	if !ok {
		section = map[string]any{}
	}
	section["clockSkew"] = "1000000h"
	options["messageSignature"] = section
}

// judge holds an answer, and what the backend got, against a vector. It returns the
// decision.
func (s *site) judge(t *testing.T, v vectorfile.Vector, a *answer) string {
	t.Helper()
	switch {
	case slices.Contains(expired, v.Name):
		s.refused(t, a, http.StatusUnauthorized, "signature_mismatch")
	case v.Expect == "verified":
		arrived, _ := s.passed(t, a)
		unchanged(t, arrived, v.Body)
		return "pass"
	case v.Expect == "handshake_answered":
		if a.StatusCode != http.StatusOK || string(a.body) != v.Answer || a.Header.Get("X-Content-Type-Options") != "nosniff" || len(s.backend.at(a.path)) != 0 {
			t.Errorf("%d %q %v, want %q", a.StatusCode, a.body, a.Header, v.Answer)
		}
		if r := s.record(t, a.path); r.Decision != "handshake" || r.Reason != v.Expect {
			t.Errorf("the record is %+v", r)
		}
		return "handshake"
	case v.Expect == "method_not_allowed":
		s.refused(t, a, http.StatusMethodNotAllowed, v.Expect)
	case v.Expect == "handshake_refused":
		s.refused(t, a, http.StatusForbidden, v.Expect)
	default:
		s.refused(t, a, http.StatusUnauthorized, v.Expect)
	}
	return "refuse"
}
