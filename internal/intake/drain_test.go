package intake

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Few are drained at a time: whoever is refused before any check of who that is must not hold
// goroutines.
func TestFewAreDrained(t *testing.T) {
	w := NewWatch(func() { t.Error("given up") })
	defer Unwatch(w)
	for others, want := range map[int64]bool{0: true, maxDraining - 1: true, maxDraining: false} {
		atomic.StoreInt64(&draining, others)
		r := &http.Request{ProtoMajor: 1, ContentLength: 5, Body: io.NopCloser(strings.NewReader("hello"))}
		whole, inTime := Drain(w, r, 0)
		if whole != want || !inTime || atomic.LoadInt64(&draining) != others {
			t.Errorf("beside %d: %t, %t, %d are under way", others, whole, inTime, draining)
		}
	}
	atomic.StoreInt64(&draining, 0)
}

// A body that is late is given up once, by whoever looks first, and is then nobody's.
func TestLateBodyIsGivenUp(t *testing.T) {
	given := 0
	w := NewWatch(func() { given++ })
	defer Unwatch(w)
	Expect(w, 10)
	GiveUpLate(10)
	if given != 0 || !Arrived(w, 10) || Arrived(w, 10) || !End(w) {
		t.Errorf("in time: given up %d times", given)
	}
	Expect(w, 20)
	if !End(w) || Arrived(w, 20) {
		t.Error("ended, and still expected")
	}
	Expect(w, 30)
	GiveUpLate(31)
	GiveUpLate(32)
	if given != 1 || Arrived(w, 30) || End(w) {
		t.Errorf("late: given up %d times", given)
	}
	Expect(w, -5) // of a request that is judged afterwards
	GiveUpLate(40)
	if given != 1 || !Arrived(w, -5) {
		t.Errorf("judged afterwards: given up %d times", given)
	}
}

// A drain that takes too long is given up as any other read.
func TestDrainIsGivenUp(t *testing.T) {
	w := NewWatch(func() {})
	defer Unwatch(w)
	r := &http.Request{ProtoMajor: 1, ContentLength: 5, Body: io.NopCloser(&trailed{body: strings.NewReader("hello"), end: func() {
		GiveUpLate(int64(drainTimeout + time.Millisecond))
	}})}
	if _, inTime := Drain(w, r, 0); inTime {
		t.Error("drained, though it was given up")
	}
}
