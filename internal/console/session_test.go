package console

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/policy"
)

func TestSessions(t *testing.T) {
	s := page(t)
	login := ask(s, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, "Content-Type", "application/json")
	cookie := login.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-hookward=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict", "Max-Age=43200"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("%q lacks %s", cookie, part)
		}
	}
	value, _, _ := strings.Cut(cookie, ";")
	in := func() int { return ask(s, "GET", "/hookward/api/overview", "", "Cookie", value).Code }
	if in() != 200 {
		t.Fatalf("the session is not known: %d", in())
	}
	role := s.Roles
	s.Roles = map[string]string{policy.ConsoleDigest(viewerToken): policy.Viewer}
	if in() != 401 {
		t.Error("a session outlives its token")
	}
	s.Roles = role
	sessionsMu.Lock()
	for digest := range sessions {
		sessions[digest] = session{token: sessions[digest].token, ends: time.Now().Add(-time.Second)}
	}
	sessionsMu.Unlock()
	if in() != 401 {
		t.Error("a session outlives its time")
	}
	again := ask(s, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, "Content-Type", "application/json")
	value, _, _ = strings.Cut(again.Header().Get("Set-Cookie"), ";")
	ask(s, "POST", "/hookward/api/logout", "{}", "Cookie", value, "Content-Type", "application/json")
	if in() != 401 {
		t.Error("a session outlives the log-out")
	}
	local := ask(&policy.Console{Path: "/hookward", Hosts: map[string]bool{"localhost:8000": true}, Roles: role}, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, "Content-Type", "application/json", "Host", "localhost:8000")
	if text := local.Header().Get("Set-Cookie"); !strings.HasPrefix(text, "hookward-8000=") || strings.Contains(text, "Secure") {
		t.Errorf("without TLS, on loopback: %q", text)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	s := page(t)
	r := httptest.NewRequest("POST", "http://"+host, nil)
	for i := 0; i < maxSessions+10; i++ {
		beginSession(r, policy.ConsoleDigest(readerToken), time.Now())
	}
	if len(sessions) != maxSessions || s == nil {
		t.Errorf("%d sessions", len(sessions))
	}
}

func TestGuessingIsBanned(t *testing.T) {
	for name, guess := range map[string]func(s *policy.Console) int{
		"login": func(s *policy.Console) int {
			return ask(s, "POST", "/hookward/api/login", `{"token":"guess"}`, "Content-Type", "application/json").Code
		},
		"bearer": func(s *policy.Console) int {
			return ask(s, "GET", "/hookward/api/overview", "", bearer("guess")...).Code
		},
	} {
		s := page(t)
		for i := 1; i < maxFailures; i++ {
			if code := guess(s); code != 401 {
				t.Errorf("%s, guess %d: %d", name, i, code)
			}
		}
		for i := 0; i < 2; i++ {
			if code := guess(s); code != 429 {
				t.Errorf("%s: not banned: %d", name, code)
			}
		}
		right := ask(s, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, "Content-Type", "application/json")
		if right.Code != 429 || right.Header().Get("Retry-After") == "" {
			t.Errorf("%s: a banned address logs in: %d", name, right.Code)
		}
		if code := ask(s, "GET", "/hookward/api/overview", "", bearer(readerToken)...).Code; code != 429 {
			t.Errorf("%s: a banned address is told which token is right: %d", name, code)
		}
	}
}

// A script that asks on and on with the right token does not make its ban longer.
func TestBanEnds(t *testing.T) {
	s := page(t)
	failures = bans.New(maxFailures, time.Minute, 300*time.Millisecond)
	for i := 0; i < maxFailures; i++ {
		ask(s, "GET", "/hookward/api/overview", "", bearer("guess")...)
	}
	await(t, "the right token is taken again", func() bool {
		return ask(s, "GET", "/hookward/api/overview", "", bearer(readerToken)...).Code == 200
	})
}

