package browser

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

const operator = "operator-token-0123456789abcd"

// keeping is a gate that keeps what its backend does not take, and the console beside it.
const keeping = `http:
  routers:
    github: {rule: "Path(%[1]s/github%[1]s)", service: backend, middlewares: [github]}
    later: {rule: "Path(%[1]s/later%[1]s)", service: backend, middlewares: [later]}
    console: {rule: "PathPrefix(%[1]s/hookward%[1]s)", service: noop@internal, middlewares: [console]}
  middlewares:
    github: {plugin: {hookward: {provider: github, secrets: ["env:KEY"], ban: false, replay: true, stateDirectory: %[4]q, audit: {payload: redacted},
      delivery: {timeout: 10s, retry: {schedule: [20ms]}, store: {keepDelivered: 1h}}}}}
    later: {plugin: {hookward: {provider: github, secrets: ["env:KEY"], ban: false, replay: true, stateDirectory: %[4]q, delivery: {timeout: 10s, retry: {schedule: [1h]}}}}}
    console: {plugin: {hookward: {console: {hosts: [%[2]q], viewers: ["env:VIEWER"], readers: ["env:READER"], operators: ["env:OPERATOR"]}}}}
  services:
    backend: {loadBalancer: {servers: [{url: %[3]q}]}}
`

// keeper is a scene whose backend fails until it is mended, and notes what arrives then.
type keeper struct {
	scene
	well atomic.Bool

	mu      sync.Mutex
	arrived []string
}

func (k *keeper) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !k.well.Load() {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	k.mu.Lock()
	k.arrived = append(k.arrived, string(body))
	k.mu.Unlock()
}

func (k *keeper) seen() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string{}, k.arrived...)
}

func beginKeeping(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", k)
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	k.settings = gateway.Settings{Web: address, Env: []string{"KEY=" + key, "VIEWER=" + viewer, "READER=" + reader, "OPERATOR=" + operator}}
	k.configuration = fmt.Sprintf(keeping, "`", "localhost:"+port, backend, filepath.Join(t.TempDir(), "state"))
	k.start(t)
	t.Cleanup(func() { k.Stop() })
	return k
}

// refuse sends a delivery that is stored, and dies.
func (k *keeper) refuse(t *testing.T, body, event string) {
	t.Helper()
	if status := k.send(t, "github", body, "", "X-GitHub-Event", event, "X-GitHub-Delivery", "id of "+body); status != http.StatusAccepted {
		t.Fatalf("%s: %d", body, status)
	}
}

