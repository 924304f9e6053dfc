package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// lines returns the records in a file, all of which must be whole.
func linesOf(t *testing.T, path string) []*record {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	found := []*record{}
	for _, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		r := &record{}
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), r); err != nil {
			t.Fatalf("%s: %q: %v", path, line, err)
		}
		found = append(found, r)
	}
	return found
}

// A record says what was decided, for whom and by which gate, on stdout and in a
// file at once.
func TestAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "hooks.log")
	s := start(t, nil, []gate{
		{name: "plain", options: github},
		{name: "both", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: stdout}, {type: file, path: "%s"}], headers: [User-Agent, X-GitHub-Hook-ID]}}`, path)},
		{name: "redacted", options: `{provider: github, secrets: ["env:GH"], audit: {payload: redacted, redact: ["pusher.email"], redactPatterns: [card]}}`},
		{name: "full", options: `{provider: github, secrets: ["env:GH"], audit: {payload: full, maxPayloadBytes: "20", refusedPayload: "true"}}`},
		{name: "sampled", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: file, path: "%s"}], sample: {refuse: "10"}}}`, path)},
	}, gateway.Settings{})
	_, r := s.passed(t, s.post(t, "plain", hello, helloSignature))
	if r.Router != "plain@file" || r.Middleware != "plain@file" || r.Sequence != 1 || r.ID != r.Epoch+"-1" {
		t.Errorf("%+v", r)
	}
	if r = s.refused(t, s.post(t, "plain", hello), 401, "signature_missing"); r.Sequence != 2 {
		t.Errorf("%+v", r)
	}

	request := s.request("both", hello, helloSignature, "User-Agent: GitHub-Hookshot/044aadd", "X-Github-Hook-Id: 1", "Authorization: Bearer t0kent0ken")
	request.URL.RawQuery = "page=2&token=t0kent0ken"
	_, r = s.passed(t, exchange(t, s.client, request))
	if r.Headers["User-Agent"] != "GitHub-Hookshot/044aadd" || r.Headers["X-Github-Hook-Id"] != "1" || len(r.Headers) != 2 || r.Query != "page=2&token=[REDACTED]" {
		t.Errorf("%+v", r)
	}
	eventually(t, "the record is in the file", func() bool { return len(linesOf(t, path)) == 1 })
	if got := linesOf(t, path)[0]; got.ID != r.ID || got.Path != r.Path {
		t.Errorf("the file has %+v", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}

	body := `{"pusher":{"name":"a","email":"a@example.com"},"client_secret":"s3cr3ts3cr3t","card":"4111 1111 1111 1111"}`
	_, r = s.passed(t, s.post(t, "redacted", body, signed(secret, body)))
	if r.Content != `{"pusher":{"name":"a","email":"[REDACTED]"},"client_secret":"[REDACTED]","card":"[REDACTED]"}` {
		t.Errorf("%s", r.Content)
	}
	if r = s.refused(t, s.post(t, "full", "unsigned, and 21 bytes"), 401, "signature_missing"); r.Content != "unsigned, and 21 byt" {
		t.Errorf("%q", r.Content)
	}
	before := len(linesOf(t, path))
	for range 30 {
		a := s.post(t, "sampled", hello)
		s.forget(a.path)
	}
	eventually(t, "one of ten is in the file", func() bool { return len(linesOf(t, path)) >= before+3 })
	if n := len(linesOf(t, path)); n != before+3 {
		t.Errorf("%d records", n-before)
	}
}

