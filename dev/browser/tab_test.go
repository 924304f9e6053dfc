package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/hookward/hookward/dev/testkit"
)

// patience is how long a page may take on a busy machine.
const patience = time.Minute

// tab is a page of a headless browser. What the browser complains of (an exception, a
// refused script, a violated policy) fails the test at its end.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// open starts a browser of its own, which goes with the test.
func open(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("these tests need Chromium: make tools installs it")
	}
	data, err := os.MkdirTemp("", "hookward-browser-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(data),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(patience))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser
		closeTab()
		end()
		// Its children may write a little longer.
		testkit.Await(t, "the browser's files are gone", func() bool { return os.RemoveAll(data) == nil })
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, complaint := range b.complaints {
			t.Errorf("the browser complains: %s", complaint)
		}
	})
	chromedp.ListenTarget(ctx, b.listen)
	// The browser lives as long as the context of the first run.
	if err := chromedp.Run(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return b
}

// listen notes what the browser complains of. That a request was refused, or had no
// answer while Traefik was away, is what some tests are about.
func (b *tab) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			text = fmt.Sprint("console: ", e.Args)
		}
	case *log.EventEntryAdded:
		if e.Entry.Source != log.SourceNetwork {
			text = e.Entry.Text
		}
	}
	if text != "" {
		b.mu.Lock()
		b.complaints = append(b.complaints, text)
		b.mu.Unlock()
	}
}

// run runs actions, or fails the test.
func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.shoot("failed")
		b.t.Fatalf("%v; the page has: %.2000s", err, b.text())
	}
}

// forgive forgets what the browser has complained of so far.
func (b *tab) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = nil
}

// text returns what the page shows.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	text := ""
	_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text)) // for a message
	return text
}

func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// await waits until an expression of the page's holds.
func (b *tab) await(expression string) {
	b.t.Helper()
	const wait = `new Promise((done) => { const look = () => (%s) ? done(true) : setTimeout(look, 100); look(); })`
	b.run(chromedp.Evaluate(fmt.Sprintf(wait, expression), nil, awaitPromise))
}

// shows waits until the page shows a text.
func (b *tab) shows(text string) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// eval returns what an expression is worth.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	var value T
	b.run(chromedp.Evaluate(expression, &value))
	return value
}

// shoot keeps a picture, for people, in dev/.cache/screenshots.
func (b *tab) shoot(name string) {
	picture := []byte{}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if chromedp.Run(ctx, chromedp.FullScreenshot(&picture, 100)) != nil {
		return
	}
	folder := filepath.Join("..", ".cache", "screenshots")
	if err := os.MkdirAll(folder, 0o755); err == nil {
		_ = os.WriteFile(filepath.Join(folder, strings.ReplaceAll(b.t.Name(), "/", "-")+"-"+name+".png"), picture, 0o644)
	}
}

// looks sets the size of the window and whether it is dark.
func (b *tab) looks(width int64, scheme string) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, 1100), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}

// everyLook takes pictures of a page, narrow and wide, light and dark, and holds it against
// axe-core and its window.
func (b *tab) everyLook(name string) {
	b.t.Helper()
	for _, width := range []int64{400, 1400} {
		for _, scheme := range []string{"light", "dark"} {
			b.looks(width, scheme)
			b.shoot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
			b.accessible()
			b.fits(fmt.Sprint(name, " at ", width))
		}
	}
}

// fits checks that nothing is wider than the window.
func (b *tab) fits(what string) {
	b.t.Helper()
	if eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		b.t.Errorf("%s is wider than its window", what)
	}
}

// accessible runs axe-core over the page and fails for what is serious. The page's policy
// lets no foreign script in, so the browser is told to look away meanwhile.
func (b *tab) accessible() {
	b.t.Helper()
	source, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	found := ""
	b.run(chromedp.Evaluate(string(source)+"; true", nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html).slice(0, 3)}))))`, &found, awaitPromise))
	violations := []struct {
		ID, Impact string
		Nodes      []string
	}{}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatalf("axe-core: %v: %s", err, found)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.t.Errorf("axe-core: %s (%s): %q", v.ID, v.Impact, v.Nodes)
		}
	}
}
