package hookward

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// withLists is a configuration that accepts GitHub's example, from some addresses.
func withLists(more map[string]any) map[string]any {
	raw := hooktest.GithubOptions()
	for name, value := range more {
		raw[name] = value
	}
	return raw
}

// outcomeFrom decides on GitHub's example, sent from an address, and returns the
// reason and the status.
func outcomeFrom(t *testing.T, g *gates.Gate, remote string, headers ...string) (string, int) {
	t.Helper()
	r := hooktest.NewPost(hooktest.DocsBody, append(headers, "X-Hub-Signature-256: "+hooktest.DocsSignature)...)
	r.RemoteAddr = remote
	x := decide(g, r, hooktest.TestTime)
	if x.forward {
		return x.reason, 0
	}
	rw := httptest.NewRecorder()
	refuse(rw, r, x)
	if body := strings.TrimSpace(rw.Body.String()); body != http.StatusText(rw.Code) {
		t.Errorf("a stranger sees %q", body)
	}
	return x.reason, rw.Code
}

func TestLists(t *testing.T) {
	capture(t)
	file := filepath.Join(hooktest.Directory(t), "list")
	if err := os.WriteFile(file, []byte("192.0.2.0/24\n2001:db8::/32\n2001:db9:1:2::\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(hooktest.Directory(t), "missing")
	list := func(path string) []any { return []any{map[string]any{"file": path, "refresh": "720h"}} }
	allowOf := func(texts ...any) map[string]any {
		return map[string]any{"allowlist": map[string]any{"sourceRange": texts}}
	}
	type visit struct {
		remote string
		reason string
		status int
	}
	for _, c := range []struct {
		name    string
		options map[string]any
		visits  []visit
	}{
		{"allow", allowOf("192.0.2.1", "198.51.100.0/24", "2001:db8::1"), []visit{
			{"192.0.2.1:1", verdict.Verified, 0}, {"192.0.2.2:1", verdict.ClientNotAllowed, 403}, {"198.51.100.255:1", verdict.Verified, 0}, {"[::ffff:192.0.2.1]:1", verdict.Verified, 0},
			{"[2001:db8::1]:1", verdict.Verified, 0}, {"[2001:db8::2]:1", verdict.ClientNotAllowed, 403}, {"@", verdict.ClientUndetermined, 403}, {"", verdict.ClientUndetermined, 403},
			{"127.0.0.1:1", verdict.ClientNotAllowed, 403}, {"[::1%lo]:1", verdict.ClientNotAllowed, 403},
		}},
		{"deny", map[string]any{"denylist": map[string]any{"sourceRange": []any{"10.0.0.0/8", "fe80::/10"}}}, []visit{
			{"10.0.0.1:1", verdict.ClientDenied, 403}, {"[::ffff:10.0.0.1]:1", verdict.ClientDenied, 403}, {"[fe80::1%eth0]:1", verdict.ClientDenied, 403}, {"11.0.0.1:1", verdict.Verified, 0}, {"@", verdict.ClientUndetermined, 403},
		}},
		{"deny wins", withLists(map[string]any{
			"allowlist": map[string]any{"sourceRange": "10.0.0.0/8", "rejectStatusCode": "404"}, "denylist": map[string]any{"sourceRange": "10.1.0.0/16", "rejectStatusCode": "410"},
		}), []visit{{"10.0.0.1:1", verdict.Verified, 0}, {"10.1.0.1:1", verdict.ClientDenied, 410}, {"11.0.0.1:1", verdict.ClientNotAllowed, 404}, {"@", verdict.ClientUndetermined, 410}}},
		{"narrower allowed within denied", map[string]any{
			"allowlist": map[string]any{"sourceRange": "10.1.1.1"}, "denylist": map[string]any{"sourceRange": "10.1.0.0/16"},
		}, []visit{{"10.1.1.1:1", verdict.ClientDenied, 403}}},
		{"everybody, if said", map[string]any{"allowlist": map[string]any{"sourceRange": []any{"0.0.0.0/0", "::/0"}, "allowAll": "true"}}, []visit{
			{"192.0.2.1:1", verdict.Verified, 0}, {"[2001:db8::1]:1", verdict.Verified, 0}, {"@", verdict.ClientUndetermined, 403},
		}},
		{"a file", map[string]any{"allowlist": map[string]any{"lists": list(file), "sourceRange": "198.51.100.1"}}, []visit{
			{"192.0.2.9:1", verdict.Verified, 0}, {"[2001:db8::9]:1", verdict.Verified, 0}, {"198.51.100.1:1", verdict.Verified, 0}, {"198.51.100.2:1", verdict.ClientNotAllowed, 403},
		}},
		{"a file to allow that is missing", map[string]any{"allowlist": map[string]any{"lists": list(missing), "sourceRange": "198.51.100.1"}}, []visit{
			{"198.51.100.1:1", verdict.Verified, 0}, {"192.0.2.9:1", verdict.ListUnavailable, 503}, {"@", verdict.ClientUndetermined, 403},
		}},
		{"two files, one of them missing", map[string]any{"allowlist": map[string]any{"lists": append(list(missing), list(file)...)}}, []visit{
			{"192.0.2.9:1", verdict.Verified, 0}, {"198.51.100.1:1", verdict.ListUnavailable, 503},
		}},
		{"a file to deny that is missing", map[string]any{"denylist": map[string]any{"lists": append(list(missing), list(file)...)}}, []visit{
			{"192.0.2.9:1", verdict.ClientDenied, 403}, {"198.51.100.1:1", verdict.Verified, 0},
		}},
		{"a file to deny that is missing and required", map[string]any{"denylist": map[string]any{"lists": list(missing), "sourceRange": "192.0.2.9", "required": "true"}}, []visit{
			{"192.0.2.9:1", verdict.ClientDenied, 403}, {"198.51.100.1:1", verdict.ListUnavailable, 503},
		}},
		{"a subnet", map[string]any{
			"ipStrategy": map[string]any{"ipv6Subnet": "64"}, "allowlist": map[string]any{"sourceRange": "2001:db8:1::/48"}, "denylist": map[string]any{"sourceRange": "2001:db8:1:2::bad"},
		}, []visit{{"[2001:db8:1:2::7]:1", verdict.Verified, 0}, {"[2001:db8:1:2::bad]:1", verdict.ClientDenied, 403}, {"[2001:db8:2::1]:1", verdict.ClientNotAllowed, 403}}},
		{"a subnet by its first address, as in Traefik", map[string]any{"ipStrategy": map[string]any{"ipv6Subnet": "64"}, "allowlist": map[string]any{"sourceRange": "2001:db8:1:2::"}}, []visit{
			{"[2001:db8:1:2::7]:1", verdict.Verified, 0}, {"[2001:db8:1:3::7]:1", verdict.ClientNotAllowed, 403},
		}},
		{"a subnet denied by its first address", map[string]any{"ipStrategy": map[string]any{"ipv6Subnet": "64"}, "denylist": map[string]any{"sourceRange": "2001:db8:1:2::"}}, []visit{
			{"[2001:db8:1:2::7]:1", verdict.ClientDenied, 403}, {"[2001:db8:1:3::7]:1", verdict.Verified, 0},
		}},
		{"a list that has a subnet's first address only", map[string]any{"ipStrategy": map[string]any{"ipv6Subnet": "64"}, "allowlist": map[string]any{"lists": list(file)}}, []visit{
			{"[2001:db9:1:2::]:1", verdict.Verified, 0}, {"[2001:db9:1:2::7]:1", verdict.ClientNotAllowed, 403}, {"[2001:db8:1:2::7]:1", verdict.Verified, 0},
		}},
		{"a deny list that is missing, and one that has the address of a subnet", map[string]any{"ipStrategy": map[string]any{"ipv6Subnet": "64"}, "denylist": map[string]any{"lists": list(missing), "sourceRange": "2001:db8:1:2::bad"}}, []visit{
			{"[2001:db8:1:2::bad]:1", verdict.ClientDenied, 403}, {"[2001:db8:1:2::7]:1", verdict.Verified, 0},
		}},
	} {
		g := newTestGate(t.Name()+c.name, withLists(c.options), hooktest.TestTime)
		for _, v := range c.visits {
			reason, status := outcomeFrom(t, g, v.remote)
			if reason != v.reason || status != v.status {
				t.Errorf("%s, %s: %s %d, want %s %d", c.name, v.remote, reason, status, v.reason, v.status)
			}
		}
	}
}

// The lists come before everything that costs: nothing of the body is read.
func TestListsComeFirst(t *testing.T) {
	capture(t)
	allow := map[string]any{"sourceRange": "192.0.2.1"}
	g := newTestGate(t.Name(), map[string]any{"provider": "meta", "secrets": hooktest.DocsSecret, "verifyToken": "a word of ours", "allowlist": allow, "maxBodyBytes": "5"}, hooktest.TestTime)
	question := httptest.NewRequest(http.MethodGet, "/hooks?hub.mode=subscribe&hub.challenge=1&hub.verify_token=a+word+of+ours", http.NoBody)
	for _, c := range []struct {
		r      *http.Request
		remote string
		want   string
	}{
		{hooktest.NewPost(hooktest.DocsBody), "192.0.2.2:1", verdict.ClientNotAllowed},
		{hooktest.NewPost(hooktest.DocsBody), "192.0.2.1:1", verdict.BodyTooLarge},
		{question.Clone(context.Background()), "192.0.2.2:1", verdict.ClientNotAllowed},
		{question.Clone(context.Background()), "192.0.2.1:1", verdict.HandshakeAnswered},
		{httptest.NewRequest(http.MethodPut, "/hooks", strings.NewReader(hooktest.DocsBody)), "192.0.2.2:1", verdict.MethodNotAllowed},
	} {
		c.r.RemoteAddr = c.remote
		x := decide(g, c.r, hooktest.TestTime)
		if x.reason != c.want || x.bodyWhole {
			t.Errorf("%s from %s: %s, body read: %v, want %s", c.r.Method, c.remote, x.reason, x.bodyWhole, c.want)
		}
	}
}

// Where the address is enough, it must have been asked for, and it is said.
func TestAddressAlone(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), map[string]any{"allowlist": map[string]any{"sourceRange": "192.0.2.1", "alone": "true"}})
	for remote, status := range map[string]int{"192.0.2.1:1": http.StatusAccepted, "192.0.2.2:1": http.StatusForbidden, "@": http.StatusForbidden} {
		r := hooktest.NewPost(hooktest.DocsBody, "X-Hookward-Provider: github")
		r.RemoteAddr = remote
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		record := hooktest.OnlyRecord(t, records)
		if rw.Code != status {
			t.Errorf("%s: %d", remote, rw.Code)
		}
		if status == http.StatusAccepted && (record["event.reason"] != verdict.AddressAllowed || record["hookward.decision"] != "pass" || record["hookward.provider"] != "allowlist" || record["event.outcome"] != "success") {
			t.Errorf("%v", record)
		}
	}
	if len(b.Requests) != 1 || b.Bodies[0] != hooktest.DocsBody || strings.Join(b.Requests[0].Header["X-Hookward-Provider"], "") != "allowlist" {
		t.Errorf("%d requests, %v", len(b.Requests), b.Bodies)
	}
}

