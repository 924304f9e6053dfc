package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// vector is a published one, of the set that lies beside the repository where
// the project is developed.
type vector struct {
	ID      string            `json:"id"`
	Scheme  string            `json:"scheme"`
	Secret  any               `json:"secret"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Expect  string            `json:"expect"`
	Why     string            `json:"why"`
	Now     int64             `json:"now"`
}

// What is wrong with these is their time alone, and here it is always now.
var wrongByTime = []string{"stripe-060", "standard-webhooks-114", "paddle-175", "box-160"}

// The certificate of these expired in 2023: it verifies nothing any more.
var expired = []string{"aws-sns-254", "aws-sns-255"}

var digestField = regexp.MustCompile(`[?&]bodySHA256=[0-9a-f]+$`)

// TestPublishedVectors sends the published vectors through the real Traefik, a
// gate each. They are years old, so the gates are told to tolerate that; what
// is wrong by its time is left to the unit tests, which have the clock in hand.
func TestPublishedVectors(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "..", "shared", "facts", "vectors.json"))
	if os.IsNotExist(err) {
		t.Skip("the published vectors are not here")
	}
	set := []vector{}
	schemes := map[string]map[string]any{}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(filepath.Join(root, "testdata", "published.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schemes); err != nil {
		t.Fatal(err)
	}
	gates := []gate{}
	sent := []vector{}
	for _, v := range set {
		scheme := schemes[v.Scheme]
		if scheme == nil || slices.Contains(wrongByTime, v.ID) {
			continue
		}
		options, err := json.Marshal(fill(v, scheme))
		if err != nil {
			t.Fatal(err)
		}
		gates = append(gates, gate{name: v.ID, options: string(options)})
		sent = append(sent, v)
	}
	s := start(t, nil, gates, gateway.Settings{})
	accepted, refused := 0, 0
	for _, v := range sent {
		r := s.request(v.ID, v.Body)
		for name, value := range v.Headers {
			r.Header.Set(name, value)
		}
		u, err := url.Parse(v.URL)
		if err != nil {
			t.Fatal(err)
		}
		// The gate's own prefix may stand before the path that is signed.
		r.URL.Path += u.Path
		r.URL.RawQuery = u.RawQuery
		s.paths[len(s.paths)-1] = r.URL.Path
		a := exchange(t, s.client, r)
		if v.Expect == "valid" && !slices.Contains(expired, v.ID) {
			accepted++
			arrived, _ := s.passed(t, a)
			unchanged(t, arrived, v.Body)
			continue
		}
		refused++
		if a.StatusCode != http.StatusUnauthorized || len(s.backend.at(a.path)) != 0 {
			t.Errorf("VULNERABLE: %s: %d, %s; %s", v.ID, a.StatusCode, s.record(t, a.path).Reason, v.Why)
		}
	}
	t.Logf("%d accepted, %d refused", accepted, refused)
	if accepted < 44 || refused < 38 {
		t.Errorf("only %d accepted and %d refused", accepted, refused)
	}
}

// fill puts what a vector says into the configuration of its scheme.
func fill(v vector, scheme map[string]any) map[string]any {
	options := map[string]any{}
	for name, value := range scheme {
		switch value {
		case "$secrets":
			secrets, several := v.Secret.([]any)
			if !several {
				secrets = []any{v.Secret}
			}
			options[name] = secrets
		case "$url":
			options[name] = digestField.ReplaceAllString(v.URL, "")
		default:
			options[name] = value
		}
	}
	stamped := []string{"stripe", "paddle", "slack", "standard-webhooks", "svix", "box", "sendgrid", "aws-sns", "messagebird-legacy"}
	if slices.Contains(stamped, v.Scheme) {
		options["tolerance"] = "1000000h"
	}
	return options
}

// TestPublishedHandshakes asks the published questions.
func TestPublishedHandshakes(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "..", "shared", "facts", "handshake_vectors.json"))
	if os.IsNotExist(err) {
		t.Skip("the published handshakes are not here")
	}
	var set []struct {
		Provider string `json:"provider"`
		Secret   any    `json:"secret"`
		Request  struct {
			Query string `json:"query"`
		} `json:"request"`
		Expected struct {
			Body  string            `json:"body"`
			JSON  map[string]string `json:"json"`
			Error string            `json:"error"`
		} `json:"expected_response"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	gates := []gate{}
	for i, v := range set {
		options := map[string]any{"provider": v.Provider, "secrets": v.Secret}
		if pair, ok := v.Secret.(map[string]any); ok {
			options["secrets"], options["senders"] = pair["private_key"], pair["public_key"]
		}
		text, err := json.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		gates = append(gates, gate{name: fmt.Sprintf("h%d", i), options: string(text)})
	}
	s := start(t, nil, gates, gateway.Settings{})
	for i, v := range set {
		if v.Provider == "atlassian-connect" {
			continue // a JWT's
		}
		r := s.request(fmt.Sprintf("h%d", i), "")
		r.Method = http.MethodGet
		r.URL.RawQuery = v.Request.Query
		a := exchange(t, s.client, r)
		if v.Expected.Error != "" {
			s.refused(t, a, http.StatusForbidden, "handshake_refused")
			continue
		}
		want := v.Expected.Body
		if v.Expected.JSON != nil {
			text, err := json.Marshal(v.Expected.JSON)
			if err != nil {
				t.Fatal(err)
			}
			want = string(text)
		}
		if a.StatusCode != http.StatusOK || string(a.body) != want || a.Header.Get("X-Content-Type-Options") != "nosniff" || len(s.backend.at(a.path)) != 0 {
			t.Errorf("%s: %d %q %v, want %q", v.Provider, a.StatusCode, a.body, a.Header, want)
		}
		if r := s.record(t, a.path); r.Decision != "handshake" || r.Reason != "handshake_answered" {
			t.Errorf("%s: the record is %+v", v.Provider, r)
		}
	}
}
