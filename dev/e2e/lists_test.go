package e2e

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// goodList lets the tests' own address pass, 127.0.0.1; the others show what is
// in force.
const goodList = "# ours\n127.0.0.1\n127.0.0.3 # spare\n127.0.0.5\n2001:db8::/32\n"

// listServer serves files, and is slow with a file, or fails at it, where another
// one beside it says so.
const listServer = `
  server {
    listen ADDRESS;
    root DIR;
    if (-f $request_filename.slow) { set $limit_rate 4; }
    if (-f $request_filename.broken) { return 502; }
    location = /page { types { } default_type text/html; }
    location = /elsewhere { return 302 http://127.0.0.1:1/; }
    location = /around { return 302 /around; }
    location = /moved { return 301 /moved-here; }
  }`

// said waits until Traefik's stderr has a line with all of some texts.
func (s *site) said(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, "on stderr: "+strings.Join(texts, " … "), func() bool {
		for _, line := range s.Stderr.Lines(texts[0]) {
			all := true
			for _, text := range texts {
				all = all && strings.Contains(line, text)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// Every bad version of a list is refused as a whole, and the good one stays in
// force: who was on it passes, who was not does not.
func TestBadListsAreRefused(t *testing.T) {
	large := strings.Repeat("198.51.100.1\n", 8<<20/13+1)
	cases := []struct {
		name    string
		options string // of the list
		good    string
		bad     func(t *testing.T, n *nginx, name string)
		says    string
	}{
		{"gone", "", goodList, func(t *testing.T, n *nginx, name string) { n.remove(t, name) }, "the answer is 404"},
		{"broken", "", goodList, func(t *testing.T, n *nginx, name string) { n.put(t, name+".broken", "") }, "the answer is 502"},
		{"empty", "", goodList, put(""), "is empty"},
		{"comments", "", goodList, put("# moved\n"), "has no entries"},
		{"html", "", goodList, put("<html><body>127.0.0.1</body></html>\n"), "is a page for people"},
		{"malformed", "", goodList, put(goodList + "127.0.0.\n"), "has in line 6"},
		{"everything", "", goodList, put(goodList + "0.0.0.0/0\n"), "has every IPv4 address"},
		{"halves", "", goodList, put(goodList + "0.0.0.0/1\n128.0.0.0/1\n"), "has every IPv4 address"},
		{"shrunk", "", goodList, put("127.0.0.9\n"), "has shrunk from 4 ranges to 1 range"},
		{"large", "", goodList, put(large), "is larger than 8388608 bytes"},
		{"slow", "", goodList, func(t *testing.T, n *nginx, name string) {
			n.put(t, name, goodList+strings.Repeat("# to be read slowly\n", 100))
			n.put(t, name+".slow", "")
		}, "no whole answer within 10s"},
		{"json", ", path: a.b", `{"a":{"b":["127.0.0.1","127.0.0.3","127.0.0.5","2001:db8::/32"]}}`, put(`{"a":{"B":["127.0.0.9"]}}`), `nothing at \"a.b\"`},
		{"truncated", ", path: a", `{"a":["127.0.0.1","127.0.0.3","127.0.0.5","2001:db8::/32"]}`, put(`{"a":["127.0.0.9","127.0.0.8"`), "is not JSON"},
		{"nulls", ", path: a", `{"a":["127.0.0.1","127.0.0.3","127.0.0.5","2001:db8::/32"]}`, put(`{"a":["127.0.0.9",null,"127.0.0.8"]}`), "something else than text"},
		{"csv", ", format: csv", "net,name\n127.0.0.1,a\n127.0.0.3,b\n127.0.0.5,c\n2001:db8::/32,d\n", put("127.0.0.9,a\n,b\n"), "has in record 2"},
	}
	n := startNginx(t, listServer)
	gates := []gate{}
	for _, c := range cases {
		n.put(t, c.name, c.good)
		list := fmt.Sprintf(`lists: {url: "http://%s/%s", plainHTTP: true, refresh: 1s%s}`, n.address, c.name, c.options)
		gates = append(gates, gate{name: "allow-" + c.name, options: `{provider: github, secrets: ["env:GH"], allowlist: {` + list + `}}`},
			gate{name: "deny-" + c.name, options: `{provider: github, secrets: ["env:GH"], denylist: {` + list + `}}`})
	}
	s := start(t, nil, gates, gateway.Settings{})
	on, off := clientFrom(t, "127.0.0.1", false), clientFrom(t, "127.0.0.9", false)

	// asLoaded checks that the good list is in force for both gates.
	asLoaded := func(t *testing.T, name string) {
		t.Helper()
		s.passed(t, s.deliver(t, on, s.URL, "allow-"+name))
		s.refused(t, s.deliver(t, off, s.URL, "allow-"+name), http.StatusForbidden, "client_not_allowed")
		s.refused(t, s.deliver(t, on, s.URL, "deny-"+name), http.StatusForbidden, "client_denied")
		s.passed(t, s.deliver(t, off, s.URL, "deny-"+name))
	}
	for _, c := range cases {
		s.said(t, "the list http://"+n.address+"/"+c.name, "has 4 ranges")
		asLoaded(t, c.name)
	}
	for _, c := range cases {
		c.bad(t, n, c.name)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.said(t, "the list http://"+n.address+"/"+c.name, c.says, "stays in force (failed attempts: 1)")
			asLoaded(t, c.name)
		})
	}
	// All recover by themselves.
	for _, c := range cases {
		good := c.good + "127.0.0.9\n"
		if strings.Contains(c.options, "path") {
			good = strings.Replace(c.good, "[", `["127.0.0.9",`, 1)
		}
		_ = os.Remove(filepath.Join(n.directory, "www", c.name+".slow"))
		_ = os.Remove(filepath.Join(n.directory, "www", c.name+".broken"))
		n.put(t, c.name, good)
	}
	for _, c := range cases {
		eventually(t, c.name+" recovers", func() bool {
			a := s.deliver(t, off, s.URL, "allow-"+c.name)
			return a.StatusCode == http.StatusOK
		})
		s.said(t, "the list http://"+n.address+"/"+c.name, "is up to date again")
	}
}

func put(content string) func(t *testing.T, n *nginx, name string) {
	return func(t *testing.T, n *nginx, name string) { n.put(t, name, content) }
}

// A list is fetched once, whatever happens around it, and asked for with its
// validators after that.
func TestListsAreFetchedOnce(t *testing.T) {
	n := startNginx(t, listServer)
	n.put(t, "list", goodList)
	n.put(t, "often", goodList)
	list := fmt.Sprintf(`{url: "http://%s/list", plainHTTP: true}`, n.address)
	gates := []gate{}
	for i := 0; i < 20; i++ {
		gates = append(gates, gate{name: fmt.Sprint("gate", i), options: `{provider: github, secrets: ["env:GH"], allowlist: {lists: [` + list + `]}, denylist: {sourceRange: 127.0.0.` + fmt.Sprint(100+i) + `}}`})
	}
	gates = append(gates, gate{name: "often", options: fmt.Sprintf(`{provider: github, secrets: ["env:GH"], allowlist: {lists: {url: "http://%s/often", plainHTTP: true, refresh: 1s}}}`, n.address)})
	s := start(t, nil, gates, gateway.Settings{})
	s.said(t, "the list http://"+n.address+"/list", "has 4 ranges")
	s.said(t, "the list http://"+n.address+"/often", "has 4 ranges")
	for reload := 0; reload < 30; reload++ {
		s.configure(t, "more", []gate{{name: "more", options: `{provider: github, secrets: ["env:GH"], allowlist: {lists: [` + list + `], sourceRange: 10.0.0.` + fmt.Sprint(reload) + `}}`}})
		s.passed(t, s.post(t, fmt.Sprint("gate", reload%20), hello, helloSignature))
		s.passed(t, s.post(t, "more", hello, helloSignature))
	}
	if answers := n.answers(t, "/list"); answers["200"] != 1 || len(answers) != 1 {
		t.Errorf("after 30 reloads: %v", answers)
	}
	eventually(t, "two answers of 304", func() bool { return n.answers(t, "/often")["304"] >= 2 })
	if answers := n.answers(t, "/often"); answers["200"] != 1 {
		t.Errorf("an unchanged list is fetched again: %v", answers)
	}
	if lines := s.Stderr.Lines("/list has 4 ranges"); len(lines) != 1 {
		t.Errorf("said %d times", len(lines))
	}
	// A flapping source: what is good counts, and each state is said once.
	off := clientFrom(t, "127.0.0.9", false)
	n.put(t, "often.broken", "")
	s.said(t, "/often", "the answer is 502")
	s.passed(t, s.post(t, "often", hello, helloSignature))
	n.put(t, "often", goodList+"127.0.0.9\n")
	n.remove(t, "often.broken")
	eventually(t, "the new version", func() bool { return s.deliver(t, off, s.URL, "often").StatusCode == http.StatusOK })
	n.stop()
	s.said(t, "/often", "connection refused", "stays in force")
	s.passed(t, s.deliver(t, off, s.URL, "often"))
}

// Before a list has ever been loaded an allow list can't say no, and a deny list
// has nothing to say; a snapshot makes up for a source that is down.
func TestListsThatNeverLoaded(t *testing.T) {
	directory := t.TempDir()
	n := startNginx(t, listServer)
	options := func(section, name, more string) string {
		return fmt.Sprintf(`{provider: github, secrets: ["env:GH"], stateDirectory: %s/state, %s: {lists: {url: "http://%s/%s", plainHTTP: true, refresh: 1s}%s}}`, directory, section, n.address, name, more)
	}
	gates := []gate{
		{name: "allow", options: options("allowlist", "late", "")},
		{name: "both", options: options("allowlist", "late", ", sourceRange: 127.0.0.9")},
		{name: "deny", options: options("denylist", "late-deny", "")},
		{name: "required", options: options("denylist", "late-deny", ", required: true")},
		{name: "redirect", options: options("allowlist", "elsewhere", "")},
		{name: "around", options: options("allowlist", "around", "")},
		{name: "moved", options: options("allowlist", "moved", "")},
		{name: "page", options: options("allowlist", "page", "")},
		{name: "metadata", options: `{provider: github, secrets: ["env:GH"], allowlist: {lists: {url: "http://169.254.169.254/latest/", plainHTTP: true}}}`},
		{name: "preset", options: `{provider: github, secrets: ["env:GH"], allowlist: {providerRanges: true}}`},
	}
	n.put(t, "moved-here", goodList)
	n.put(t, "page", goodList)
	s := start(t, nil, gates, gateway.Settings{})
	s.said(t, "/late can't be fetched: the answer is 404; it has never been loaded")
	for gate, says := range map[string]string{
		"allow": "404", "redirect": "it redirects to another host", "around": "it redirects more than three times", "page": "is a page for people", "metadata": "169.254.169.254 is an address that must not be reached",
		"preset": "the list https://api.github.com/meta (hooks) can't be fetched", // there is no such network here
	} {
		a := s.post(t, gate, hello, helloSignature)
		s.refused(t, a, http.StatusServiceUnavailable, "list_unavailable")
		if a.Header.Get("Retry-After") != "30" {
			t.Errorf("%s: %v", gate, a.Header)
		}
		s.said(t, says)
	}
	s.said(t, `"hookward.middleware":"allow@file"`, "allowlist: http://"+n.address+"/late has never been loaded")
	nine := clientFrom(t, "127.0.0.9", false)
	s.passed(t, s.deliver(t, nine, s.URL, "both"))
	s.refused(t, s.post(t, "both", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
	s.passed(t, s.post(t, "deny", hello, helloSignature))
	s.said(t, `"log.level":"warn"`, `"hookward.middleware":"deny@file"`, "has never been loaded; it denies nobody")
	s.refused(t, s.post(t, "required", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
	eventually(t, "the redirect is followed", func() bool { return s.post(t, "moved", hello, helloSignature).StatusCode == http.StatusOK })

	n.put(t, "late", goodList)
	n.put(t, "late-deny", "127.0.0.7\n127.0.0.9\n")
	eventually(t, "the lists are loaded", func() bool {
		return s.post(t, "allow", hello, helloSignature).StatusCode == http.StatusOK && s.post(t, "required", hello, helloSignature).StatusCode == http.StatusOK
	})
	s.refused(t, s.deliver(t, nine, s.URL, "required"), http.StatusForbidden, "client_denied")
	s.refused(t, s.deliver(t, nine, s.URL, "allow"), http.StatusForbidden, "client_not_allowed")
	s.Stop()

	// Traefik starts again, and nothing else does.
	n.stop()
	gates = gates[:4]
	again := start(t, nil, gates, gateway.Settings{})
	for _, gate := range []string{"allow", "deny", "required"} {
		again.passed(t, again.post(t, gate, hello, helloSignature))
	}
	again.refused(t, again.deliver(t, nine, again.URL, "allow"), http.StatusForbidden, "client_not_allowed")
	again.refused(t, again.deliver(t, nine, again.URL, "deny"), http.StatusForbidden, "client_denied")
	again.said(t, "/late has 4 ranges, from a snapshot of")
	again.said(t, "/late can't be fetched: dial: connect: connection refused", "stays in force")
	again.Stop()

	// And once more, with snapshots that are no longer what they were.
	snapshots, err := filepath.Glob(filepath.Join(directory, "state", "list-*"))
	if err != nil || len(snapshots) != 3 {
		t.Fatal(snapshots, err)
	}
	for _, path := range snapshots {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, "127.0.0.1/8\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tampered := start(t, nil, gates, gateway.Settings{})
	tampered.refused(t, tampered.post(t, "allow", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
	tampered.said(t, "starts without its snapshot: its snapshot is damaged")
}

// Over TLS, from a server whose certificate is good, and from the same by a name
// that it does not have.
func TestListsOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, goodList) }))
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	options := func(url string) string {
		return `{provider: github, secrets: ["env:GH"], allowlist: {lists: {url: "` + url + `/list?key=canary-in-a-query"}}}`
	}
	gates := []gate{
		{name: "good", options: options(server.URL)},
		{name: "name", options: options(strings.Replace(server.URL, "127.0.0.1", "localhost", 1))},
	}
	s := start(t, nil, gates, gateway.Settings{Env: []string{"SSL_CERT_FILE=" + authority}})
	s.said(t, "the list "+server.URL+"/list", "has 4 ranges")
	s.passed(t, s.post(t, "good", hello, helloSignature))
	s.said(t, "can't be fetched: tls: failed to verify certificate: x509: certificate is valid for")
	s.refused(t, s.post(t, "name", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
	stranger := start(t, nil, gates[:1], gateway.Settings{})
	stranger.said(t, "can't be fetched: tls: failed to verify certificate: x509: certificate signed by unknown authority")
	stranger.refused(t, stranger.post(t, "good", hello, helloSignature), http.StatusServiceUnavailable, "list_unavailable")
	s.notPrinted(t, "canary-in-a-query")
	stranger.notPrinted(t, "canary-in-a-query")
}
