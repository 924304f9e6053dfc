package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/scrape"
)

const (
	host        = "console.example.com"
	viewerToken = "viewer-token-of-32-characters-00"
	readerToken = "reader-token-of-32-characters-00"
)

// page returns a console as it would be compiled, with nothing kept.
func page(t *testing.T) *policy.Console {
	t.Helper()
	deliveries.mu.Lock()
	deliveries.kept = nil
	deliveries.last = 0
	deliveries.bytes = 0
	deliveries.changes = nil
	deliveries.lastChange = 0
	deliveries.mu.Unlock()
	sessionsMu.Lock()
	sessions = map[string]session{}
	sessionsMu.Unlock()
	failures = bans.New(maxFailures, time.Minute, time.Minute)
	s := &policy.Console{
		Path: "/hookward", Hosts: map[string]bool{host: true}, Payload: true, UserRole: policy.Viewer,
		Roles: map[string]string{policy.ConsoleDigest(viewerToken): policy.Viewer, policy.ConsoleDigest(readerToken): policy.Reader},
	}
	use(context.Background(), "console@file", func(_ time.Time) *policy.Console { return s })
	return s
}

// nothing is a process without any gate.
func nothing(_ time.Time) *Source { return &Source{Scrape: &scrape.Source{}} }

// ask asks the console. Headers are pairs; Host has a value of its own.
func ask(s *policy.Console, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+host+target, strings.NewReader(body))
	r.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	Serve("console@file", s, nothing, answer, r)
	return answer
}

func keepOne(id, decision, content string) {
	Keep([]byte(fmt.Sprintf(`{"event.id":%q,"hookward.decision":%q,"event.reason":"verified","http.request.body.content":%q}`+"\n", id, decision, content)), []byte("User-Agent: test\r\nAuthorization: Basic secret\r\n"), audit.Plain, map[string]bool{})
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestRefusals(t *testing.T) {
	json := []string{"Content-Type", "application/json"}
	for name, c := range map[string]struct {
		method, target, body string
		headers              []string
		status               int
	}{
		"no credentials":          {"GET", "/hookward/api/overview", "", nil, 401},
		"an unknown name as well": {"GET", "/hookward/api/nothing", "", nil, 401},
		"empty token":             {"GET", "/hookward/api/overview", "", bearer(""), 401},
		"wrong token":             {"GET", "/hookward/api/overview", "", bearer("x" + readerToken), 401},
		"two tokens":              {"GET", "/hookward/api/overview", "", append(bearer("no"), bearer(readerToken)...), 401},
		"token in the query":      {"GET", "/hookward/api/overview?token=" + readerToken, "", nil, 401},
		"unknown parameter":       {"GET", "/hookward/api/deliveries?colour=red", "", bearer(readerToken), 400},
		"parameter twice":         {"GET", "/hookward/api/deliveries?gate=a&gate=b", "", bearer(readerToken), 400},
		"limit of nothing":        {"GET", "/hookward/api/deliveries?limit=0", "", bearer(readerToken), 400},
		"limit too large":         {"GET", "/hookward/api/deliveries?limit=1001", "", bearer(readerToken), 400},
		"negative":                {"GET", "/hookward/api/deliveries?before=-1", "", bearer(readerToken), 400},
		"window":                  {"GET", "/hookward/api/series?window=2h", "", bearer(readerToken), 400},
		"unknown name":            {"GET", "/hookward/api/nothing", "", bearer(readerToken), 404},
		"unknown delivery":        {"GET", "/hookward/api/deliveries/x-1", "", bearer(readerToken), 404},
		"method":                  {"POST", "/hookward/api/overview", "{}", append(bearer(readerToken), json...), 405},
		"another host":            {"GET", "/hookward/", "", []string{"Host", "evil.example"}, 421},
		"another port":            {"GET", "/hookward/", "", []string{"Host", host + ":81"}, 421},
		"a dot behind the host":   {"GET", "/hookward/console.js", "", []string{"Host", host + "."}, 421},
		"no host":                 {"GET", "/hookward/api/stream", "", []string{"Host", ""}, 421},
		"another site":            {"GET", "/hookward/api/overview", "", append(bearer(readerToken), "Sec-Fetch-Site", "cross-site"), 403},
		"a sister site":           {"GET", "/hookward/api/overview", "", append(bearer(readerToken), "Sec-Fetch-Site", "same-site"), 403},
		"another origin":          {"POST", "/hookward/api/login", "{}", append(json, "Origin", "https://evil.example"), 403},
		"no origin that is one":   {"POST", "/hookward/api/login", "{}", append(json, "Origin", "null"), 403},
		"a form":                  {"POST", "/hookward/api/login", "token=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, 403},
		"plain text":              {"POST", "/hookward/api/login", "{}", []string{"Content-Type", "text/plain"}, 403},
		"login by reading":        {"GET", "/hookward/api/login", "", nil, 405},
		"login that is no JSON":   {"POST", "/hookward/api/login", "x", json, 400},
		"login with more":         {"POST", "/hookward/api/login", `{"token":"a","role":"reader"}`, json, 400},
		"login of two values":     {"POST", "/hookward/api/login", `{"token":"a"}{}`, json, 400},
		"login too long":          {"POST", "/hookward/api/login", `{"token":"` + strings.Repeat("a", 5000) + `"}`, json, 400},
		"login with a wrong one":  {"POST", "/hookward/api/login", `{"token":"a"}`, json, 401},
		"path above":              {"GET", "/hookward/../etc/passwd", "", nil, 404},
		"path above, escaped":     {"GET", "/hookward/%2e%2e/x", "", nil, 404},
		"escaped slash":           {"GET", "/hookward/api%2foverview", "", bearer(readerToken), 404},
		"two slashes":             {"GET", "/hookward//console.js", "", nil, 404},
		"beside the path":         {"GET", "/hookwardly", "", nil, 404},
		"a file that is not":      {"GET", "/hookward/page.go", "", nil, 404},
		"a file by POST":          {"POST", "/hookward/", "", nil, 405},
	} {
		answer := ask(page(t), c.method, c.target, c.body, c.headers...)
		if answer.Code != c.status {
			t.Errorf("%s: %d, want %d", name, answer.Code, c.status)
		}
		if answer.Header().Get("Cache-Control") != "no-store" || answer.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", name, answer.Header())
		}
	}
}

func TestViewerSeesNoPayload(t *testing.T) {
	s := page(t)
	keepOne("a-1", "pass", "the payload")
	for _, c := range []struct {
		token   string
		payload bool
		target  string
		status  int
		seen    bool
	}{
		{viewerToken, true, "", 200, false},
		{viewerToken, true, "?payload=1", 403, false},
		{readerToken, true, "", 200, false},
		{readerToken, true, "?payload=1", 200, true},
		{readerToken, false, "?payload=1", 403, false},
	} {
		s.Payload = c.payload
		answer := ask(s, "GET", "/hookward/api/deliveries/a-1"+c.target, "", bearer(c.token)...)
		if answer.Code != c.status || strings.Contains(answer.Body.String(), "the payload") != c.seen {
			t.Errorf("%+v: %d %s", c, answer.Code, answer.Body)
		}
	}
	detail := ask(s, "GET", "/hookward/api/deliveries/a-1", "", bearer(readerToken)...)
	if text := detail.Body.String(); !strings.Contains(text, `"headers":["User-Agent","test","Authorization","masked, 12 bytes"]`) {
		t.Errorf("the headers: %s", text)
	}
	list := ask(s, "GET", "/hookward/api/deliveries", "", bearer(readerToken)...)
	if strings.Contains(list.Body.String(), "the payload") {
		t.Errorf("the list has a payload: %s", list.Body)
	}
}

func TestFiles(t *testing.T) {
	s := page(t)
	for name, kind := range map[string]string{"": "text/html", "console.js": "text/javascript", "console.css": "text/css", "icon.svg": "image/svg+xml"} {
		file := ask(s, "GET", "/hookward/"+name, "")
		if file.Code != 200 || file.Body.Len() < 100 || !strings.HasPrefix(file.Header().Get("Content-Type"), kind) {
			t.Errorf("%q: %d, %d bytes, %v", name, file.Code, file.Body.Len(), file.Header())
		}
	}
	if none := ask(s, "GET", "/hookward/none.js", ""); none.Code != 404 {
		t.Errorf("a file that is none: %d", none.Code)
	}
	moved := ask(s, "GET", "/hookward", "")
	if moved.Code != 302 || moved.Header().Get("Location") != "hookward/" {
		t.Errorf("without the slash: %d to %q", moved.Code, moved.Header().Get("Location"))
	}
	head := ask(s, "HEAD", "/hookward/", "")
	if head.Code != 200 || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", head.Code, head.Body.Len())
	}
}

