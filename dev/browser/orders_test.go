package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/testkit"
)

// begins has an operator's order given behind the page's back, as a command gives it.
func (b *tab) begins(action, order string) {
	b.t.Helper()
	status := 0
	b.run(chromedp.Evaluate(fmt.Sprintf(`fetch('api/%s', {method: 'POST', headers: {'Content-Type': 'application/json', 'X-Hookward-Action': '%s'}, body: JSON.stringify(%s)}).then((r) => r.status)`, action, action, order), &status, awaitPromise))
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d", action, status)
	}
}

// What somebody else has begun is on the page, for operators with a way to stop it, and for
// others without one.
func TestOrders(t *testing.T) {
	k := beginKeeping(t)
	b := open(t)
	for i := range 3 {
		k.refuse(t, fmt.Sprintf(`{"number":%d}`, i), "push")
	}
	k.login(b, operator)
	k.visit(b, "dead", "attempts_exhausted")
	b.rows(3)
	k.well.Store(true)
	b.begins("replay", `{gate: 'github@file', filter: {state: 'dead'}, rate: '1/h', reason: 'the database is back'}`)
	testkit.Await(t, "the first one arrives", func() bool { return len(k.seen()) == 1 })

	other := open(t)
	k.login(other, viewer)
	k.visit(other, "dead", "replay: 1 of 3 done.")
	if eval[bool](other, `[...document.querySelectorAll('main button')].some((x) => /Stop/.test(x.textContent))`) {
		t.Error("a viewer may stop an order")
	}
	k.visit(b, "waiting", "replay: 1 of 3 done.")
	b.shows("the database is back")
	b.everyLook("under-way")
	b.run(chromedp.Focus(`[aria-label="Stop replay of github@file"]`), chromedp.KeyEvent("\r"))
	b.shows("replay: 1 of 3 done, stopped by operator.")
	other.shows("stopped by operator") // by itself
	b.await(`![...document.querySelectorAll('main button')].some((x) => /Stop/.test(x.textContent))`)
	if n := len(k.seen()); n != 1 {
		t.Errorf("%d have arrived", n)
	}
	if lines := k.Stdout.Lines(`"event.action":"stop"`); len(lines) != 1 || !strings.Contains(lines[0], `"user.name":"operator"`) {
		t.Errorf("%q", lines)
	}
}

// What is chosen is what is seen to be chosen, in a list that a choice of the death narrows.
func TestChoice(t *testing.T) {
	k := beginKeeping(t)
	b := open(t)
	for i := range 2 {
		k.refuse(t, fmt.Sprintf(`{"number":%d}`, i), "pull_request_review_comment")
	}
	if status := k.send(t, "later", "{}", "", "X-GitHub-Event", "push", "X-GitHub-Delivery", "0191c5a4-4bd0-7cc0-a6ad-3a4ef2d1b7f3"); status != http.StatusAccepted {
		t.Fatalf("%d: it is not stored", status)
	}
	k.login(b, operator)
	k.visit(b, "dead", "attempts_exhausted")
	b.rows(2)
	ticked := `document.querySelectorAll('[aria-label="Dead letters"] input:checked').length`
	all := `//label[contains(., "all of the filter")]/input`
	b.run(chromedp.Focus(`[aria-label="Dead letters"] tbody input`), chromedp.KeyEvent(" "))
	b.shows("1 chosen.")
	b.run(chromedp.Click(all))
	b.await(ticked + ` === 2`)
	b.run(chromedp.Click(all))
	b.await(ticked + ` === 1`)
	b.run(chromedp.SendKeys(`input[name=reason]`, "nobody needs it"), chromedp.Click(`//button[contains(., "Drop …")]`))
	b.shows("1 would be dropped for good")
	b.await(`document.activeElement.textContent === 'Leave them'`) // Enter drops nothing
	b.everyLook("preview")
	b.run(chromedp.KeyEvent("\x1b"))
	b.await(`!document.querySelector('dialog')`)

	b.run(chromedp.SetValue(`select[name=reason]`, "rejected"), chromedp.Click(`//button[contains(., "Filter")]`))
	b.shows("None fits the filter.")
	b.everyLook("none")
	b.run(chromedp.SetValue(`select[name=reason]`, "attempts_exhausted"), chromedp.Click(`//button[contains(., "Filter")]`))
	b.rows(2)
	k.visit(b, "waiting?gate=later%40file", "0191c5a4")
	if text := eval[string](b, `document.querySelector('[aria-label="Replay or drop"] input').value`); text != "" {
		t.Errorf("the reason of another page is %q", text)
	}
	b.everyLook("waiting")
}
