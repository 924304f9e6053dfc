package fetch

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const four = "192.0.2.1\n192.0.2.3\n192.0.2.5\n2001:db8::/32\n"

func TestUpdateTakesOver(t *testing.T) {
	o, url := newOrigin(t)
	d, said := newDocument(t, Source{URL: url + "/list?key=canary"})
	if has(d, "192.0.2.1") != "unknown" {
		t.Error("a list that was never loaded has an opinion")
	}
	serveText(o, four)
	update(d, testTime)
	if has(d, "192.0.2.1") != "inside" || has(d, "192.0.2.2") != "outside" || has(d, "2001:db8::/32") != "inside" {
		t.Error("the list is not in force")
	}
	if got := take(said); got != "info: the list "+url+"/list has 4 lines" {
		t.Error(got)
	}
	update(d, testTime)
	update(d, testTime)
	if o.saved != 2 || o.asked != 3 || take(said) != "" {
		t.Errorf("%d of %d answers were 304; %s", o.saved, o.asked, take(said))
	}
	if agent := o.last.Get("User-Agent"); agent != "hookward" || o.last.Get("Accept-Encoding") != "" {
		t.Errorf("asked as %v", o.last)
	}
	serveText(o, "192.0.2.2\n192.0.2.4\n")
	update(d, testTime)
	if has(d, "192.0.2.1") != "outside" || has(d, "192.0.2.2") != "inside" {
		t.Error("the new version is not in force")
	}
	if got := take(said); got != "info: the list "+url+"/list has 2 lines, before 4 lines" {
		t.Error(got)
	}
}

func TestLastModified(t *testing.T) {
	o, url := newOrigin(t)
	d, _ := newDocument(t, Source{URL: url})
	const date = "Sun, 01 Mar 2026 12:00:00 GMT"
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Modified-Since") == date {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("Last-Modified", date)
		_, _ = io.WriteString(rw, four)
	})
	update(d, testTime)
	update(d, testTime.Add(time.Hour))
	if o.asked != 2 || d.failures != 0 || !d.updated.Equal(testTime.Add(time.Hour)) {
		t.Errorf("%d %d %v", o.asked, d.failures, d.updated)
	}
	// A server that says 304 to who has nothing is not to be believed.
	d, said := newDocument(t, Source{URL: url})
	serve(o, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotModified) })
	update(d, testTime)
	if has(d, "192.0.2.1") != "unknown" || !strings.Contains(take(said), "the answer is 304") {
		t.Error("304 out of the blue")
	}
}

// badUpdate is an answer that must leave the last good list in force.
type badUpdate struct {
	answer http.HandlerFunc
	says   string
}

func badUpdates(url string) map[string]badUpdate {
	text := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				rw.Header().Set(headers[i], headers[i+1])
			}
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, to, http.StatusFound) }
	}
	raw := func(answer string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_, _ = io.WriteString(connection, answer)
				_ = connection.Close()
			}
		}
	}
	return map[string]badUpdate{
		"not found":          {text(404, four), "the answer is 404"},
		"server error":       {text(500, four), "the answer is 500"},
		"no content":         {text(204, ""), "the answer is 204"},
		"a part":             {text(206, four), "the answer is 206"},
		"empty":              {text(200, ""), "is empty"},
		"wrong":              {text(200, "x"), "is wrong"},
		"page by its type":   {text(200, four, "Content-Type", "text/html; charset=utf-8"), "is a page"},
		"compressed":         {text(200, four, "Content-Encoding", "gzip"), "is compressed"},
		"large, and says so": {text(200, "", "Content-Length", strconv.Itoa(rules.MaxBytes+1)), "is larger than"},
		"redirect elsewhere": {redirect("http://example.com/"), "redirects to another host"},
		"redirect to a port": {redirect("http://127.0.0.1:1/"), "redirects to another host"},
		"redirect to TLS":    {redirect("https" + strings.TrimPrefix(url, "http") + "/"), "redirects to another host"},
		"redirect for ever":  {redirect("/"), "redirects more than three times"},
		"huge header":        {text(200, four, "X-Large", strings.Repeat("x", maxHeaderBytes+4096)), "can't be fetched"},
		"cut off": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, four)
		}, "broke off"},
		"cut off in chunks": {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n192.0.2.1\n\r\n"), "broke off"},
		"without an end":    {raw("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + four), "comes without a length"},
		"large": {func(rw http.ResponseWriter, _ *http.Request) {
			line := []byte(strings.Repeat("192.0.2.1\n", 1000))
			for i := 0; i < rules.MaxBytes/len(line)+2; i++ {
				_, _ = rw.Write(line)
			}
		}, "is larger than"},
		"slow": {func(rw http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(rw, "192.0.2.1\n")
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}, "no whole answer within"},
	}
}

func TestBadUpdatesAreRefused(t *testing.T) {
	o, url := newOrigin(t)
	for name, bad := range badUpdates(url) {
		answer, says := bad.answer, bad.says
		d, said := newDocument(t, Source{URL: url})
		// At first, when there is nothing yet.
		serve(o, answer)
		updateBadly(d, name, testTime)
		if has(d, "192.0.2.1") != "unknown" || !strings.Contains(take(said), "it has never been loaded") {
			t.Errorf("%s: is taken for a list", name)
		}
		d, said = newDocument(t, Source{URL: url})
		serveText(o, four)
		update(d, testTime)
		take(said)
		serve(o, answer)
		updateBadly(d, name, testTime.Add(time.Hour))
		if has(d, "192.0.2.5") != "inside" || has(d, "192.0.2.9") != "outside" {
			t.Errorf("%s: the last good list is not in force", name)
		}
		got := take(said)
		if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, says) || !strings.Contains(got, "what it had 1h0m0s ago stays in force (failed attempts: 1)") {
			t.Errorf("%s: said %q, want %q", name, got, says)
		}
		// And it recovers, with what the source has then.
		serveText(o, four+"192.0.2.7\n")
		update(d, testTime.Add(2*time.Hour))
		if has(d, "192.0.2.7") != "inside" || !strings.Contains(take(said), "is up to date again, after 1 failed attempts") {
			t.Errorf("%s: does not recover", name)
		}
	}
}

