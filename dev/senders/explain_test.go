package senders

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/explain"
)

// requestOf returns a message as a server hands it over.
func requestOf(m message) *http.Request {
	r := httptest.NewRequest(m.Method, m.Target, bytes.NewReader(m.Body))
	for _, header := range m.Headers {
		r.Header[http.CanonicalHeaderKey(header[0])] = append(r.Header[http.CanonicalHeaderKey(header[0])], header[1])
	}
	return r
}

// TestExplainAgrees sends what TestCatalogueCompiled sends to Explain as well: both
// say the same of it, and Explain shows neither a secret nor a signature.
func TestExplainAgrees(t *testing.T) {
	reasons := map[string]int{}
	for _, s := range loadSenders(t) {
		arrived := false
		next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived = true })
		s.Options["ban"] = "false"
		config := &hookward.Config{Raw: s.Options}
		gate, err := hookward.New(context.Background(), next, config, "explain "+s.Slug)
		if err != nil {
			t.Fatal(err)
		}
		messages := map[string]message{}
		for _, e := range plan(t, &s) {
			messages[e.what] = e.message
		}
		for _, h := range s.Handshakes {
			messages[s.Slug+": handshake "+h.Name] = h.Request
			for i, m := range h.Refuse {
				messages[fmt.Sprintf("%s: handshake %s, wrong in way %d", s.Slug, h.Name, i+1)] = m
			}
		}
		for what, m := range messages {
			arrived = false
			rw := httptest.NewRecorder()
			gate.ServeHTTP(rw, requestOf(m))
			e := explain.Explain(config, requestOf(m), m.Body, time.Now())
			status := e.Status
			if e.Passes {
				status = http.StatusOK
			}
			if e.Passes != arrived || status != rw.Code || len(e.Problems) > 0 || e.Undecided != "" {
				t.Errorf("%s: Explain says %s and %d, and the gate has answered with %d, forwarded: %v; %v", what, e.Reason, e.Status, rw.Code, arrived, e.Problems)
			}
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range hiddenOf(&s, m) {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s: %q is shown: %s", what, secret, text)
				}
			}
			reasons[e.Reason]++
		}
	}
	if len(reasons) < 15 || reasons["verified"] < wantSenders {
		t.Errorf("only these reasons: %v", reasons)
	}
	t.Log(reasons)
}

// hiddenOf returns what must not be shown of a message: the secrets, in their
// encodings, and the signature.
func hiddenOf(s *sender, m message) []string {
	hidden := []string{}
	secrets, _ := s.Options["secrets"].([]any)
	for _, secret := range append(secrets, s.Options["verifyToken"]) {
		text, _ := secret.(string)
		if len(text) >= 8 {
			hidden = append(hidden, text, hex.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString([]byte(text)))
		}
	}
	for _, header := range m.Headers {
		if !slices.ContainsFunc(s.Carrier.Header, func(name string) bool { return strings.EqualFold(name, header[0]) }) {
			continue
		}
		for _, word := range strings.FieldsFunc(header[1], func(c rune) bool { return strings.ContainsRune("=,; |", c) }) {
			// Shorter ones are names, and timestamps, which are shown.
			if len(word) >= 20 && !slices.ContainsFunc(m.Headers, func(other []string) bool { return !strings.EqualFold(other[0], header[0]) && other[1] == word }) {
				hidden = append(hidden, word)
			}
		}
	}
	return hidden
}

// TestVerifyCommand gives a good delivery of every provider to the command, as it is
// on the wire, and a configuration as Traefik reads it. A delivery of another secret's
// is refused.
func TestVerifyCommand(t *testing.T) {
	directory := t.TempDir()
	binary := filepath.Join(directory, "hookward")
	build := exec.Command("go", "build", "-o", binary, "./cmd/hookward")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := loadSenders(t)
	middlewares := map[string]any{}
	for _, s := range all {
		middlewares[s.Slug] = map[string]any{"plugin": map[string]any{"hookward": s.Options}}
	}
	text, err := json.Marshal(map[string]any{"http": map[string]any{"middlewares": middlewares}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(directory, "dynamic.json")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func(s *sender, m message) (int, string) {
		command := exec.Command(binary, "verify", "--config", config, "--middleware", s.Slug, "--request", "-")
		wire := bytes.Buffer{}
		fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: %d\r\n", m.Method, m.Target, len(m.Body))
		for _, header := range m.Headers {
			fmt.Fprintf(&wire, "%s: %s\r\n", header[0], header[1])
		}
		wire.WriteString("\r\n")
		wire.Write(m.Body)
		command.Stdin = &wire
		out, err := command.CombinedOutput()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		return command.ProcessState.ExitCode(), string(out)
	}
	refused := 0
	for _, s := range all {
		status, out := verify(&s, s.Good)
		if status != 0 || !strings.Contains(out, "\nPASSES: verified") {
			t.Errorf("%s: %d\n%s", s.Slug, status, out)
		}
		wrong, known := s.Variants["refuse:wrongKey"]
		if !known {
			continue
		}
		refused++
		status, out = verify(&s, wrong)
		if status != 1 || !strings.Contains(out, "\nREFUSED: ") || strings.Contains(out, "\ncause:") {
			t.Errorf("%s: another key: %d\n%s", s.Slug, status, out)
		}
	}
	if refused < 100 {
		t.Errorf("only %d were refused", refused)
	}
}