func TestDeliveries(t *testing.T) {
	s := page(t)
	for i := 1; i <= 250; i++ {
		decision := "pass"
		if i%10 == 0 {
			decision = "refuse"
		}
		keepOne(fmt.Sprintf("a-%d", i), decision, "")
	}
	Keep([]byte(`{"event.id":"a-251","event.kind":"pipeline_error"}`), nil, audit.Plain, nil) // of lost records
	list := func(query string) ([]row, bool) {
		answer := ask(s, "GET", "/hookward/api/deliveries"+query, "", bearer(viewerToken)...)
		found := struct {
			Deliveries []row
			More       bool
		}{}
		if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return found.Deliveries, found.More
	}
	seen := map[string]bool{}
	query, more := "", true
	for turns := 0; more; turns++ {
		var found []row
		found, more = list(query)
		for _, d := range found {
			seen[d.ID] = true
		}
		query = fmt.Sprintf("?before=%d", found[len(found)-1].Number)
		if turns > 3 {
			t.Fatal("no end")
		}
	}
	if len(seen) != 250 {
		t.Errorf("%d of 250 seen, page by page", len(seen))
	}
	if found, _ := list("?decision=refuse"); len(found) != 25 || found[0].ID != "a-250" {
		t.Errorf("%d refused", len(found))
	}
	if found, more := list("?text=A-24&limit=5"); len(found) != 5 || !more {
		t.Errorf("%d of a text, more: %v", len(found), more)
	}
	if found, _ := list("?gate=another"); len(found) != 0 {
		t.Errorf("%d of another gate", len(found))
	}
}

// A list is never null: the page goes through it.
func TestNothingYet(t *testing.T) {
	s := page(t)
	keepOne("a-1", "pass", "")
	for _, target := range []string{"overview", "series?gate=nobody", "deliveries?gate=nobody", "deliveries/a-1"} {
		answer := ask(s, "GET", "/hookward/api/"+target, "", bearer(viewerToken)...)
		found := map[string]any{}
		if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil {
			t.Fatal(err)
		}
		for name, value := range found {
			if value == nil {
				t.Errorf("%s: %s is null", target, name)
			}
		}
	}
	Keep([]byte(`{"event.id":"a-2","hookward.decision":"refuse"}`), nil, audit.Plain, nil)
	if answer := ask(s, "GET", "/hookward/api/deliveries/a-2", "", bearer(viewerToken)...); strings.Contains(answer.Body.String(), "null") {
		t.Errorf("a delivery without headers: %s", answer.Body)
	}
}
