package e2e

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

const (
	oldSecret = "The old secret, which is to be rotated out"
	newSecret = "The new secret, which is to be rotated in"
	badSecret = "!! This is no base64, and never to be used"
)

func TestSecretFiles(t *testing.T) {
	directory := t.TempDir()
	at := func(name string) string { return filepath.Join(directory, name) }
	// replace does what tools that write secrets do: a new file, renamed over
	// the old one.
	replace := func(name, text string) {
		t.Helper()
		err := errors.Join(os.WriteFile(at("temporary"), []byte(text), 0o600), os.Rename(at("temporary"), at(name)))
		if err != nil {
			t.Fatal(err)
		}
	}
	replace("secret", oldSecret+"\n")
	replace("base64", "VGhlIG9sZCBzZWNyZXQsIHdoaWNoIGlzIHRvIGJlIHJvdGF0ZWQgb3V0") // of oldSecret
	options := func(name, rest string) string {
		return `{provider: github, secrets: ["file:` + at(name) + `"]` + rest + `}`
	}
	s := start(t, nil, []gate{
		{name: "file", options: options("secret", "")},
		{name: "base64", options: options("base64", ", signature: {secretEncoding: base64}")},
		{name: "same", options: options("base64", "")}, // the file of base64, whose text is its key
		{name: "late", options: options("late", "")},
		{name: "two", options: `{provider: github, secrets: ["file:` + at("late") + `", "env:GH"]}`},
	}, gateway.Settings{})

	// accepted says what a gate does with a body signed with a key.
	accepted := func(t *testing.T, gate, key string) bool {
		t.Helper()
		a := s.post(t, gate, hello, signed(key, hello))
		if a.StatusCode == http.StatusUnauthorized {
			s.refused(t, a, http.StatusUnauthorized, "signature_mismatch")
			return false
		}
		s.passed(t, a)
		return true
	}
	t.Run("missing at the start", func(t *testing.T) {
		for _, gate := range []string{"late", "two"} {
			for _, line := range []string{signed(oldSecret, hello), helloSignature, signed("", hello), "X-Nothing: "} {
				s.refused(t, s.post(t, gate, hello, line), http.StatusServiceUnavailable, "config_invalid")
			}
		}
		replace("late", newSecret)
		for _, gate := range []string{"late", "two"} {
			eventually(t, "the gate "+gate+" has its secret", func() bool {
				a := s.post(t, gate, hello, signed(newSecret, hello))
				if a.StatusCode == http.StatusServiceUnavailable {
					s.refused(t, a, http.StatusServiceUnavailable, "config_invalid")
					return false
				}
				s.passed(t, a)
				return true
			})
			if accepted(t, gate, oldSecret) {
				t.Errorf("the gate %s accepts a secret that it never had", gate)
			}
		}
		if !accepted(t, "two", secret) || accepted(t, "late", secret) {
			t.Error("the second secret is not in force, or is where it does not belong")
		}
	})
	t.Run("rotated", func(t *testing.T) {
		if accepted(t, "file", newSecret) || !accepted(t, "file", oldSecret) {
			t.Fatal("the file's secret is not in force")
		}
		replace("secret", newSecret+"\r\n")
		eventually(t, "the new secret is accepted", func() bool { return accepted(t, "file", newSecret) })
		if accepted(t, "file", oldSecret) {
			t.Error("the old secret is still accepted")
		}
		// And written in place, as an editor may do.
		if err := os.WriteFile(at("secret"), []byte(oldSecret), 0o600); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the old secret is back", func() bool { return accepted(t, "file", oldSecret) })
		if accepted(t, "file", newSecret) {
			t.Error("the new secret is still accepted")
		}
	})
	t.Run("spoilt", func(t *testing.T) {
		spoil := []struct {
			gate, file string
			how        func() error
			message    string
		}{
			{"file", "secret", func() error { replace("secret", " \n\n"); return nil }, "is empty or blank"},
			{"file", "secret", func() error { replace("secret", strings.Repeat("x", 64<<10+1)); return nil }, "is larger than 65536 bytes"},
			{"file", "secret", func() error { replace("secret", "\ufeff"+newSecret); return nil }, "begins with a byte order mark"},
			// As a crash leaves a file that was written in place, and with the key that zeros are.
			{"file", "secret", func() error { return os.WriteFile(at("secret"), make([]byte, len(oldSecret)), 0o600) }, "has nothing but zero bytes"},
			{"file", "secret", func() error { return os.Remove(at("secret")) }, "can't be found"},
			{"file", "secret", func() error { return os.Mkdir(at("secret"), 0o700) }, "is not a regular file"},
			{"base64", "base64", func() error { replace("base64", badSecret); return nil }, "is not base64"},
		}
		for _, c := range spoil { // each with a message of its own: the same is told once an hour
			if err := c.how(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the gate "+c.gate+" tells that its file "+c.message, func() bool {
				if !accepted(t, c.gate, oldSecret) {
					t.Fatalf("the last good secret is gone: the file %s", c.message)
				}
				for _, line := range s.Stderr.Lines(`"hookward.middleware":"` + c.gate + `@file"`) {
					if strings.Contains(line, at(c.file)+" "+c.message) && strings.Contains(line, "; the last usable content stays in force") {
						return true
					}
				}
				return false
			})
			for _, key := range []string{"", " ", newSecret, badSecret, "\ufeff" + newSecret} {
				if accepted(t, c.gate, key) {
					t.Errorf("the gate %s accepts %q: the file %s", c.gate, key, c.message)
				}
			}
			// Traefik builds the gates anew, from the file as it is now.
			s.configure(t, "other", []gate{{name: "other", options: github}, {name: "again", options: options("secret", "")}})
			s.configure(t, "other", nil)
			if !accepted(t, c.gate, oldSecret) || accepted(t, c.gate, newSecret) {
				t.Errorf("after a reload the last good secret is gone: the file %s", c.message)
			}
		}
	})
	t.Run("mended", func(t *testing.T) {
		if err := os.Remove(at("secret")); err != nil { // the directory
			t.Fatal(err)
		}
		replace("secret", newSecret)
		eventually(t, "the new secret is accepted", func() bool { return accepted(t, "file", newSecret) })
		if accepted(t, "file", oldSecret) {
			t.Error("the old secret is still accepted")
		}
	})
	s.Stop()
	for _, text := range []string{oldSecret, newSecret, badSecret} {
		s.notPrinted(t, text)
	}
}

