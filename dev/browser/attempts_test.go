package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// What becomes of a delivery behind its request is on its page as it happens, and in the
// lists.
func TestAttempts(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, viewer)
	s.visit(b, "live", "Nothing yet")
	b.await(`document.getElementById('state').textContent === 'live'`)
	if status := s.send(t, "kept", `{"a":1}`, "", "X-GitHub-Event", "push", "X-GitHub-Delivery", "comes-later", "X-Answer-1", "503", "X-Answer-2", "500"); status != 202 {
		t.Fatalf("%d: it is not stored", status)
	}
	b.shows("comes-later")
	b.run(chromedp.Click(`//a[contains(., "comes-later")]`))
	b.shows("attempt 1: the backend answered 503")
	b.shows("The sender got 202.")
	for _, text := range []string{"attempt 2: the backend answered 500", "Next attempt", "attempt 3: the backend answered 200", "Delivered.", "Delivery: delivered after 3 attempts"} {
		b.shows(text) // by itself
	}
	b.await(`!document.body.innerText.includes('Open what is stored')`)
	b.looks(1400, "light")
	b.shoot("delivered")
	b.accessible()
	s.visit(b, "deliveries?state=delivered", "delivered after 3 attempts")

	s.visit(b, "live", "Nothing yet")
	b.await(`document.getElementById('state').textContent === 'live'`)
	s.send(t, "kept", `{"a":2}`, "", "X-GitHub-Delivery", "dies", "X-Answer-1", "503", "X-Answer-2", "404")
	for _, text := range []string{"dies", "stored", "dead after 2 attempts"} {
		b.shows(text)
	}
	s.visit(b, "deliveries?state=dead", "dies")
	if eval[bool](b, `document.body.innerText.includes('comes-later')`) {
		t.Error("the filter by state lets through what it should not")
	}
	b.run(chromedp.Click(`tbody a`))
	b.shows("Dead: rejected.")
	b.shows("Open what is stored")
	b.everyLook("dead")
	b.run(chromedp.Click(`//a[contains(., "Open what is stored")]`))
	b.shows("dead, rejected")
	b.shows("What operators did")
	s.visit(b, "overview", "dead")
	b.await(`[...document.querySelectorAll('.tile')].some((x) => x.innerText.replace(/\s+/g, ' ') === 'dead 1')`)
}

// The file that is exported has the records of what the filter finds, and of what has become
// of them.
func TestExport(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, reader)
	s.send(t, "github", `{"number":1,"api_key":"theirs"}`, "", "X-GitHub-Event", "push", "X-GitHub-Delivery", "taken")
	s.send(t, "github", "{}", forged, "X-GitHub-Delivery", "forged")
	s.visit(b, "deliveries?decision=pass", "taken")
	read := func(label string) string {
		text := ""
		b.run(chromedp.Evaluate(fmt.Sprintf(`fetch([...document.querySelectorAll('a[download]')].find((a) => a.textContent === %q).href).then((r) => r.headers.get('content-disposition') + '\n' + r.headers.get('content-type') + '\n').then(async (head) => head + await (await fetch([...document.querySelectorAll('a[download]')].find((a) => a.textContent === %q).href)).text())`, label, label), &text, awaitPromise))
		return text
	}
	plain, whole := read("records"), read("with payloads")
	for name, text := range map[string]string{"plain": plain, "with payloads": whole} {
		if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 3 || lines[0] != `attachment; filename="deliveries.jsonl"` || lines[1] != "application/x-ndjson; charset=utf-8" || !strings.Contains(lines[2], `"hookward.delivery_id":"taken"`) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if strings.Contains(plain, "body.content") || !strings.Contains(whole, `\"number\":1`) || strings.Contains(whole, "theirs") {
		t.Errorf("payloads: %s", whole)
	}
}