func TestListsInTheRecord(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), withLists(map[string]any{
		"ipStrategy": map[string]any{"depth": "1"}, "denylist": map[string]any{"sourceRange": "198.51.100.0/24"},
	}))
	for _, c := range []struct{ forwarded, client, rule string }{
		{"198.51.100.7", "198.51.100.7", "denylist.sourceRange"},
		{"203.0.113.7", "203.0.113.7", ""},
		{"<b>\x1b[31m", "", ""},
	} {
		r := hooktest.NewPost(hooktest.DocsBody, "X-Forwarded-For: "+c.forwarded, "X-Hub-Signature-256: "+hooktest.DocsSignature)
		r.RemoteAddr = "192.0.2.1:1234"
		h.ServeHTTP(httptest.NewRecorder(), r)
		record := hooktest.OnlyRecord(t, records)
		if textIn(record, "client.address") != c.client || textIn(record, "rule.name") != c.rule || record["source.address"] != "192.0.2.1" {
			t.Errorf("%q: %v", c.forwarded, record)
		}
	}
}

func textIn(record map[string]any, name string) string {
	text, _ := record[name].(string)
	return text
}

func TestObservedLists(t *testing.T) {
	records, _ := capture(t)
	b := &hooktest.Backend{}
	h := newTestHandler(t, b.Handler(), withLists(map[string]any{"observeOnly": "true", "allowlist": map[string]any{"sourceRange": "192.0.2.1"}}))
	r := hooktest.NewPost(hooktest.DocsBody, "X-Hub-Signature-256: "+hooktest.DocsSignature)
	r.RemoteAddr = "198.51.100.1:1"
	h.ServeHTTP(httptest.NewRecorder(), r)
	record := hooktest.OnlyRecord(t, records)
	if record["event.reason"] != verdict.ClientNotAllowed || record["hookward.observed"] != true || len(b.Bodies) != 1 || b.Bodies[0] != hooktest.DocsBody || b.Requests[0].Header["X-Hookward-Provider"] != nil {
		t.Errorf("%v %v", record, b.Bodies)
	}
}