// What proves that a delivery is genuine, in whatever form, is in no record, log
// or error. The canaries are all that a gate can be given in secret.
func TestTaint(t *testing.T) {
	const (
		hmacKey  = "canary-hmac-5a4e/3+b1=c9"
		token    = "canary-token-77c1e0d25b"
		verify   = "canary-verify-0f3a9be2"
		chain    = "canary-chain-1d2c3b4a5f6e7d8c9b0a"
		sinkUser = "canary-sink-password-8e7d"
	)
	directory := t.TempDir()
	path := filepath.Join(directory, "hooks.log")
	outputs := fmt.Sprintf(`[{type: stdout}, {type: file, path: %q, chainKey: "env:CHAIN"}, {type: http, url: "http://127.0.0.1:1/in", username: u, password: "env:SINK"}, {type: splunk, url: "http://127.0.0.1:1", token: "env:SINK"}, {type: http, url: "http://127.0.0.1:1/in?key=canary-url-key-31337f", headers: ["X-Key: env:SINK"]}]`, path)
	audit := `audit: {payload: redacted, refusedPayload: "true", headers: [X-Note], outputs: ` + outputs + `}`
	s := start(t, nil, []gate{
		{name: "hmac", options: `{provider: github, secrets: ["env:HMAC"], stateDirectory: ` + directory + `/state, ` + audit + `}`},
		{name: "token", options: `{secrets: ["env:TOKEN"], token: {query: key}, ` + audit + `}`},
		{name: "header", options: `{secrets: ["env:TOKEN"], token: {header: X-Door}, ` + audit + `}`},
		{name: "field", options: `{secrets: ["env:TOKEN"], token: {field: "json:door"}, ` + audit + `}`},
		{name: "mac", options: `{secrets: ["env:HMAC"], signature: {field: "json:proof", signs: "{json:a}"}, ` + audit + `}`},
		{name: "meta", options: `{provider: meta, secrets: ["env:HMAC"], verifyToken: "env:VERIFY", ` + audit + `}`},
		{name: "wrong", options: `{provider: github, secrets: ["env:HMAC"], sekret: "x", ` + audit + `}`},
	}, gateway.Settings{LogLevel: "DEBUG", Env: []string{"HMAC=" + hmacKey, "TOKEN=" + token, "VERIFY=" + verify, "CHAIN=" + chain, "SINK=" + sinkUser}})
	macs := []string{}
	keys := map[string]string{"hmac": hmacKey, "token": token, "header": token, "field": token, "mac": hmacKey, "meta": verify}
	for gate, key := range keys {
		for _, form := range []string{key, hex.EncodeToString([]byte(key)), base64.StdEncoding.EncodeToString([]byte(key))} {
			mac := testkit.HMAC(hmacKey, form)
			macs = append(macs, hex.EncodeToString(mac), base64.StdEncoding.EncodeToString(mac))
			body := fmt.Sprintf(`{"a":"x","door":%q,"proof":%q,"note":%q}`, form, hex.EncodeToString(mac), form)
			for _, to := range []string{gate, "wrong"} {
				for _, place := range []string{"header", "query", "any query", "note", "id"} {
					r := s.request(to, body, "X-Hub-Signature-256: sha256="+hex.EncodeToString(mac), "X-Door: "+form, "X-Note: fine", "Authorization: Bearer "+form, "Cookie: a="+form)
					switch place {
					case "query":
						r.URL.RawQuery = "key=" + urlEscape(form) + "&hub.verify_token=" + urlEscape(form)
					case "any query":
						r.URL.RawQuery = "x=" + urlEscape(form)
					case "note":
						r.Header.Set("X-Note", form)
					case "id":
						r.Header.Set("X-Github-Delivery", form)
					}
					exchange(t, s.client, r)
				}
			}
		}
	}
	// And what passes.
	body := `{"a":1}`
	s.passed(t, s.post(t, "hmac", body, signed(hmacKey, body)))
	s.passed(t, s.post(t, "header", body, "X-Door: "+token))
	inBody := fmt.Sprintf(`{"a":"x","proof":%q}`, hex.EncodeToString(testkit.HMAC(hmacKey, "x")))
	macs = append(macs, signed(hmacKey, body)[len("X-Hub-Signature-256: sha256="):], hex.EncodeToString(testkit.HMAC(hmacKey, "x")))
	_, r := s.passed(t, s.post(t, "mac", inBody))
	if r.Content != `{"a":"x","proof":"[REDACTED]"}` {
		t.Errorf("%s", r.Content)
	}
	eventually(t, "the outputs complain", func() bool { return strings.Count(s.Stderr.String(), "records wait") >= 2 })
	eventually(t, "records wait on disk", func() bool {
		found, _ := filepath.Glob(filepath.Join(directory, "state", "audit-*"))
		return len(found) >= 3
	})
	content := s.Stdout.String() + s.Stderr.String()
	found := 0
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			b, _ := os.ReadFile(path)
			content += string(b)
			found++
		}
		return err
	})
	if err != nil || found < 4 {
		t.Fatalf("%d files: %v", found, err)
	}
	content = strings.ToLower(content)
	for _, key := range []string{hmacKey, token, verify, chain, sinkUser} {
		for _, form := range []string{key, urlEscape(key), hex.EncodeToString([]byte(key)), base64.RawStdEncoding.EncodeToString([]byte(key)), base64.RawURLEncoding.EncodeToString([]byte(key))} {
			if strings.Contains(content, strings.ToLower(form)) {
				t.Errorf("VULNERABLE: %q, which is %q, has been written", form, key)
			}
		}
	}
	// The one in a URL of the configuration is Traefik's own to show, at DEBUG.
	for _, line := range strings.Split(content, "\n") {
		if strings.Contains(line, "canary-url-key") && !strings.Contains(line, "configuration received") {
			t.Errorf("VULNERABLE: %s", line)
		}
	}
	for _, mac := range macs {
		if strings.Contains(content, strings.ToLower(mac[:16])) {
			t.Errorf("VULNERABLE: the MAC %s has been written", mac)
		}
	}
}

