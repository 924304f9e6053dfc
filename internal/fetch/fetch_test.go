package fetch

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What the rules don't allow is not asked for, nor followed.
func TestRules(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	pinned := regexp.MustCompile(`^127\.0\.0\.1:[0-9]+$`)
	for name, c := range map[string]struct {
		address string
		rules   Rules
		want    string
	}{
		"as is":           {url, Rules{PlainHTTP: true}, ""},
		"pinned":          {url, Rules{PlainHTTP: true, Hosts: pinned}, ""},
		"http":            {url, Rules{}, "can't be asked for"},
		"another host":    {strings.Replace(url, "127.0.0.1", "localhost", 1), Rules{PlainHTTP: true, Hosts: pinned}, "can't be asked for"},
		"a user's host":   {strings.Replace(url, "http://", "http://127.0.0.1:1@", 1) + ".evil", Rules{PlainHTTP: true, Hosts: pinned}, "can't be asked for"},
		"another scheme":  {"file:///etc/passwd", Rules{PlainHTTP: true}, "can't be asked for"},
		"no URL":          {":", Rules{PlainHTTP: true}, "can't be asked for"},
		"no TLS there":    {strings.Replace(url, "http", "https", 1), Rules{PlainHTTP: true}, "can't be fetched: "},
		"one byte more":   {url, Rules{PlainHTTP: true, MaxBytes: len(four) - 1}, "is larger than"},
		"as long as that": {url, Rules{PlainHTTP: true, MaxBytes: len(four)}, ""},
	} {
		before := asked(o)
		if c.rules.MaxBytes == 0 {
			c.rules.MaxBytes = 1000
		}
		c.rules.Timeout = 5 * time.Second
		v, problem := Get(c.address, c.rules, Version{})
		if problem != c.want && (c.want == "" || !strings.HasPrefix(problem, c.want)) || (v == nil) == (c.want == "") {
			t.Errorf("%s: %v, %q", name, v, problem)
		}
		if c.want == "can't be asked for" && asked(o) != before {
			t.Errorf("VULNERABLE: %s: it was asked for", name)
		}
	}
	serve(o, func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) })
	before := asked(o)
	if _, problem := Get(url, Rules{PlainHTTP: true, MaxBytes: 1000, Timeout: 5 * time.Second}, Version{}); problem != "can't be fetched: the answer is 302" || asked(o) != before+1 {
		t.Errorf("VULNERABLE: a redirect is followed: %s", problem)
	}
	// A document that ends itself may come without a length.
	serve(o, func(rw http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(rw).Hijack()
		if err == nil {
			_, _ = io.WriteString(connection, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"+four)
			_ = connection.Close()
		}
	})
	if v, problem := Get(url, Rules{PlainHTTP: true, MaxBytes: 1000, Timeout: 5 * time.Second, EndsItself: true}, Version{}); v == nil || string(v.Content) != four {
		t.Error(problem)
	}
}
