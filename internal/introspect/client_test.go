package introspect

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

var testTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const testToken = "2YotnFZFEjr1zCsicMWpAA" // of RFC 6749

// server is one of whose answers a test decides.
type server struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  int
	form   url.Values
	header http.Header
}

// newClient returns a client with a server, and what it has said.
func newClient(t *testing.T, o Options) (*Client, *server, *[]string) {
	t.Helper()
	s := &server{}
	fake := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.asked++
		s.form = r.PostForm
		s.header = r.Header.Clone()
		answer := s.answer
		s.mu.Unlock()
		answer(rw, r)
	}))
	t.Cleanup(fake.Close)
	o.URL = fake.URL + "/introspect?key=secret"
	o.PlainHTTP = true
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	o.Cache = time.Minute
	o.NegativeCache = 10 * time.Second
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = 4
	}
	lines := &[]string{}
	mu := &sync.Mutex{}
	c := New(o, func(level, message string, _ time.Time) {
		mu.Lock()
		*lines = append(*lines, level+": "+message)
		mu.Unlock()
	})
	return c, s, lines
}

func serve(s *server, answer http.HandlerFunc) {
	s.mu.Lock()
	s.answer = answer
	s.mu.Unlock()
}

func say(s *server, text string) {
	serve(s, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, text)
	})
}