// A middleware in front lets its credentials through with each request: they are no guesses.
func TestOtherCredentialsAreNoGuesses(t *testing.T) {
	s := page(t)
	basic := []string{"Authorization", "Basic YWxpY2U6cGFzc3dvcmQ="}
	for i := 0; i < 2*maxFailures; i++ {
		if code := ask(s, "GET", "/hookward/api/overview", "", basic...).Code; code != 401 {
			t.Fatalf("turn %d: %d", i, code)
		}
	}
	login := ask(s, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, append(basic, "Content-Type", "application/json")...)
	cookie, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")
	if code := ask(s, "GET", "/hookward/api/overview", "", append(basic, "Cookie", cookie)...).Code; code != 200 {
		t.Errorf("a session behind basicAuth: %d", code)
	}
}

func TestUserHeader(t *testing.T) {
	s := page(t)
	s.UserHeader = "X-Forwarded-User"
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"there":                {[]string{"X-Forwarded-User", "alice"}, 200},
		"empty":                {[]string{"X-Forwarded-User", ""}, 401},
		"twice":                {[]string{"X-Forwarded-User", "alice", "X-Forwarded-User", "mallory"}, 401},
		"with an underscore":   {[]string{"X_Forwarded_User", "mallory"}, 401},
		"and one with a dash":  {[]string{"X_Forwarded_User", "mallory", "X-Forwarded-User", "alice"}, 401},
		"or nothing of either": {nil, 401},
	} {
		if answer := ask(s, "GET", "/hookward/api/overview", "", c.headers...); answer.Code != c.status {
			t.Errorf("%s: %d, want %d", name, answer.Code, c.status)
		}
	}
	s.UserHeader = ""
	if answer := ask(s, "GET", "/hookward/api/overview", "", "X-Forwarded-User", "alice"); answer.Code != 401 {
		t.Errorf("nobody asked for the header: %d", answer.Code)
	}
}

// The host is what a request really names, in whatever way.
func TestHosts(t *testing.T) {
	s := page(t)
	s.Hosts["[::1]:8000"] = true
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { Serve("console@file", s, nothing, rw, r) }))
	defer server.Close()
	for request, want := range map[string]string{
		"GET /hookward/ HTTP/1.1\r\nHost: CONSOLE.Example.Com":                       "200",
		"GET /hookward/ HTTP/1.1\r\nHost: [::1]:8000":                                "200",
		"GET /hookward/ HTTP/1.1\r\nHost: [::1]":                                     "421",
		"GET /hookward/ HTTP/1.1\r\nHost: [0:0:0:0:0:0:0:1]:8000":                    "421",
		"GET http://evil.example/hookward/ HTTP/1.1\r\nHost: " + host:                "421",
		"GET http://" + host + "/hookward/ HTTP/1.1\r\nHost: evil.example":           "200", // which no browser sends
		"GET /hookward/ HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example":        "400",
		"GET /hookward/ HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: " + host: "421",
		"GET /hookward/ HTTP/1.0":                                                    "421",
	} {
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(connection, request+"\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(connection)
		_ = connection.Close()
		_, status, _ := strings.Cut(string(answer), " ")
		if err != nil || !strings.HasPrefix(status, want) {
			t.Errorf("%q: %v, %.20q, want %s", request, err, answer, want)
		}
	}
}

// A user counts as one, whatever he shows beside the name that the middleware in front gives.
func TestWhoIs(t *testing.T) {
	s := page(t)
	s.UserHeader = "X-User"
	s.UserRole = policy.Viewer
	for name, c := range map[string]struct {
		headers http.Header
		want    string
	}{
		"a user":                {http.Header{"X-User": {"ada"}}, "user ada"},
		"a user with a guess":   {http.Header{"X-User": {"ada"}, "Authorization": {"Bearer 1"}}, "user ada"},
		"two users and a token": {http.Header{"X-User": {"ada", "bob"}, "Authorization": {"Bearer " + viewerToken}}, policy.ConsoleDigest(viewerToken)},
		"another spelling":      {http.Header{"X-User": {"ada"}, "X_user": {"bob"}, "Authorization": {"Bearer " + viewerToken}}, policy.ConsoleDigest(viewerToken)},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = c.headers
		if got := whoIs(s, r, time.Now()); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		if v := visitorOf(s, r, time.Now()); v == nil || v.Role != policy.Viewer {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
