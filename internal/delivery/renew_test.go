package delivery

import (
	"fmt"
	"testing"
	"time"
)

// What waits for longer than the window of replay keeps its claim: each is renewed in time, some
// hundred at once, and none that is over.
func TestRenew(t *testing.T) {
	w := newWorld(t)
	w.options.MaxDeliveries = 10_000
	w.options.Window = 8 * time.Hour
	ChangeOptions(w.e, w.options)
	renewed := map[string]int64{}
	w.e.hooks.Renew = func(key string) { renewed[key] = w.now }
	w.answers["a"] = Result{Status: 503}
	w.served["a"], w.served["b"] = false, false
	for i := 0; i < 450; i++ {
		w.keep("a", fmt.Sprint("claim ", i), 1)
	}
	w.keep("b", "", 1)
	over := w.keep("b", "over", 1)
	w.pass(time.Hour)
	if len(renewed) != 451 || w.e.renewing != nil {
		t.Errorf("%d at first", len(renewed))
	}
	w.served["b"] = true
	w.answers["b"] = Result{Status: 200}
	w.pass(time.Minute)
	if w.ended[over] != Delivered {
		t.Fatalf("%q", w.ended[over])
	}
	delete(renewed, "over")
	late := "late"
	w.keep("a", late, 1)
	for hour := 0; hour < 20; hour++ {
		w.pass(time.Hour)
		for i := 0; i < 450; i++ {
			if since := w.now - renewed[fmt.Sprint("claim ", i)]; since > 3*time.Hour.Milliseconds() {
				t.Fatalf("claim %d is not renewed since %d ms", i, since)
			}
		}
	}
	if _, has := renewed["over"]; has || len(renewed) != 451 || renewed[late] == 0 {
		t.Errorf("%d are renewed", len(renewed))
	}
}

// Claims in a store that is shared are renewed there, by who has the deliveries: once it is back
// where it was away, and at once where it takes over what nobody has renewed.
func TestRenewShared(t *testing.T) {
	s := newSeveral(t, 2)
	for _, e := range s.engines {
		s.options.Window = 8 * time.Hour
		ChangeOptions(e, s.options)
	}
	s.served["a"] = false
	id, _ := s.keeps(0, "a", "claim")
	s.all(10 * time.Second)
	if s.c.renewed[id] != 1 {
		t.Fatalf("%v", s.c.renewed)
	}
	s.now += 3 * time.Hour.Milliseconds()
	s.all(10 * time.Second)
	if s.c.renewed[id] != 2 {
		t.Fatalf("%v", s.c.renewed)
	}
	s.c.away = true
	s.now += 3 * time.Hour.Milliseconds()
	s.e = s.engines[0]
	renew(s.e)
	s.c.away = false
	renew(s.e)
	if s.c.renewed[id] != 3 {
		t.Fatalf("%v", s.c.renewed)
	}
	s.c.silence(s.names[0])
	s.engines = s.engines[1:]
	s.names = s.names[1:]
	s.all(10 * time.Second)
	if s.c.renewed[id] != 4 {
		t.Fatalf("%v", s.c.renewed)
	}
}
