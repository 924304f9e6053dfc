package browser

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/testkit"
)

// An operator finds what was delivered, and has it sent once more, told that the backend has it.
func TestDelivered(t *testing.T) {
	k := beginKeeping(t)
	k.well.Store(true)
	b := open(t)
	k.login(b, operator)
	k.visit(b, "delivered?gate=later%40file", "None that was delivered is kept (delivery.store.keepDelivered) at this gate.")
	if status := k.send(t, "github", `{"number":1}`, "", "X-GitHub-Event", "push", "X-GitHub-Delivery", "id of 1"); status != http.StatusOK {
		t.Fatal(status)
	}
	testkit.Await(t, "it is kept", func() bool {
		n := 0
		b.run(chromedp.Evaluate(`fetch('api/kept?state=delivered').then((r) => r.json()).then((x) => x.deliveries.length)`, &n, awaitPromise))
		return n == 1
	})
	k.visit(b, "delivered", "0 chosen.")
	b.shows("arrived")
	b.everyLook("delivered")
	b.run(chromedp.Click(`[aria-label="Delivered"] tbody a`))
	b.shows("Show the payload")
	if state := eval[string](b, `document.querySelector('.word').textContent + [...document.querySelectorAll('nav [aria-current]')].map((a) => a.textContent)`); state != "deliveredDelivered" {
		t.Error(state)
	}
	b.run(chromedp.SendKeys(`[aria-label="Replay or drop"] input[name=reason]`, "the backend has lost it"), chromedp.Click(`//button[contains(., "Replay …")]`))
	b.shows("1 would be sent once more, and the backend has had them")
	b.run(chromedp.Click(`//dialog//button[contains(., "Replay 1")]`))
	b.shows("replay: 1 of 1 done.")
	testkit.Await(t, "it arrives once more", func() bool { return len(k.seen()) == 2 })
}
