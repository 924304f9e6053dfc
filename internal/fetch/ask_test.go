package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// started returns a document that keeps itself fresh, from a server.
func started(t *testing.T, url string) *Document {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := testSource(Source{URL: url, Refresh: time.Hour})
	s.Rules.Timeout = 30 * time.Second
	s.Tell = of(&teller{})
	return Use(ctx, s, time.Now())
}

// However many ask, and however often, there is one attempt in so much time, and all see
// what it has brought.
func TestAsk(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	d := started(t, url+"/ask")
	if !Ask(d, time.Hour, time.Minute) || has(d, "192.0.2.1") != "inside" || asked(o) != 1 {
		t.Errorf("the first attempt is not waited for: %d", asked(o))
	}
	serveText(o, four+"192.0.2.7\n")
	for i := 0; i < 100; i++ {
		if !Ask(d, time.Hour, time.Minute) {
			t.Fatal("the last attempt has not worked")
		}
	}
	if asked(o) != 1 || has(d, "192.0.2.7") != "outside" {
		t.Errorf("fetched %d times", asked(o))
	}
	if !Ask(d, 0, time.Minute) || has(d, "192.0.2.7") != "inside" || asked(o) != 2 {
		t.Errorf("is not fetched when it is time: %d", asked(o))
	}
	serve(o, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	if Ask(d, 0, time.Minute) || Ask(d, time.Hour, time.Minute) || has(d, "192.0.2.7") != "inside" || asked(o) != 3 {
		t.Errorf("a failure is none: %d", asked(o))
	}
}

// A source that hangs holds up those who ask for as long as they are patient, no more of
// them than maxWaiting, and nobody else.
func TestAskOfWhatHangs(t *testing.T) {
	o, url := newOrigin(t)
	release := make(chan bool)
	serve(o, func(rw http.ResponseWriter, r *http.Request) {
		<-release
		_, _ = io.WriteString(rw, four)
	})
	d := started(t, url+"/hangs")
	await.Until(t, "it is fetched", func() bool { return asked(o) == 1 })
	if Ask(d, time.Hour, time.Millisecond) {
		t.Error("a hanging source has answered")
	}
	var wg sync.WaitGroup
	outcomes := make([]int64, 2) // in vain, and not
	for i := 0; i < 2*maxWaiting; i++ {
		wg.Add(1)
		go askOnce(d, outcomes, &wg)
	}
	await.Until(t, "those beyond are told at once", func() bool { return atomic.LoadInt64(&outcomes[0]) == maxWaiting+1 })
	if has(d, "192.0.2.1") != "unknown" {
		t.Error("has what has not come")
	}
	close(release)
	wg.Wait()
	if outcomes[1] != maxWaiting-1 || asked(o) != 1 || has(d, "192.0.2.1") != "inside" {
		t.Errorf("%v, fetched %d times", outcomes, asked(o))
	}
}

func askOnce(d *Document, outcomes []int64, wg *sync.WaitGroup) {
	defer wg.Done()
	which := 0
	if Ask(d, time.Hour, time.Minute) {
		which = 1
	}
	atomic.AddInt64(&outcomes[which], 1)
}

// Who asks for a document whose turns have ended, because nobody was there, starts them.
func TestAskWakes(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	d := started(t, url+"/wakes")
	if !Ask(d, time.Hour, time.Minute) {
		t.Fatal("no first attempt")
	}
	d.mu.Lock()
	d.running = false
	d.timer.Stop()
	d.mu.Unlock()
	if !Ask(d, 0, time.Minute) || asked(o) != 2 {
		t.Error("is not fetched again")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.running {
		t.Error("does not go on")
	}
}

func TestUpdated(t *testing.T) {
	o, url := newOrigin(t)
	d, _ := newDocument(t, Source{URL: url})
	if !Updated(d).IsZero() {
		t.Error("is new before it is there")
	}
	serveText(o, four)
	update(d, testTime)
	serve(o, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	update(d, testTime.Add(time.Hour))
	if !Updated(d).Equal(testTime) {
		t.Errorf("a failure makes it new: %v", Updated(d))
	}
	serveText(o, four)
	update(d, testTime.Add(2*time.Hour))
	if !Updated(d).Equal(testTime.Add(2*time.Hour)) || o.saved != 1 {
		t.Errorf("what has not changed is not new: %v", Updated(d))
	}
}

// Cache-Control shortens the time to the next update, within bounds, and lengthens nothing.
func TestCacheControl(t *testing.T) {
	o, url := newOrigin(t)
	d, _ := newDocument(t, Source{URL: url, Refresh: time.Hour, Soonest: 5 * time.Minute})
	for text, want := range map[string]time.Duration{
		"": time.Hour, "max-age=600": 10 * time.Minute, "public, max-age=\"900\", must-revalidate": 15 * time.Minute,
		"MAX-AGE=600": 10 * time.Minute, "max-age=0": 5 * time.Minute, "max-age=299": 5 * time.Minute, "no-store": 5 * time.Minute,
		"no-cache, max-age=1200": 5 * time.Minute, "max-age=86400": time.Hour, "max-age=-1": time.Hour, "max-age": time.Hour,
		"max-age=99999999999999999999": time.Hour, "max-age=x": time.Hour, "s-maxage=600": time.Hour,
	} {
		serve(o, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Cache-Control", text)
			_, _ = fmt.Fprintf(rw, "192.0.2.1\n%s\n", text)
		})
		update(d, testTime)
		if got := delay(d); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	d.source.Soonest = 0
	d.fresh = time.Second
	if got := delay(d); got != time.Hour {
		t.Errorf("counts where nobody asks for it: %v", got)
	}
}

// A source may have its own way to a version, and validators of another address are none.
func TestOwnWay(t *testing.T) {
	o, url := newOrigin(t)
	serveText(o, four)
	path := "/a"
	s := Source{URL: url, Get: func(known Version) (*Version, string) {
		v, problem := Get(url+path, rules, known)
		return v, problem
	}}
	d, _ := newDocument(t, s)
	update(d, testTime)
	update(d, testTime)
	if has(d, "192.0.2.1") != "inside" || o.saved != 1 {
		t.Errorf("%d were saved", o.saved)
	}
	path = "/b"
	update(d, testTime)
	if o.saved != 1 || d.failures != 0 {
		t.Errorf("the validator of one address is sent to another")
	}
}