// updateBadly waits for no answer that does not come.
func updateBadly(d *Document, name string, now time.Time) {
	if name == "slow" {
		d.source.Rules.Timeout = 200 * time.Millisecond
	}
	update(d, now)
	d.source.Rules.Timeout = rules.Timeout
}

// A version that was refused is not read again at every turn; what is told of it
// is the same.
func TestRefusedVersionsAreKnown(t *testing.T) {
	o, url := newOrigin(t)
	d, _ := newDocument(t, Source{URL: url})
	serveText(o, four)
	update(d, testTime)
	serveText(o, "x\n")
	update(d, testTime)
	d.refused = "is what it was"
	update(d, testTime)
	if d.failures != 2 || d.cause != "is what it was" {
		t.Errorf("%d %q", d.failures, d.cause)
	}
	serveText(o, four+"192.0.2.7\n")
	update(d, testTime)
	serveText(o, "x\n")
	update(d, testTime)
	if d.failures != 1 || d.cause != "is wrong" {
		t.Errorf("%d %q", d.failures, d.cause)
	}
}

func TestRedirectWithinTheHost(t *testing.T) {
	o, url := newOrigin(t)
	d, _ := newDocument(t, Source{URL: url + "/old"})
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(rw, r, "/new", http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(rw, four)
	})
	update(d, testTime)
	if has(d, "192.0.2.1") != "inside" || o.asked != 2 {
		t.Error("the redirect is not followed: " + d.cause)
	}
}

// A cause is told once, and again after an hour, with what has become of it.
func TestCausesAreToldOnce(t *testing.T) {
	o, url := newOrigin(t)
	d, said := newDocument(t, Source{URL: url})
	fails := func(status int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }
	}
	for _, step := range []struct {
		after  time.Duration
		status int
		want   string
	}{
		{0, 500, "error: the list " + url + " can't be fetched: the answer is 500; it has never been loaded (failed attempts: 1)"},
		{1 * time.Minute, 500, ""},
		{2 * time.Minute, 502, "error: the list " + url + " can't be fetched: the answer is 502; it has never been loaded (failed attempts: 3)"},
		{61 * time.Minute, 502, ""},
		{63 * time.Minute, 502, "error: the list " + url + " can't be fetched: the answer is 502; it has never been loaded (failed attempts: 5)"},
	} {
		serve(o, fails(step.status))
		update(d, testTime.Add(step.after))
		if got := take(said); got != step.want {
			t.Errorf("after %v: %q, want %q", step.after, got, step.want)
		}
	}
}

func TestDelay(t *testing.T) {
	d, _ := newDocument(t, Source{URL: "https://example.com/list", Refresh: time.Hour})
	for failures, want := range []time.Duration{time.Hour, 1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		d.failures = failures
		if got := delay(d); got != want {
			t.Errorf("never loaded, %d failures: %v, want %v", failures, got, want)
		}
	}
	d.value = "loaded"
	for failures, want := range map[int]time.Duration{0: time.Hour, 1: 15 * time.Second, 2: 30 * time.Second, 3: time.Minute, 8: 32 * time.Minute, 9: time.Hour, 1000: time.Hour} {
		d.failures = failures
		if got := delay(d); got != want {
			t.Errorf("loaded, %d failures: %v, want %v", failures, got, want)
		}
	}
	d.source.Refresh = 2 * time.Second
	if got := delay(d); got != 2*time.Second {
		t.Errorf("a short interval: %v", got)
	}
	for i := 0; i < 100; i++ {
		if got := jitter(10 * time.Second); got < 8*time.Second || got > 12*time.Second {
			t.Fatalf("jitter: %v", got)
		}
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	write := func(text string, mode os.FileMode, second int) {
		t.Helper()
		at := testTime.Add(time.Duration(second) * time.Second)
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	d, said := newDocument(t, Source{File: path})
	update(d, testTime)
	if got := take(said); has(d, "192.0.2.1") != "unknown" || !strings.Contains(got, "can't be found") {
		t.Error(got)
	}
	write(four, 0o600, 1)
	update(d, testTime)
	if got := take(said); has(d, "192.0.2.1") != "inside" || !strings.Contains(got, "up to date again") {
		t.Error(got)
	}
	update(d, testTime)
	for i, bad := range []string{"", "x", "192.0.2.1"} {
		write(bad, 0o600, 10+i)
		update(d, testTime)
		if got := take(said); has(d, "192.0.2.5") != "inside" || !strings.HasPrefix(got, "error: ") {
			t.Errorf("%q: %s", bad, got)
		}
	}
	write(four+"192.0.2.7\n", 0o602, 20)
	update(d, testTime)
	if got := take(said); has(d, "192.0.2.7") != "inside" || !strings.Contains(got, "warn: the list "+path+" may be written by everybody") {
		t.Error(got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	update(d, testTime)
	if has(d, "192.0.2.7") != "inside" {
		t.Error("a list whose file is gone is gone")
	}
}