// rows waits until the list of what is dead has so many rows.
func (b *tab) rows(n int) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.querySelectorAll('[aria-label="Dead letters"] tbody tr').length === %d`, n))
}

const hostileEvent = `<img src=x onerror="document.title='owned'">`

// An operator finds what has died of a backend that failed, replays it with a reason after a
// look at what that would be, and it arrives; records say who it was and why.
func TestReplay(t *testing.T) {
	k := beginKeeping(t)
	b := open(t)
	for i := range 3 {
		k.refuse(t, fmt.Sprintf(`{"number":%d,"password":"hush"}`, i), "push")
	}
	k.refuse(t, `{"number":"odd"}`, hostileEvent)
	k.login(b, operator)
	k.visit(b, "overview", "deliveries waiting")
	b.run(chromedp.Click(`main a[href="#/dead"]`))
	b.rows(4)
	b.shows("attempts_exhausted")
	b.shows(hostileEvent)
	b.everyLook("dead")
	// Nothing happens without a choice, and without a reason.
	b.run(chromedp.Click(`//button[contains(., "Replay …")]`))
	b.shows("Choose some first.")
	b.run(chromedp.Click(`[aria-label="Dead letters"] tbody input`))
	b.shows("1 chosen.")
	b.run(chromedp.Click(`//button[contains(., "Drop …")]`))
	b.shows("Give a reason")

	k.visit(b, "dead?event=push", "0 chosen.")
	b.rows(3)
	k.well.Store(true)
	b.run(chromedp.Click(`//label[contains(., "all of the filter")]/input`), chromedp.SendKeys(`[aria-label="Replay or drop"] input[name=reason]`, hostileEvent))
	b.run(chromedp.Click(`//button[contains(., "Replay …")]`))
	b.shows("3 would be tried again")
	if n := len(k.seen()); n != 0 {
		t.Errorf("%d have arrived by a preview", n)
	}
	b.run(chromedp.Click(`//button[contains(., "Leave them")]`))
	b.await(`!document.querySelector('dialog')`)
	b.run(chromedp.Click(`//button[contains(., "Replay …")]`), chromedp.Click(`//dialog//button[contains(., "Replay 3")]`))
	b.shows("replay: 3 of 3 done.")
	testkit.Await(t, "all three arrive", func() bool { return len(k.seen()) == 3 })
	b.run(chromedp.Click(`//button[contains(., "Show anew")]`))

	k.visit(b, "dead", "0 chosen.")
	b.rows(1)
	b.run(chromedp.Click(`[aria-label="Dead letters"] tbody a`))
	for _, text := range []string{"Attempts", "503", "X-Github-Event", "masked", "Show the payload"} {
		b.shows(text)
	}
	b.run(chromedp.Click(`//button[contains(., "Show the payload")]`))
	b.shows(`number: "odd"`)
	b.await(`/X-Github-Delivery\s+id of/.test(document.body.innerText)`) // it stands above, too: nothing to mask
	b.everyLook("one")
	b.run(chromedp.SendKeys(`[aria-label="Replay or drop"] input[name=reason]`, "nobody needs it"), chromedp.Click(`//button[contains(., "Drop …")]`), chromedp.Click(`//dialog//button[contains(., "Drop 1 for good")]`))
	b.shows("drop: 1 of 1 done.")
	k.visit(b, "dead", "None is dead at this gate.")
	if title := eval[string](b, `document.title`); !strings.HasPrefix(title, "hookward") {
		t.Errorf("the title is %q", title)
	}
	for action, n := range map[string]int{"replayed": 3, "dropped": 1} {
		lines := k.Stdout.Lines(`"event.action":"` + action + `"`)
		if len(lines) != n || !strings.Contains(lines[0], `"user.name":"operator"`) || !strings.Contains(lines[0], `"event.reason":"`) {
			t.Errorf("%s: %q", action, lines)
		}
	}
	orders := k.Stdout.Lines(`"event.dataset":"hookward.console"`)
	if text := strings.Join(orders, ""); len(orders) != 3 || !strings.Contains(text, `"event.action":"login"`) || !strings.Contains(text, `"hookward.console.matched":3`) || !strings.Contains(text, `"event.reason":"nobody needs it"`) {
		t.Errorf("%q", orders)
	}
}

// Who is no operator sees what there is, and no way to change it; the server refuses it, too,
// and so does it what another site's page asks for in the name of an operator.
func TestOnlyOperatorsAct(t *testing.T) {
	k := beginKeeping(t)
	k.refuse(t, "{}", "push")
	body := `{gate: 'github@file', filter: {state: 'dead'}, reason: 'x'}`
	post := func(headers string) string {
		return `fetch('api/drop', {method: 'POST', headers: {'Content-Type': 'application/json'` + headers + `}, body: JSON.stringify(` + body + `)}).then((r) => r.status)`
	}
	for role, token := range map[string]string{"viewer": viewer, "reader": reader} {
		b := open(t)
		k.login(b, token)
		k.visit(b, "dead", "attempts_exhausted")
		if eval[bool](b, `[...document.querySelectorAll('main button')].some((x) => /Replay|Drop/.test(x.textContent)) || !!document.querySelector('tbody input')`) {
			t.Errorf("a %s has buttons", role)
		}
		b.run(chromedp.Click(`[aria-label="Dead letters"] tbody a`))
		b.shows("Attempts")
		status := 0
		b.run(chromedp.Evaluate(post(`, 'X-Hookward-Action': 'drop'`), &status, awaitPromise))
		if status != http.StatusForbidden {
			t.Errorf("a %s drops: %d", role, status)
		}
	}
	b := open(t)
	k.login(b, operator)
	status := 0
	b.run(chromedp.Evaluate(post(``), &status, awaitPromise))
	if status != http.StatusForbidden {
		t.Errorf("without its header: %d", status)
	}
	k.visit(b, "waiting", "None waits at this gate.")
	b.accessible()
	k.visit(b, "dead", "attempts_exhausted")
	for _, why := range []string{`"user.roles":["viewer"]`, `"user.roles":["reader"]`, `the header X-Hookward-Action`} {
		if lines := k.Stdout.Lines(why); len(lines) < 1 {
			t.Errorf("no record of %s", why)
		}
	}
}