func fail(s *server, status int) {
	serve(s, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
}

func asked(s *server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func outcomeOf(c *Client, token string, now time.Time) int {
	_, outcome := Ask(c, token, now)
	return outcome
}

// The request is that of RFC 7662, 2.1, with the client's name as RFC 6749, 2.3.1, has it.
func TestRequest(t *testing.T) {
	c, s, _ := newClient(t, Options{ClientID: "a gate:1", ClientSecret: "p%ss+ö"})
	say(s, `{"active":true,"scope":"a b","sub":"x"}`)
	claims, outcome := Ask(c, testToken, testTime)
	if outcome != Active || claims["scope"] != any("a b") {
		t.Errorf("%d %v", outcome, claims)
	}
	user, password, _ := (&http.Request{Header: s.header}).BasicAuth()
	if user != "a+gate%3A1" || password != "p%25ss%2B%C3%B6" || s.form.Encode() != "token="+testToken+"&token_type_hint=access_token" {
		t.Errorf("%q %q %v", user, password, s.form)
	}
	c, s, _ = newClient(t, Options{ClientID: "a gate:1", ClientSecret: "p%ss", AuthMethod: postMethod})
	say(s, `{"active":false}`)
	if outcomeOf(c, testToken, testTime) != Inactive || s.header.Get("Authorization") != "" || s.form.Get("client_id") != "a gate:1" || s.form.Get("client_secret") != "p%ss" {
		t.Errorf("%v %v", s.header, s.form)
	}
}

// Only true is active and only false is not, and nothing else is an answer.
func TestAnswers(t *testing.T) {
	for text, want := range map[string]int{
		`{"active":true}`: Active, `{"active":false}`: Inactive, `{"active":false,"exp":9999999999}`: Inactive,
		`{"active":"true"}`: Unavailable, `{"active":1}`: Unavailable, `{"active":null}`: Unavailable, `{"active":[true]}`: Unavailable,
		`{}`: Unavailable, `true`: Unavailable, `[{"active":true}]`: Unavailable, ``: Unavailable, `active`: Unavailable,
		`{"active":true,"active":false}`: Unavailable, `{"active":false,"Active":true}`: Unavailable, `{"Active":true}`: Unavailable,
		`{"active":true} `: Active, `{"active":true}{}`: Unavailable, "\ufeff" + `{"active":true}`: Unavailable,
		`{"active":true,"pad":"` + strings.Repeat("x", maxBytes) + `"}`: Unavailable,
	} {
		c, s, _ := newClient(t, Options{})
		say(s, text)
		if got := outcomeOf(c, testToken, testTime); got != want {
			t.Errorf("VULNERABLE: %.60s is %d", text, got)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a page": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(rw, `{"active":true}`)
		},
		"201": func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(rw, `{"active":true}`)
		},
		"a redirect": func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				http.Redirect(rw, r, "/introspect", http.StatusTemporaryRedirect)
				return
			}
			_, _ = io.WriteString(rw, `{"active":true}`)
		},
		"cut off": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(rw, `{"active":true}`)
		},
		"compressed": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(rw, `{"active":true}`)
		},
	} {
		c, s, said := newClient(t, Options{})
		serve(s, answer)
		if got := outcomeOf(c, testToken, testTime); got != Unavailable || asked(s) != 1 {
			t.Errorf("VULNERABLE: %s is %d, asked %d times", name, got, asked(s))
		}
		if text := strings.Join(*said, "\n"); !strings.HasPrefix(text, "error: the introspection endpoint http://127.0.0.1:") || strings.Contains(text, "secret") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// What is no token is not asked about.
func TestMalformedTokens(t *testing.T) {
	c, s, _ := newClient(t, Options{})
	say(s, `{"active":true}`)
	for _, token := range []string{"", "short", strings.Repeat("x", 15), strings.Repeat("x", 4097), "0123456789 abcdef", "0123456789abcdef\n", "0123456789\"abcdef", "0123456789äbcdef", "0123456789abcdef\x00", "0123456789,abcdef"} {
		if got := outcomeOf(c, token, testTime); got != Malformed {
			t.Errorf("%q is %d", token, got)
		}
	}
	if asked(s) != 0 {
		t.Errorf("asked %d times", asked(s))
	}
	if outcomeOf(c, strings.Repeat("x", 4096), testTime) != Active || outcomeOf(c, "ab-._~+/cdefghij==", testTime) != Active {
		t.Error("a token is none")
	}
}

// A revoked token passes until Cache is over, and not a moment longer; none passes longer
// than it is good.
func TestCache(t *testing.T) {
	c, s, _ := newClient(t, Options{})
	say(s, `{"active":true}`)
	for _, after := range []time.Duration{0, time.Second, 59 * time.Second} {
		if outcomeOf(c, testToken, testTime.Add(after)) != Active || asked(s) != 1 {
			t.Errorf("after %v: asked %d times", after, asked(s))
		}
	}
	say(s, `{"active":false}`)
	if outcomeOf(c, testToken, testTime.Add(59*time.Second)) != Active {
		t.Error("is asked about too early")
	}
	if outcomeOf(c, testToken, testTime.Add(time.Minute)) != Inactive || asked(s) != 2 {
		t.Error("VULNERABLE: a revoked token passes for longer than cache")
	}
	say(s, `{"active":true}`)
	if outcomeOf(c, testToken, testTime.Add(69*time.Second)) != Inactive || asked(s) != 2 {
		t.Error("a bad answer is not remembered")
	}
	if outcomeOf(c, testToken, testTime.Add(70*time.Second)) != Active || asked(s) != 3 {
		t.Error("a bad answer counts for too long")
	}
	// By exp.
	c, s, _ = newClient(t, Options{})
	say(s, fmt.Sprintf(`{"active":true,"exp":%d}`, testTime.Add(5*time.Second).Unix()))
	_, _ = Ask(c, testToken, testTime)
	_, _ = Ask(c, testToken, testTime.Add(5*time.Second-1))
	if asked(s) != 1 {
		t.Errorf("asked %d times", asked(s))
	}
	_, _ = Ask(c, testToken, testTime.Add(5*time.Second))
	if asked(s) != 2 {
		t.Error("VULNERABLE: an answer counts for longer than the token is good")
	}
	// What could not be had is not remembered.
	c, s, _ = newClient(t, Options{})
	fail(s, http.StatusInternalServerError)
	_, _ = Ask(c, testToken, testTime)
	say(s, `{"active":true}`)
	if outcomeOf(c, testToken, testTime) != Active {
		t.Error("a failure is remembered")
	}
}

// Junk has a bounded table of its own, and pushes no good token out.
func TestJunkIsBounded(t *testing.T) {
	c, s, _ := newClient(t, Options{})
	say(s, `{"active":true}`)
	_, _ = Ask(c, testToken, testTime)
	for i := 0; i < 5*maxAnswers; i++ {
		put(&c.bad, digestOf(fmt.Sprint("junk", i)), &answer{outcome: Inactive, until: testTime.Add(time.Hour)})
	}
	if outcomeOf(c, testToken, testTime) != Active || asked(s) != 1 {
		t.Error("a good token is forgotten for junk")
	}
	if n := len(c.bad.young) + len(c.bad.old); n > 2*maxAnswers || n < maxAnswers {
		t.Errorf("%d bad answers are remembered", n)
	}
	if get(&c.bad, digestOf(fmt.Sprint("junk", 5*maxAnswers-1)), testTime) == nil {
		t.Error("the last one is forgotten")
	}
	for i := 0; i < 1000; i++ {
		put(&c.good, digestOf(fmt.Sprint("large", i)), &answer{outcome: Active, until: testTime.Add(time.Hour), size: maxBytes})
	}
	if n := len(c.good.young) + len(c.good.old); n > 2*maxAnswerBytes/maxBytes {
		t.Errorf("%d large answers are remembered", n)
	}
	if len(c.asking) != 0 {
		t.Error("a question is never over")
	}
}

// All who ask about one token at once ask once; of different ones, few are asked about.
func TestSingleFlight(t *testing.T) {
	c, s, _ := newClient(t, Options{MaxConcurrent: 2})
	release := make(chan bool)
	serve(s, func(rw http.ResponseWriter, _ *http.Request) {
		<-release
		_, _ = io.WriteString(rw, `{"active":true}`)
	})
	outcomes := make(chan int, 50)
	for i := 0; i < 50; i++ {
		go askOnce(c, testToken, outcomes)
	}
	await.Until(t, "all wait", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.asking[digestOf(testToken)]) == 49
	})
	go askOnce(c, testToken+"2", outcomes)
	await.Until(t, "two are asked about", func() bool { return asked(s) == 2 })
	if outcomeOf(c, testToken+"3", testTime) != Unavailable || asked(s) != 2 {
		t.Error("more are asked about than maxConcurrent")
	}
	close(release)
	for i := 0; i < 51; i++ {
		if outcome := <-outcomes; outcome != Active {
			t.Errorf("%d", outcome)
		}
	}
	if asked(s) != 2 || outcomeOf(c, testToken+"3", testTime) != Active {
		t.Errorf("asked %d times", asked(s))
	}
}

