package console

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/policy"
)

func TestStream(t *testing.T) {
	s := page(t)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = host
		Serve("console@file", s, nothing, rw, r)
	}))
	defer server.Close()
	keepOne("a-1", "pass", "")
	keepOne("a-2", "refuse", "")
	stream := func(since, query string) io.ReadCloser {
		r, _ := http.NewRequest("GET", server.URL+"/hookward/api/stream"+query, nil)
		r.Header.Set("Authorization", "Bearer "+viewerToken)
		if since != "" {
			r.Header.Set("Last-Event-ID", since)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v %v", err, answer)
		}
		return answer.Body
	}
	for name, c := range map[string]struct{ since, query, want string }{
		"from now on":        {"", "", "event: start\nid: " + instance + "-2\n"},
		"what was missed":    {instance + "-1", "", "id: " + instance + "-2\ndata: {\"number\":2,\"id\":\"a-2\""},
		"of another process": {"00000000-77", "", "id: " + instance + "-1\n"},
		"of the future":      {instance + "-99", "", "id: " + instance + "-1\n"},
		"by the address":     {"", "?since=" + instance + "-1", "data: \n\nid: " + instance + "-2\n"},
		"not by the address": {instance + "-1", "?since=" + instance + "-0", "data: \n\nid: " + instance + "-2\n"},
		"filtered":           {instance + "-0", "?decision=refuse", "data: \n\nid: " + instance + "-2\n"},
	} {
		body := stream(c.since, c.query)
		text := ""
		part := make([]byte, 4096)
		for !strings.Contains(text, c.want) && len(text) < 8000 {
			n, err := body.Read(part)
			text += string(part[:n])
			if err != nil {
				break
			}
		}
		body.Close()
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// A stream ends with what lets it in, although its handler knows nothing of it.
func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(s *policy.Console, cookie string){
		"log-out": func(s *policy.Console, cookie string) {
			ask(s, "POST", "/hookward/api/logout", "{}", "Cookie", cookie, "Content-Type", "application/json")
		},
		"the token is taken away": func(_ *policy.Console, _ string) {
			use(context.Background(), "console@file", func(_ time.Time) *policy.Console { return &policy.Console{Roles: map[string]string{}} })
		},
		"the configuration has a mistake": func(_ *policy.Console, _ string) {
			use(context.Background(), "console@file", noConsole)
		},
	} {
		s := page(t)
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Host = host
			Serve("console@file", s, nothing, rw, r)
		}))
		login := ask(s, "POST", "/hookward/api/login", `{"token":"`+readerToken+`"}`, "Content-Type", "application/json")
		cookie, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")
		r, _ := http.NewRequest("GET", server.URL+"/hookward/api/stream", nil)
		r.Header.Set("Cookie", cookie)
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%s: %v %v", name, err, answer)
		}
		end(s, cookie)
		text, err := io.ReadAll(answer.Body) // for ever, if nothing ends it
		if err != nil || strings.Contains(string(text), "data: {") {
			t.Errorf("%s: %v, %q", name, err, text)
		}
		server.Close()
	}
}

// A reload ends the old middleware first. Streams go on; unless no new one comes.
func TestStreamsOfConsolesThatGo(t *testing.T) {
	s := page(t)
	ctx, cancel := context.WithCancel(context.Background())
	use(ctx, "console@file", func(_ time.Time) *policy.Console { return s })
	cancel()
	now := time.Now()
	if newestOf("console@file", now) != s || newestOf("console@file", now.Add(reloadTime)) != s {
		t.Error("a reload ends the streams")
	}
	if newestOf("console@file", now.Add(reloadTime+1)) != nil || newestOf("another@file", now) != nil {
		t.Error("a console that is gone has streams")
	}
	Sweep(now.Add(reloadTime + 1))
	if len(consoles) != 0 {
		t.Error("a console that is gone is not forgotten")
	}
}

// Who never reads loses his place to somebody who does, and can't have all streams.
func TestStreamIsNotHeldUp(t *testing.T) {
	s := page(t)
	patience, maxViewers = 200*time.Millisecond, 1
	defer func() { patience, maxViewers = 30*time.Second, 32 }()
	await(t, "the streams of other tests end", func() bool { return atomic.LoadInt32(&streams) == 0 })
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Host = host
		Serve("console@file", s, nothing, rw, r)
	}))
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, err = io.WriteString(connection, "GET /hookward/api/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+readerToken+"\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the stream begins", func() bool { return atomic.LoadInt32(&streams) == 1 })
	another := func() int {
		r, _ := http.NewRequest("GET", server.URL+"/hookward/api/stream", nil)
		r.Header.Set("Authorization", "Bearer "+readerToken)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if code := another(); code != 503 {
		t.Errorf("one viewer too many: %d", code)
	}
	large := strings.Repeat("x", 1<<20)
	for i := 0; i < 20; i++ { // more than the kernel takes for either side
		keepOne(large, "pass", "")
	}
	await(t, "another viewer has the place", func() bool { return another() == 200 })
	_ = connection.Close()
	await(t, "all streams end", func() bool { return atomic.LoadInt32(&streams) == 0 && len(places) == 0 })
	atomic.StoreInt32(&streams, maxStreams)
	if code := another(); code != 503 {
		t.Errorf("one stream too many: %d", code)
	}
	atomic.StoreInt32(&streams, 0)
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(end) {
			t.Fatalf("not in a minute: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
