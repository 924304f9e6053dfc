package iplist

import (
	"fmt"
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
	l, said := newList(t, Source{URL: url + "/list?key=canary", PlainHTTP: true})
	if has(l, "192.0.2.1") != "unknown" {
		t.Error("a list that was never loaded has an opinion")
	}
	serveText(o, four)
	update(l, testTime)
	if has(l, "192.0.2.1") != "inside" || has(l, "192.0.2.2") != "outside" || has(l, "2001:db8::1") != "inside" {
		t.Error("the list is not in force")
	}
	if got := take(said); got != "info: the list "+url+"/list has 4 ranges" {
		t.Error(got)
	}
	update(l, testTime)
	update(l, testTime)
	if o.saved != 2 || o.asked != 3 || take(said) != "" {
		t.Errorf("%d of %d answers were 304; %s", o.saved, o.asked, take(said))
	}
	if agent := o.last.Get("User-Agent"); agent != "hookward" || o.last.Get("Accept-Encoding") != "" {
		t.Errorf("asked as %v", o.last)
	}
	serveText(o, "192.0.2.2\n192.0.2.4\n")
	update(l, testTime)
	if has(l, "192.0.2.1") != "outside" || has(l, "192.0.2.2") != "inside" {
		t.Error("the new version is not in force")
	}
	if got := take(said); got != "info: the list "+url+"/list has 2 ranges, before 4 ranges" {
		t.Error(got)
	}
}