func askOnce(c *Client, token string, outcomes chan int) {
	_, outcome := Ask(c, token, testTime)
	outcomes <- outcome
}

// A server that is down is left alone, while what is known goes on to count. One that
// refuses a question is not down.
func TestCircuit(t *testing.T) {
	c, s, said := newClient(t, Options{})
	say(s, `{"active":true}`)
	_, _ = Ask(c, testToken, testTime)
	fail(s, http.StatusBadRequest)
	for i := 0; i < 10; i++ {
		_, _ = Ask(c, fmt.Sprint(testToken, i), testTime)
	}
	if asked(s) != 11 {
		t.Errorf("asked %d times of a server that is well", asked(s))
	}
	fail(s, http.StatusServiceUnavailable)
	for i := 0; i < 10; i++ {
		if outcomeOf(c, fmt.Sprint(testToken, i), testTime) != Unavailable {
			t.Error("an answer of a server that is down")
		}
	}
	if asked(s) != 14 || outcomeOf(c, testToken, testTime) != Active {
		t.Errorf("asked %d times", asked(s))
	}
	later := time.Now().Add(pause + time.Second) // the pause began now
	_, _ = Ask(c, testToken+"x", later)
	_, _ = Ask(c, testToken+"y", time.Now())
	if asked(s) != 15 {
		t.Errorf("after a pause, asked %d times", asked(s))
	}
	say(s, `{"active":false}`)
	later = time.Now().Add(pause + time.Second)
	for i := 0; i < 10; i++ {
		if outcomeOf(c, fmt.Sprint(testToken, i), later) != Inactive {
			t.Error("does not recover")
		}
	}
	text := strings.Join(*said, "\n")
	if strings.Count(text, "info: ") != 1 || !strings.Contains(text, "the answer is 503; tokens that are not known yet get 503 meanwhile") || !strings.Contains(text, "the answer is 400, as servers do that don't know clientID") {
		t.Error(text)
	}
}

// While it is not known whether a server is well, one asks, and not all.
func TestProbing(t *testing.T) {
	c := &circuit{}
	for i := 0; i < maxFailures; i++ {
		note(c, true, false, testTime)
	}
	later := testTime.Add(pause)
	if mayTry(c, later.Add(-1)) || !mayTry(c, later) || mayTry(c, later) {
		t.Error("more than one tries, or too early")
	}
	note(c, false, true, later)
	for i := 0; i < 2; i++ {
		if !mayTry(c, later) {
			t.Error("a server that is well is not asked")
		}
	}
}

// A server that hangs costs those who ask the timeout, and nobody else anything.
func TestHangingServer(t *testing.T) {
	c, s, said := newClient(t, Options{Timeout: 50 * time.Millisecond})
	say(s, `{"active":true}`)
	_, _ = Ask(c, testToken, testTime)
	release := make(chan bool)
	t.Cleanup(func() { close(release) })
	serve(s, func(_ http.ResponseWriter, _ *http.Request) { <-release })
	if outcomeOf(c, testToken+"2", testTime) != Unavailable || outcomeOf(c, testToken, testTime) != Active {
		t.Error("a server that hangs has answered")
	}
	if text := strings.Join(*said, "\n"); !strings.Contains(text, "no whole answer within 50ms") {
		t.Error(text)
	}
}
