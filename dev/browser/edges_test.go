package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// An address that leads nowhere says so: nothing hangs, and nothing is thrown.
func TestAddresses(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, viewer)
	for _, c := range [][2]string{
		{"delivery/%E0%A4%A", "can’t be shown: URI malformed"},
		{"delivery/nothing", "404: it is not kept any more"},
		{"delivery/" + strings.Repeat("x", 5000), "404: it is not kept any more"},
		{"delivery/../api/overview", "404: it is not kept any more"},
		{"delivery/", "404: it is not kept any more"},
		{"deliveries?colour=red", "400 Bad Request"},
		{"deliveries?text=" + strings.Repeat("x", 5000), "400 Bad Request"},
		{"deliveries?gate=%3Cscript%3E", "No delivery fits"},
		{"overview?gate=__proto__&window=7", "Charts"},
		{"__proto__", "Charts"},
	} {
		s.visit(b, c[0], c[1])
	}
	if s.send(t, "github", "{}", "", "X-GitHub-Delivery", "found") != 200 {
		t.Fatal("the gate does not do what it should")
	}
	s.visit(b, "deliveries", "found")
}

// What came while the page was out of sight is there when it is seen again, once; also
// before anything else has come.
func TestHiddenPage(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, viewer)
	s.visit(b, "live", "Nothing yet")
	look := func(hidden, state string) {
		b.run(chromedp.Evaluate(`Object.defineProperty(document, 'hidden', {configurable: true, get: () => `+hidden+`}); document.dispatchEvent(new Event('visibilitychange')); 1`, nil))
		b.await(`document.getElementById('state').textContent === '` + state + `'`)
	}
	look("false", "live")
	for _, id := range []string{"meanwhile", "once-more"} {
		look("true", "paused while the page is hidden")
		s.send(t, "github", "{}", "", "X-GitHub-Delivery", id)
		look("false", "live")
		b.shows(id)
	}
	s.send(t, "github", "{}", "", "X-GitHub-Delivery", "behind-it")
	b.shows("behind-it")
	if rows := eval[int](b, `document.querySelectorAll('tbody tr').length`); rows != 3 {
		t.Errorf("%d rows of 3 deliveries", rows)
	}
}

// Where scripts are off, or are not understood, the page says what is missing.
func TestWithoutScripts(t *testing.T) {
	s := begin(t)
	b := open(t)
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(s.page()))
	text := ""
	b.run(chromedp.Text("main", &text))
	if !strings.Contains(text, "JavaScript is off, or the browser is too old") {
		t.Errorf("it shows %q", text)
	}
	b.run(emulation.SetScriptExecutionDisabled(false))
}

// A payload of nothing but characters that nobody sees does not hold the page up.
func TestUnseenPayload(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, reader)
	s.send(t, "github", `{"a":"`+strings.Repeat("\u200b", 5000)+`"}`, "", "X-GitHub-Delivery", "unseen")
	s.visit(b, "deliveries?text=unseen", "unseen")
	b.run(chromedp.Click(`tbody a`))
	b.shows("Show the payload")
	b.run(chromedp.Click(`//button[contains(., "Show the payload")]`))
	b.shows("U+200B")
	if marks := eval[int](b, `document.querySelectorAll('.mark').length`); marks == 0 || marks > 2500 {
		t.Errorf("%d marks", marks)
	}
}