// What a secret was meant to be, everybody can guess: a delivery that is signed with
// the text itself must not pass.
func TestMistakenSecrets(t *testing.T) {
	directory := t.TempDir()
	mistaken := map[string]string{
		"variable": "$GITHUB_WEBHOOK_SECRET", "name": "GITHUB_WEBHOOK_SECRET", "path": "/run/secrets/github", "placeholder": "<your-webhook-secret>",
		"zeros": "\x00\x00\x00\x00", "unseen": "\u200b", "marked": "\ufeff" + newSecret,
	}
	gates := []gate{}
	for name, text := range mistaken {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		reference := "file:" + path
		if !strings.Contains("zeros unseen marked", name) {
			reference = text
			gates = append(gates, gate{name: name + "-insisted", options: `{provider: github, secrets: ["file:` + path + `"]}`})
		}
		gates = append(gates, gate{name: name, options: `{provider: github, secrets: ["` + reference + `"]}`})
	}
	s := start(t, nil, gates, gateway.Settings{})
	for name, text := range mistaken {
		for _, key := range []string{text, ""} {
			s.refused(t, s.post(t, name, hello, signed(key, hello)), http.StatusServiceUnavailable, "config_invalid")
		}
		if !strings.Contains("zeros unseen marked", name) {
			s.passed(t, s.post(t, name+"-insisted", hello, signed(text, hello)))
		}
	}
}

func TestSecretList(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "list", options: `{provider: github, secrets: ["env:NEW", "env:OLD"]}`},
		{name: "one", options: `{provider: github, secrets: "env:COMMAS"}`},
		{name: "literal", options: `{provider: github, secrets: "a literal, with a comma"}`},
	}, gateway.Settings{Env: []string{"NEW=" + newSecret, "OLD=" + oldSecret, "COMMAS=one, two, and three secrets"}})

	for _, key := range []string{"", secret, newSecret + oldSecret, newSecret + "," + oldSecret, "env:NEW"} {
		s.refused(t, s.post(t, "list", hello, signed(key, hello)), http.StatusUnauthorized, "signature_mismatch")
	}
	for i, key := range []string{newSecret, oldSecret} {
		if _, r := s.passed(t, s.post(t, "list", hello, signed(key, hello))); r.Secret != i+1 {
			t.Errorf("the record says secret %d, want %d", r.Secret, i+1)
		}
	}
	for _, key := range []string{"one", "env:COMMAS", "a literal", "a literal, with a comma"} {
		s.refused(t, s.post(t, "one", hello, signed(key, hello)), http.StatusUnauthorized, "signature_mismatch")
	}
	s.passed(t, s.post(t, "one", hello, signed("one, two, and three secrets", hello)))

	// A literal works, and is warned about.
	s.refused(t, s.post(t, "literal", hello, signed("a literal", hello)), http.StatusUnauthorized, "signature_mismatch")
	s.passed(t, s.post(t, "literal", hello, signed("a literal, with a comma", hello)))
	if lines := s.Stderr.Lines("secrets[0]: is written in clear"); len(lines) != 1 || !strings.Contains(lines[0], `"log.level":"warn"`) {
		t.Errorf("the operator is warned %d times of a literal: %q", len(lines), lines)
	}
	s.Stop()
	s.notPrinted(t, "a literal, with a comma")
}
