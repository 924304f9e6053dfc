package ship

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestStatuses(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "http", URL: address + "/in?key=secret"})
	for status, want := range map[int]string{
		200: "taken", 201: "taken", 202: "taken", 204: "taken", 299: "taken",
		301: "later 1 2 3: URL answered 301, a redirect, which is not followed",
		304: "later 1 2 3: URL answered 304, a redirect, which is not followed",
		400: "later 1 2 3, smaller: URL answered 400", 413: "later 1 2 3, smaller: URL answered 413", 422: "later 1 2 3, smaller: URL answered 422",
		401: "later 1 2 3: URL answered 401", 403: "later 1 2 3: URL answered 403", 404: "later 1 2 3: URL answered 404",
		408: "later 1 2 3: URL answered 408", 409: "later 1 2 3: URL answered 409", 429: "later 1 2 3: URL answered 429",
		500: "later 1 2 3: URL answered 500", 503: "later 1 2 3: URL answered 503", 599: "later 1 2 3: URL answered 599",
	} {
		answerWith(r, status, "")
		expect(t, strconv.Itoa(status), s, address, want)
	}
	for _, status := range []int{400, 413, 422} {
		answerWith(r, status, "it quotes a secret")
		got := shortened(told(Send(s, [][]byte{[]byte(second)})), address)
		if got != "refused 2: URL answered "+strconv.Itoa(status) {
			t.Errorf("one, and %d: %s", status, got)
		}
	}
}

func TestBrokenRecords(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "http", URL: address})
	batch := [][]byte{[]byte(first), []byte("{}\n{}"), []byte(second)}
	if got := told(Send(s, batch)); got != "refused ?: 1 record can't be sent, for want of being a JSON object on one line" {
		t.Error(got)
	}
	if got := one(t, r).body; got != first+"\n"+second+"\n" {
		t.Error(got)
	}
	answerWith(r, 400, "")
	if got := shortened(told(Send(s, batch)), address); got != "later 1 2, refused ?, smaller: 1 record can't be sent, for want of being a JSON object on one line; URL answered 400" {
		t.Error(got)
	}
	if got := shortened(told(Send(s, batch[:2])), address); got != "refused ? 1: 1 record can't be sent, for want of being a JSON object on one line; URL answered 400" {
		t.Error(got)
	}
	take(r)
	if got := told(Send(s, [][]byte{[]byte("a"), []byte("b")})); got != "refused ? ?: 2 records can't be sent, for want of being a JSON object on one line" {
		t.Error(got)
	}
	if got := told(Send(s, nil)); got != "taken" {
		t.Error(got)
	}
	if n := len(take(r)); n != 0 {
		t.Errorf("%d requests for nothing", n)
	}
}

func TestLines(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "http", URL: address + "/in/?a=b", Username: "me", Password: "pass:word", Headers: [][2]string{{"x-tenant", "7"}}})
	expect(t, "lines", s, address, "taken")
	got := one(t, r)
	if got.line != "POST /in/?a=b" || got.body != first+"\n"+second+"\n"+third+"\n" {
		t.Errorf("%s\n%s", got.line, got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-ndjson", "User-Agent": "hookward", "Authorization": "Basic bWU6cGFzczp3b3Jk", "X-Tenant": "7",
		"Content-Length": strconv.Itoa(len(got.body)), "Accept-Encoding": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q", name, got.header.Get(name))
		}
	}
	s = newSender(t, Target{Type: "http", URL: address, Token: "abc"})
	expect(t, "token", s, address, "taken")
	if got := one(t, r).header.Get("Authorization"); got != "Bearer abc" {
		t.Error(got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "299": 299 * time.Second, "301": 5 * time.Minute, "99999999999999999999999999": 0, "9999999999999999999": 5 * time.Minute,
		"-5": 0, "1.5": 0, "soon": 0,
		"Wed, 25 Nov 2026 12:00:30 GMT": 30 * time.Second, "Wed, 25 Nov 2026 11:00:00 GMT": 0, "Thu, 25 Nov 2027 12:00:30 GMT": 5 * time.Minute,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "http", URL: address})
	for status, want := range map[int]string{200: "taken", 429: "later 1 2 3, wait 7s: URL answered 429", 503: "later 1 2 3, wait 7s: URL answered 503", 400: "later 1 2 3, smaller, wait 7s: URL answered 400"} {
		serve(r, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "7")
			rw.WriteHeader(status)
		})
		expect(t, strconv.Itoa(status), s, address, want)
	}
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
		rw.WriteHeader(429)
	})
	outcome := Send(s, three())
	if outcome.Wait <= 30*time.Second || outcome.Wait > time.Minute {
		t.Errorf("a date: %s", outcome.Wait)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other, elsewhere := newReceiver(t)
	r, address := newReceiver(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		to := status
		serve(r, func(rw http.ResponseWriter, asked *http.Request) { http.Redirect(rw, asked, elsewhere+"/x", to) })
		for _, kind := range []string{"http", "elasticsearch", "splunk", "otlp", "loki"} {
			target := Target{Type: kind, URL: address, Token: "secret"}
			s := newSender(t, target)
			outcome := Send(s, three())
			if len(outcome.Later) != 3 || !strings.Contains(outcome.Problem, "a redirect, which is not followed") {
				t.Errorf("%s, %d: %s", kind, status, told(outcome))
			}
		}
	}
	if n := len(take(other)); n != 0 {
		t.Errorf("VULNERABLE: another host gets %d requests", n)
	}
}