func urlEscape(text string) string {
	return strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(text)
}

// forget takes a request out of those that must have left a record on stdout.
func (s *site) forget(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.paths {
		if p == path {
			s.paths = append(s.paths[:i:i], s.paths[i+1:]...)
			return
		}
	}
}

// Routers that reload in a storm keep one writer, and no number is lost or given
// twice.
func TestAuditReloads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hooks.log")
	gates := []gate{}
	for i := range 5 {
		gates = append(gates, gate{name: fmt.Sprint("storm", i), options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], audit: {outputs: [{type: file, path: "%s"}]}}`, path)})
	}
	s := start(t, nil, gates, gateway.Settings{})
	stop, done := make(chan bool), make(chan int)
	for i := range 5 {
		go func() {
			n := 0
			for {
				select {
				case <-stop:
					done <- n
					return
				default:
				}
				r := s.request(fmt.Sprint("storm", i), hello, helloSignature)
				s.forget(r.URL.Path)
				response, err := s.client.Do(r)
				if err == nil {
					_ = response.Body.Close()
				}
				n++
			}
		}()
	}
	for i := range 40 {
		s.configure(t, "more", []gate{{name: "more", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], bodyTimeout: "%ds", audit: {outputs: [{type: file, path: "%s"}]}}`, i+1, path)}})
	}
	close(stop)
	sent := 0
	for range 5 {
		sent += <-done
	}
	eventually(t, "all is in the file", func() bool { return len(linesOf(t, path)) >= sent })
	numbers := map[string]map[int]bool{}
	for _, r := range linesOf(t, path) {
		key := r.Epoch + r.Middleware
		if numbers[key] == nil {
			numbers[key] = map[int]bool{}
		}
		if numbers[key][r.Sequence] {
			t.Errorf("number %d of %s is there twice", r.Sequence, key)
		}
		numbers[key][r.Sequence] = true
	}
	total := 0
	for key, seen := range numbers {
		for i := 1; i <= len(seen); i++ {
			if !seen[i] {
				t.Errorf("number %d of %s is missing", i, key)
			}
		}
		total += len(seen)
	}
	if total != sent || len(numbers) != 5 {
		t.Errorf("%d records of %d requests, in %d trails", total, sent, len(numbers))
	}
	if n := openFiles(t, s, path); n != 1 {
		t.Errorf("Traefik has the file open %d times", n)
	}
}

// openFiles returns how often Traefik has a file open.
func openFiles(t *testing.T, s *site, path string) int {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.PID()))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == path {
			n++
		}
	}
	return n
}