func TestListMistakes(t *testing.T) {
	url := func(text string) []any { return []any{map[string]any{"url": text}} }
	allow := func(o map[string]any) map[string]any { return withLists(map[string]any{"allowlist": o}) }
	deny := func(o map[string]any) map[string]any { return withLists(map[string]any{"denylist": o}) }
	one := []any{"192.0.2.1"}
	for _, c := range []struct {
		options map[string]any
		says    []string
	}{
		{allow(map[string]any{"sourceRange": []any{}}), []string{"allowlist.sourceRange: is an empty list"}},
		{allow(map[string]any{"sourceRange": ""}), []string{"allowlist.sourceRange: is an empty list"}},
		{withLists(map[string]any{"allowlist": "true"}), []string{"allowlist: is empty, and would let nobody pass"}},
		{withLists(map[string]any{"allowlist": ""}), []string{"allowlist: is empty"}},
		{withLists(map[string]any{"denylist": "true"}), []string{"denylist: is empty"}},
		{allow(map[string]any{"lists": []any{}}), []string{"allowlist.lists: must be a list of sections"}},
		{allow(map[string]any{"lists": "false"}), []string{"allowlist: is empty"}},
		{allow(map[string]any{"sourceRange": "192.0.2.1,192.0.2"}), []string{`allowlist.sourceRange[1]: "192.0.2" is not an address or a CIDR`}},
		{allow(map[string]any{"sourceRange": []any{"fe80::1%eth0", "10.0.0.0/33", "example.com"}}), []string{"allowlist.sourceRange[0]", "allowlist.sourceRange[1]", "allowlist.sourceRange[2]"}},
		{allow(map[string]any{"sourceRange": "0.0.0.0/0"}), []string{"allowlist.sourceRange: has every IPv4 address; if that is meant, say allowAll: true"}},
		{allow(map[string]any{"sourceRange": "::/1,8000::/1,0.0.0.0/1,128.0.0.0/1"}), []string{"allowlist.sourceRange: has every IPv4 and IPv6 address"}},
		{deny(map[string]any{"sourceRange": "0.0.0.0/0"}), []string{"denylist.sourceRange: has every IPv4 address"}},
		{deny(map[string]any{"sourceRange": one, "required": "true"}), []string{"denylist.required: has no effect"}},
		{deny(map[string]any{"sourceRange": one, "providerRanges": "true"}), []string{"denylist.providerRanges: is not an option"}},
		{allow(map[string]any{"sourceRange": one, "rejectStatusCode": "99"}), []string{"allowlist.rejectStatusCode: 99 is not the status"}},
		{allow(map[string]any{"sourceRange": one, "rejectStatusCode": "101"}), []string{"allowlist.rejectStatusCode: 101 is not the status"}},
		{allow(map[string]any{"sourceRange": one, "rejectStatusCode": "499"}), []string{"allowlist.rejectStatusCode: 499 is not the status"}},
		{allow(map[string]any{"lists": url("http://example.com/")}), []string{"allowlist.lists[0].url: must begin with https://"}},
		{allow(map[string]any{"lists": []any{map[string]any{"uri": "x"}}}), []string{`allowlist.lists[0].uri: is not an option`}},
		{deny(map[string]any{"lists": append(url("https://example.com/"), map[string]any{})}), []string{"denylist.lists[1].url: is required, or file"}},
		{withLists(map[string]any{"provider": "shopify", "allowlist": map[string]any{"providerRanges": "true"}}), []string{"allowlist.providerRanges: there is no published list that the catalogue knows of \"shopify\""}},
		{allow(map[string]any{"sourceRange": one, "alone": "true"}), []string{"allowlist.alone: contradicts provider"}},
		{map[string]any{"allowlist": map[string]any{"sourceRange": one}}, []string{"provider: is required"}},
		{map[string]any{"allowlist": map[string]any{"alone": "true"}}, []string{"allowlist: is empty"}},
		{map[string]any{"token": map[string]any{"header": "X-A"}, "allowlist": map[string]any{"sourceRange": one, "alone": "true"}}, []string{"allowlist.alone: contradicts token"}},
		{withLists(map[string]any{"stateDirectory": "state", "allowlist": map[string]any{"lists": url("https://example.com/")}}), []string{"stateDirectory: must be an absolute path"}},
		{map[string]any{"allowlist": map[string]any{"sourceRange": "0.0.0.0/0", "allowAll": "true", "alone": "true"}}, []string{"allowlist.alone: contradicts allowAll"}},
		{map[string]any{"token": map[string]any{"header": "X-A"}, "secrets": hooktest.DocsSecret, "allowlist": map[string]any{"providerRanges": "true"}}, []string{"allowlist.providerRanges: needs provider"}},
	} {
		problems := config.Sentences(policy.Compile(c.options).Problems)
		if len(problems) != len(c.says) {
			t.Errorf("%v: %q, want %q", c.options, problems, c.says)
			continue
		}
		for i := range problems {
			if !strings.HasPrefix(problems[i], c.says[i]) {
				t.Errorf("%v: %q, want %q", c.options, problems[i], c.says[i])
			}
		}
	}
	c := policy.Compile(allow(map[string]any{"sourceRange": "10.1.2.3/8"}))
	if len(c.Problems) > 0 || !strings.Contains(strings.Join(config.Sentences(c.Warnings), "\n"), `allowlist.sourceRange[0]: "10.1.2.3/8" means 10.0.0.0/8`) {
		t.Errorf("host bits: %q %q", c.Problems, c.Warnings)
	}
}