// Answers of ten megabytes are neither kept nor read to their end, and their
// status is good for what it is where nothing else is asked of them.
func TestLargeReplies(t *testing.T) {
	r, address := newReceiver(t)
	large := bytes.Repeat([]byte("0123456789"), 1<<20)
	serve(r, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(large) })
	for kind, want := range map[string]string{
		"http": "taken", "loki": "taken",
		"elasticsearch": "later 1 2 3: URL/_bulk answered 200, but the answer is too large or not whole",
		"splunk":        "later 1 2 3: URL/services/collector/event answered 200, but not as Splunk does",
		"otlp":          "later 1 2 3: URL/v1/logs answered 200, but not as a collector does",
	} {
		s := newSender(t, Target{Type: kind, URL: address, Token: "t"})
		expect(t, kind, s, address, want)
	}
	for kind, most := range map[string]int{"splunk": maxReply, "elasticsearch": maxBulkReply} {
		s := newSender(t, Target{Type: kind, URL: address, Token: "t"})
		a := post(s, s.endpoint, []byte("{}"))
		if len(a.body) > most+1 || a.whole {
			t.Errorf("%s: %d bytes", kind, len(a.body))
		}
	}
}

func TestReplyThatHangs(t *testing.T) {
	r, address := newReceiver(t)
	release := make(chan bool)
	t.Cleanup(func() { close(release) })
	serve(r, func(rw http.ResponseWriter, _ *http.Request) { <-release })
	s := newSender(t, Target{Type: "http", URL: address, Timeout: 200 * time.Millisecond})
	expect(t, "nothing", s, address, "later 1 2 3: URL gave no answer within 200ms")
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"code":0,"items":[`)
		rw.(http.Flusher).Flush()
		<-release
	})
	for kind, want := range map[string]string{
		"http": "taken", "loki": "taken",
		"elasticsearch": "later 1 2 3: URL/_bulk answered 200, but the answer is too large or not whole",
		"splunk":        "later 1 2 3: URL/services/collector/event answered 200, but not as Splunk does",
		"otlp":          "later 1 2 3: URL/v1/logs answered 200, but not as a collector does",
	} {
		s := newSender(t, Target{Type: kind, URL: address, Token: "t", Timeout: 200 * time.Millisecond})
		expect(t, kind, s, address, want)
	}
	// Closing does not wait for it.
	s = newSender(t, Target{Type: "http", URL: address, Timeout: time.Minute})
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		Close(s)
		<-release
	})
	expect(t, "closed", s, address, "later 1 2 3: URL was left, because the sender was closed")
	expect(t, "after that", s, address, "later 1 2 3: URL was left, because the sender was closed")
}

func TestConnectionIsKept(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "http", URL: address})
	for i := 0; i < 5; i++ {
		answerWith(r, 200+i%2*303, strings.Repeat("x", 100000))
		_ = Send(s, three())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) != 5 || len(r.peers) != 1 {
		t.Errorf("%d requests over %d connections", len(r.got), len(r.peers))
	}
}
