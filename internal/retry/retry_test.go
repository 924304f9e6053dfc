package retry

import (
	"fmt"
	"testing"
	"time"
)

func TestParseRange(t *testing.T) {
	for text, want := range map[string]string{
		"408": "408-408", "500-599": "500-599", "429-429": "429-429", "400-599": "400-599",
		"": "no", "200": "no", "399": "no", "600": "no", "599-500": "no", "500-": "no", "-500": "no", "500-700": "no", "5xx": "no",
		"+500": "no", "0500": "no", "500 - 599": "no", "500-599-600": "no", "network": "no",
	} {
		r, ok := ParseRange(text)
		got := fmt.Sprintf("%d-%d", r.From, r.To)
		if !ok {
			got = "no"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestForNow(t *testing.T) {
	s := &Schedule{On: []Range{{429, 429}, {500, 501}}}
	for _, c := range []struct {
		network bool
		statuses,
		not []int
	}{
		{true, []int{0, 429, 500, 501, 502, 503, 504}, []int{200, 204, 302, 400, 404, 408, 505, 599}},
		{false, []int{429, 500, 501}, []int{0, 200, 502, 503, 504}},
	} {
		s.Network = c.network
		for _, status := range c.statuses {
			if !ForNow(s, status) {
				t.Errorf("%d is for good", status)
			}
		}
		for _, status := range c.not {
			if ForNow(s, status) {
				t.Errorf("%d is for now", status)
			}
		}
	}
	for status, want := range map[int]bool{0: false, 199: false, 200: true, 299: true, 300: false, 503: false} {
		if Delivered(status) != want {
			t.Errorf("%d: %v", status, !want)
		}
	}
}

// No attempt is earlier than the schedule says, whatever is asked for, and none later than
// the jitter and the longest Retry-After allow.
func TestPause(t *testing.T) {
	s := &Schedule{Steps: []time.Duration{time.Second, 5 * time.Second}, Jitter: 0.2, MaxRetryAfter: time.Hour}
	for _, c := range []struct {
		step        int
		asked, want time.Duration
	}{
		{0, 0, time.Second}, {1, 0, 5 * time.Second}, {1, time.Second, 5 * time.Second}, {0, time.Minute, time.Minute},
		{0, 24 * time.Hour, time.Hour}, {0, -time.Hour, time.Second},
	} {
		spread := map[time.Duration]bool{}
		for i := 0; i < 200; i++ {
			got, ok := Pause(s, c.step, c.asked)
			if !ok || got < c.want || got > c.want+c.want/5 {
				t.Fatalf("%+v: %v %v", c, got, ok)
			}
			spread[got] = true
		}
		if len(spread) < 100 {
			t.Errorf("%+v: all come back together", c)
		}
	}
	for _, step := range []int{2, 99, -1} {
		if _, ok := Pause(s, step, 0); ok {
			t.Errorf("there is a step %d", step)
		}
	}
}

func TestAfter(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"86400": 24 * time.Hour, "0": 0, "-5": 0, "1e9": 0, "99999999999999999999": 0, "": 0, "soon": 0, " 7 ": 7 * time.Second, "1.5": 0,
		"Mon, 30 Nov 2026 12:01:00 GMT": time.Minute, "Mon, 30 Nov 2026 11:00:00 GMT": 0,
	} {
		got := After([]string{text}, now)
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if far := After([]string{"Thu, 30 Nov 9999 12:00:00 GMT"}, now); far < time.Hour {
		t.Errorf("a date far away: %v", far)
	}
	if After(nil, now) != 0 || After([]string{"1", "2"}, now) != 0 {
		t.Error("none or two are taken for one")
	}
}