func TestLastModified(t *testing.T) {
	o, url := newOrigin(t)
	l, _ := newList(t, Source{URL: url, PlainHTTP: true})
	const date = "Sun, 01 Mar 2026 12:00:00 GMT"
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Modified-Since") == date {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("Last-Modified", date)
		_, _ = io.WriteString(rw, four)
	})
	update(l, testTime)
	update(l, testTime.Add(time.Hour))
	if o.asked != 2 || l.failures != 0 || !l.updated.Equal(testTime.Add(time.Hour)) {
		t.Errorf("%d %d %v", o.asked, l.failures, l.updated)
	}
	// A server that says 304 to who has nothing is not to be believed.
	l, said := newList(t, Source{URL: url, PlainHTTP: true})
	serve(o, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotModified) })
	update(l, testTime)
	if has(l, "192.0.2.1") != "unknown" || !strings.Contains(take(said), "the answer is 304") {
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
		"not found":           {text(404, four), "the answer is 404"},
		"server error":        {text(500, four), "the answer is 500"},
		"no content":          {text(204, ""), "the answer is 204"},
		"a part":              {text(206, four), "the answer is 206"},
		"empty":               {text(200, ""), "is empty"},
		"page":                {text(200, "<html>192.0.2.1</html>"), "is a page"},
		"page by its type":    {text(200, four, "Content-Type", "text/html; charset=utf-8"), "is a page"},
		"compressed":          {text(200, four, "Content-Encoding", "gzip"), "is compressed"},
		"malformed":           {text(200, four+"192.0.2.\n"), "has in line 5"},
		"everything":          {text(200, four+"0.0.0.0/0\n"), "has every IPv4 address"},
		"everything in parts": {text(200, four+"8000::/1\n::/1\n"), "has every IPv6 address"},
		"most of everything":  {text(200, "0.0.0.0/1\n128.0.0.0/2\n192.0.0.0/3\n224.0.0.0/4\n2001:db8::/32\n"), "has more than half of all addresses"},
		"much of IPv4":        {text(200, "10.0.0.0/8\n"+four), "has more than a hundred times the addresses"},
		"much of IPv6":        {text(200, "2000::/12\n192.0.2.1\n192.0.2.3\n"), "has more than a hundred times the addresses"},
		"shrunk":              {text(200, "192.0.2.1\n"), "has shrunk from 4 ranges to 1 range"},
		"grown":               {text(200, many(401)), "has grown from 4 ranges to 401 ranges"},
		"large, and says so":  {text(200, "", "Content-Length", strconv.Itoa(maxBytes+1)), "is larger than"},
		"redirect elsewhere":  {redirect("http://example.com/"), "redirects to another host"},
		"redirect to a port":  {redirect("http://127.0.0.1:1/"), "redirects to another host"},
		"redirect to TLS":     {redirect("https" + strings.TrimPrefix(url, "http") + "/"), "redirects to another host"},
		"redirect for ever":   {redirect("/"), "redirects more than three times"},
		"huge header":         {text(200, four, "X-Large", strings.Repeat("x", maxHeaderBytes+4096)), "can't be fetched"},
		"cut off": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, four)
		}, "broke off"},
		"cut off in chunks": {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n192.0.2.1\n\r\n"), "broke off"},
		"without an end":    {raw("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + four), "comes without a length"},
		"large": {func(rw http.ResponseWriter, _ *http.Request) {
			line := []byte(strings.Repeat("192.0.2.1\n", 1000))
			for i := 0; i < maxBytes/len(line)+2; i++ {
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

// many returns so many ranges that don't adjoin.
func many(n int) string {
	text := ""
	for i := 0; i < n; i++ {
		text += fmt.Sprintf("10.%d.%d.0\n", i/256, i%256)
	}
	return text
}

func TestBadUpdatesAreRefused(t *testing.T) {
	client.Timeout = 500 * time.Millisecond // for the slow one
	t.Cleanup(func() { client.Timeout = fetchTimeout })
	o, url := newOrigin(t)
	for name, bad := range badUpdates(url) {
		answer, says := bad.answer, bad.says
		l, said := newList(t, Source{URL: url, PlainHTTP: true})
		// At first, when there is nothing yet.
		serve(o, answer)
		update(l, testTime)
		compares := name == "shrunk" || name == "grown" || strings.HasPrefix(name, "much") // with nothing, which is less than anything
		if !compares && (has(l, "192.0.2.1") != "unknown" || !strings.Contains(take(said), "it has never been loaded")) {
			t.Errorf("%s: is taken for a list", name)
		}
		l, said = newList(t, Source{URL: url, PlainHTTP: true})
		serveText(o, four)
		update(l, testTime)
		take(said)
		serve(o, answer)
		update(l, testTime.Add(time.Hour))
		if has(l, "192.0.2.5") != "inside" || has(l, "192.0.2.9") != "outside" || has(l, "10.0.0.0") != "outside" {
			t.Errorf("%s: the last good list is not in force", name)
		}
		got := take(said)
		if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, says) || !strings.Contains(got, "what it had 1h0m0s ago stays in force (failed attempts: 1)") {
			t.Errorf("%s: said %q, want %q", name, got, says)
		}
		// And it recovers, with what the source has then.
		serveText(o, four+"192.0.2.7\n")
		update(l, testTime.Add(2*time.Hour))
		if has(l, "192.0.2.7") != "inside" || !strings.Contains(take(said), "is up to date again, after 1 failed attempts") {
			t.Errorf("%s: does not recover", name)
		}
	}
}

func TestAcceptAnySize(t *testing.T) {
	o, url := newOrigin(t)
	l, _ := newList(t, Source{URL: url, PlainHTTP: true, AcceptAnySize: true})
	for _, text := range []string{four, "192.0.2.1\n", many(401), "0.0.0.0/1\n128.0.0.0/2\n"} {
		serveText(o, text)
		update(l, testTime)
		if l.failures != 0 {
			t.Errorf("%.20q: %s", text, l.cause)
		}
	}
	serveText(o, "::/0\n")
	update(l, testTime)
	if l.failures != 1 || has(l, "127.0.0.0") != "inside" {
		t.Error("any size, but not everything")
	}
}

// A version that was refused is not read again at every turn; what is told of it
// is the same.
func TestRefusedVersionsAreKnown(t *testing.T) {
	o, url := newOrigin(t)
	l, _ := newList(t, Source{URL: url, PlainHTTP: true})
	serveText(o, four)
	update(l, testTime)
	serveText(o, "x\n")
	update(l, testTime)
	l.refused = "is what it was"
	update(l, testTime)
	if l.failures != 2 || l.cause != "is what it was" {
		t.Errorf("%d %q", l.failures, l.cause)
	}
	serveText(o, four+"192.0.2.7\n")
	update(l, testTime)
	serveText(o, "x\n")
	update(l, testTime)
	if l.failures != 1 || !strings.HasPrefix(l.cause, "has in line 1") {
		t.Errorf("%d %q", l.failures, l.cause)
	}
}

func TestRedirectWithinTheHost(t *testing.T) {
	o, url := newOrigin(t)
	l, _ := newList(t, Source{URL: url + "/old", PlainHTTP: true})
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(rw, r, "/new", http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(rw, four)
	})
	update(l, testTime)
	if has(l, "192.0.2.1") != "inside" || o.asked != 2 {
		t.Error("the redirect is not followed: " + l.cause)
	}
}

// A cause is told once, and again after an hour, with what has become of it.
func TestCausesAreToldOnce(t *testing.T) {
	o, url := newOrigin(t)
	l, said := newList(t, Source{URL: url, PlainHTTP: true})
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
		update(l, testTime.Add(step.after))
		if got := take(said); got != step.want {
			t.Errorf("after %v: %q, want %q", step.after, got, step.want)
		}
	}
}

func TestDelay(t *testing.T) {
	l, _ := newList(t, Source{URL: "https://example.com/list", Refresh: time.Hour})
	for failures, want := range []time.Duration{time.Hour, 1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		l.failures = failures
		if got := delay(l); got != want {
			t.Errorf("never loaded, %d failures: %v, want %v", failures, got, want)
		}
	}
	l.set = []string{"4aaaa", "4aaaa\x01"}
	for failures, want := range map[int]time.Duration{0: time.Hour, 1: 15 * time.Second, 2: 30 * time.Second, 3: time.Minute, 8: 32 * time.Minute, 9: time.Hour, 1000: time.Hour} {
		l.failures = failures
		if got := delay(l); got != want {
			t.Errorf("loaded, %d failures: %v, want %v", failures, got, want)
		}
	}
	l.source.Refresh = 2 * time.Second
	if got := delay(l); got != 2*time.Second {
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
	l, said := newList(t, Source{File: path})
	update(l, testTime)
	if got := take(said); has(l, "192.0.2.1") != "unknown" || !strings.Contains(got, "can't be found") {
		t.Error(got)
	}
	write(four, 0o600, 1)
	update(l, testTime)
	if got := take(said); has(l, "192.0.2.1") != "inside" || !strings.Contains(got, "up to date again") {
		t.Error(got)
	}
	update(l, testTime)
	for i, bad := range []string{"", "x", "192.0.2.1", "0.0.0.0/0"} {
		write(bad, 0o600, 10+i)
		update(l, testTime)
		if got := take(said); has(l, "192.0.2.5") != "inside" || !strings.HasPrefix(got, "error: ") {
			t.Errorf("%q: %s", bad, got)
		}
	}
	write(four+"192.0.2.7\n", 0o602, 20)
	update(l, testTime)
	if got := take(said); has(l, "192.0.2.7") != "inside" || !strings.Contains(got, "warn: the list "+path+" may be written by everybody") {
		t.Error(got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	update(l, testTime)
	if has(l, "192.0.2.7") != "inside" {
		t.Error("a list whose file is gone is gone")
	}
}
