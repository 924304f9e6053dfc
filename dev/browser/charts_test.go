package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// lines are the lines of a gate's charts, as the API has them; nil is no data.
type lines struct {
	Times    []int64    `json:"times"`
	Requests []*float64 `json:"requests"`
	Refused  []*float64 `json:"refused"`
	Success  []*float64 `json:"success"`
	Gate     []*float64 `json:"gate"`
	Backend  []*float64 `json:"backend"`
	Bytes    []*float64 `json:"bytes"`
}

// day has a quiet night without any request, and an outage at noon.
func day() *lines {
	l := &lines{}
	of := func(value float64) *float64 { return &value }
	for i := range 96 {
		hour := float64(i) / 4
		busy := 40 + 35*math.Sin((hour-8)/24*2*math.Pi)
		l.Times = append(l.Times, 1_800_000_000+int64(i)*900)
		if hour >= 2 && hour < 4 {
			l.Requests, l.Refused = append(l.Requests, of(0)), append(l.Refused, of(0))
			l.Success, l.Gate, l.Backend, l.Bytes = append(l.Success, nil), append(l.Gate, nil), append(l.Backend, nil), append(l.Bytes, nil)
			continue
		}
		failing := hour >= 12 && hour < 13.5
		success, backend, refused := 99.5, 38e6+4e6*math.Sin(hour), 0.4
		if failing {
			success, backend, refused = 31.2, 2.9e9, 12.5
		}
		l.Requests, l.Refused = append(l.Requests, of(busy)), append(l.Refused, of(refused))
		l.Success, l.Gate, l.Backend = append(l.Success, of(success)), append(l.Gate, of(0.9e6)), append(l.Backend, of(backend))
		l.Bytes = append(l.Bytes, of(7000+120*hour))
	}
	return l
}

// simulate has the page draw other lines than the gate's.
func (b *tab) simulate(l *lines) {
	b.t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		b.t.Fatal(err)
	}
	script := fmt.Sprintf(`{ const real = window.fetch; window.fetch = (path, options) => String(path).startsWith('api/series') ? Promise.resolve(new Response(%q)) : real(path, options); }`, text)
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}), chromedp.Reload())
}

// The charts draw a day, with its night and its outage, for eyes, screen readers and keyboards.
func TestCharts(t *testing.T) {
	s := begin(t)
	b := open(t)
	for i := range 30 {
		s.send(t, "github", fmt.Sprintf(`{"number":%d}`, i), "")
	}
	s.send(t, "kept", `{}`, "", "X-Answer-1", "503", "X-Answer-2", "404")
	s.login(b, viewer)
	b.shows("Nothing yet: the lines begin")
	b.simulate(day())
	b.await(`document.querySelectorAll('svg.chart').length === 4`)
	for _, label := range []string{
		"Requests a minute. all: now ", "refused: now 0.4, at most 13", "Success. passed, and answered 2xx: now 99.5 %, at least 31.2 %",
		"backend: now ", "at most 2.9 s; gate: now 900 µs, at most 900 µs", "Payload on average. body: now 9.62 KiB, at most 9.62 KiB",
	} {
		b.await(fmt.Sprintf(`[...document.querySelectorAll('svg.chart')].some((x) => x.getAttribute('aria-label').includes(%q))`, label))
	}
	// Three paths: before the night, behind it, and nothing between.
	if moves := eval[int](b, `document.querySelectorAll('svg.chart')[1].querySelector('.line').getAttribute('d').split('M').length - 1`); moves != 2 {
		t.Errorf("the line of success has %d parts, want 2: the night has no data", moves)
	}
	b.run(chromedp.Focus(`figure summary`), chromedp.KeyEvent("\r"))
	b.await(`document.querySelectorAll('figure details[open] tbody tr').length === 96`)
	b.run(chromedp.KeyEvent("\r"))
	b.everyLook("day")
	zero, most := 0.0, 1e18
	for name, l := range map[string]*lines{
		"one point":       {Times: []int64{1}, Requests: []*float64{&zero}, Refused: []*float64{&zero}, Success: []*float64{nil}, Gate: []*float64{nil}, Backend: []*float64{nil}, Bytes: []*float64{nil}},
		"nothing at all":  {Times: []int64{1, 2}, Requests: []*float64{nil, nil}, Refused: []*float64{nil, nil}, Success: []*float64{nil, nil}, Gate: []*float64{nil, nil}, Backend: []*float64{nil, nil}, Bytes: []*float64{nil, nil}},
		"as much as fits": {Times: []int64{1, 2}, Requests: []*float64{&zero, &most}, Refused: []*float64{&most, &zero}, Success: []*float64{&zero, &zero}, Gate: []*float64{&most, &most}, Backend: []*float64{nil, &zero}, Bytes: []*float64{&most, nil}},
	} {
		b.simulate(l)
		b.await(`document.querySelectorAll('svg.chart').length === 4`)
		if eval[bool](b, `/NaN|Infinity|undefined/.test(document.querySelector('.charts').outerHTML)`) {
			t.Errorf("%s: %s", name, eval[string](b, `document.querySelector('.charts').outerHTML`))
		}
	}
}

// Ten thousand deliveries in a row neither fill the page nor stop it.
func TestManyRows(t *testing.T) {
	s := begin(t)
	b := open(t)
	s.login(b, viewer)
	s.visit(b, "live", "Nothing yet")
	b.await(`document.getElementById('state').textContent === 'live'`)
	const senders, each = 4, 2500
	done := make(chan int, senders)
	for n := range senders {
		go func() {
			taken := 0
			for i := range each {
				if s.deliver("github", "{}", "X-GitHub-Delivery", fmt.Sprintf("many-%d-%d", n, i)) == 200 {
					taken++
				}
			}
			done <- taken
		}()
	}
	for range senders {
		if taken := <-done; taken != each {
			t.Errorf("%d of %d are taken", taken, each)
		}
	}
	s.send(t, "github", "{}", "", "X-GitHub-Delivery", "the-last")
	b.shows("the-last")
	counted := `Number(document.querySelector('p[aria-live]').textContent.replaceAll('\u202f', '').match(/^\d+/)[0]) + Number((document.querySelector('p[aria-live]').textContent.replaceAll('\u202f', '').match(/(\d+) skipped/) || [0, 0])[1])`
	b.await(counted + ` === 10001`)
	if rows := eval[int](b, `document.querySelectorAll('tbody tr').length`); rows > 2000 || rows < 100 {
		t.Errorf("%d rows", rows)
	}
	s.visit(b, "deliveries", "the-last")
	b.shows("100 shown, and there are more.")
	for _, n := range []string{"600", "1\u202f100", "1\u202f600", "2\u202f000"} {
		b.run(chromedp.Click(`//button[contains(., "Older ones")]`))
		b.shows(n + " shown")
	}
	if ids := eval[int](b, `new Set([...document.querySelectorAll('tbody a')].map((a) => a.href)).size`); ids != 2000 {
		t.Errorf("%d different ones", ids)
	}
	b.run(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent("\r"))
	b.shows("the-last")
	b.shows("Passed, or not asked for")
}
