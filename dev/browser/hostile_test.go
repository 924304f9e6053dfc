package browser

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/gateway"
)

// hostile is what strangers send to whoever looks.
var hostile = []string{
	`<script>document.title='owned'</script>`, `<img src=x onerror="document.title='owned'">`, `</textarea><svg onload=alert(1)>`,
	`javascript:document.title='owned'`, `{{7*7}}${7*7}`, "\u202egnp.exe", "a\u0000b\u001b[31mred", strings.Repeat("w", 100_000), "__proto__",
}

func TestHostile(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, reader)
	for i, text := range hostile {
		body := fmt.Sprintf(`{"text":%q,"__proto__":{"polluted":true},"twice":1,"twice":2,"huge":1e400,"long":12345678901234567890.123}`, text)
		body = strings.NewReplacer(`\x00`, `\u0000`, `\x1b`, `\u001b`).Replace(body)
		header := fmt.Sprintf("%.60s", strings.Map(func(c rune) rune {
			if c < ' ' || c > '~' {
				return '?'
			}
			return c
		}, text))
		s.send(t, "github", body, "", "X-GitHub-Event", header, "X-GitHub-Delivery", fmt.Sprintf("hostile-%d", i), "User-Agent", header)
	}
	s.send(t, "github", strings.Repeat(`{"a":[`, 5000)+strings.Repeat(`]}`, 5000), "", "X-GitHub-Delivery", "hostile-deep")
	s.send(t, "github", `[`+strings.Repeat(`{"n":1},`, 99_999)+`{}]`, "", "X-GitHub-Delivery", "hostile-wide")
	s.send(t, "github", "\xff\xfe\x00<script>", "", "X-GitHub-Delivery", "hostile-bytes")
	s.visit(b, "deliveries", "hostile-bytes")
	ids := []string{"deep", "wide", "bytes"}
	for i := range hostile {
		ids = append(ids, fmt.Sprint(i))
	}
	for _, id := range ids {
		s.visit(b, "deliveries?text=hostile-"+id, "hostile-"+id)
		b.run(chromedp.Click(`tbody a`))
		b.shows("Checks")
		if eval[bool](b, `[...document.querySelectorAll('button')].some((x) => x.textContent === 'Show the payload')`) {
			b.run(chromedp.Click(`//button[contains(., "Show the payload")]`))
			b.await(`![...document.querySelectorAll('main button')].some((x) => !x.hidden && x.textContent === 'Show the payload')`)
		}
		if eval[bool](b, `document.title.includes('owned') || document.querySelector('main script, main img, main iframe, main textarea') || ({}).polluted === true`) {
			t.Errorf("hostile-%s: the page runs what a stranger has sent", id)
		}
	}
	if title := eval[string](b, `document.title`); !strings.HasPrefix(title, "hookward") {
		t.Errorf("the title is %q", title)
	}
}

// Another site's page can neither read the console nor speak to it, whatever name it has.
func TestOtherSites(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, reader)
	evil, err := gateway.Serve(t.Context(), "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "<title>evil</title><iframe id=frame src='"+s.page()+"'></iframe>")
	}))
	if err != nil {
		t.Fatal(err)
	}
	other := open(t) // whose complaints are the point
	other.run(chromedp.Navigate(evil))
	for name, script := range map[string]string{
		"reads the API":    fmt.Sprintf(`fetch(%q, {credentials: 'include'}).then((r) => 'read ' + r.status, () => 'refused')`, s.page()+"api/overview"),
		"logs somebody in": fmt.Sprintf(`fetch(%q, {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body: '{}'}).then((r) => 'read ' + r.status, () => 'refused')`, s.page()+"api/login"),
		"opens a stream":   fmt.Sprintf(`new Promise((done) => { const e = new EventSource(%q, {withCredentials: true}); e.onopen = () => done('open'); e.onerror = () => done('refused'); })`, s.page()+"api/stream"),
	} {
		result := ""
		other.run(chromedp.Evaluate(script, &result, awaitPromise))
		if result != "refused" {
			t.Errorf("another site %s: %s", name, result)
		}
	}
	other.forgive()
	for _, host := range []string{"evil.example", "127.0.0.1", "localhost", ""} {
		r, err := http.NewRequest(http.MethodGet, strings.Replace(s.page(), "localhost", "127.0.0.1", 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("host %q: %d, want 421", host, answer.StatusCode)
		}
	}
}
