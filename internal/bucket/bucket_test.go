package bucket

import (
	"fmt"
	"math/rand"
	"testing"
	"time"
)

func TestTake(t *testing.T) {
	table := New(60, time.Minute, 3, 10)
	second := int64(time.Second)
	for i, c := range []struct {
		at   int64
		want int64 // tokens left, or the wait
	}{
		{0, 2 * second}, {0, second}, {0, 0}, {0, -second}, {second / 2, -second / 2}, {second, 0}, {second, -second},
		{3 * second, second}, {100 * second, 2 * second}, {100 * second, second}, {100 * second, 0}, {100 * second, -second},
	} {
		if got := Take(table, "a", c.at); got != c.want {
			t.Errorf("%d, at %v: %v, want %v", i, time.Duration(c.at), time.Duration(got), time.Duration(c.want))
		}
	}
	if got := Take(table, "b", 100*second); got != 2*second {
		t.Errorf("another key shares: %v", time.Duration(got))
	}
	if got := Take(New(1, time.Hour, 0, 10), "a", 0); got >= 0 {
		t.Errorf("a burst of zero lets something through: %v", got)
	}
}

// What counts is what was taken elsewhere as well, and never that more than all was.
func TestAdopt(t *testing.T) {
	second := int64(time.Second)
	for _, c := range []struct{ said, want int64 }{
		{2 * second, second}, {second, 0}, {0, -second}, {-second / 2, -second / 2}, {-second, -second}, {-1000 * second, -second}, {9 * second, 2 * second},
	} {
		table := New(60, time.Minute, 3, 1)
		Take(table, "a", 0)
		Adopt(table, "a", c.said)
		if got := Take(table, "a", 0); got != c.want {
			t.Errorf("elsewhere %v: %v, want %v", time.Duration(c.said), time.Duration(got), time.Duration(c.want))
		}
		Take(table, "b", 0)
		Adopt(table, "b", 0)
		if !Own(table, "a") || Own(table, "b") || len(table.current) != 1 {
			t.Error("b has no bucket of its own, for which there was no room")
		}
	}
}

// The table is held against an exact model: a list of all times at which a token
// was taken. In every window that ends with one of them, there are at most burst
// plus what is filled in; and a request is refused only where one more would be
// too many.
func TestTakeAsModel(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	for round := 0; round < 60; round++ {
		average := int64(1 + random.Intn(50))
		period := time.Duration(1+random.Intn(3000)) * time.Millisecond
		burst := int64(1 + random.Intn(20))
		table := New(average, period, burst, 1000)
		interval := table.Interval
		if exact := int64(period) / average; interval < exact || interval > exact+1 {
			t.Fatalf("interval %d, exact %d", interval, exact)
		}
		now := int64(random.Intn(1000)) - 500
		taken := map[string][]int64{}
		for i := 0; i < 300; i++ {
			now += int64(random.ExpFloat64() * float64(interval) * 0.7)
			key := string(rune('a' + random.Intn(2)))
			room := Take(table, key, now)
			fits := fitsModel(append(append([]int64{}, taken[key]...), now), interval, burst)
			if (room >= 0) != fits {
				t.Fatalf("round %d, request %d at %d: room %d, the model says %v", round, i, now, room, fits)
			}
			if room >= 0 {
				taken[key] = append(taken[key], now)
			} else if wait := now - room; !fitsModel(append(append([]int64{}, taken[key]...), wait), interval, burst) || fitsModel(append(append([]int64{}, taken[key]...), wait-1), interval, burst) {
				t.Fatalf("round %d: the wait of %d is not exact", round, -room)
			}
		}
	}
}

// fitsModel says whether all windows that end with the last time keep the limit.
func fitsModel(times []int64, interval, burst int64) bool {
	last := times[len(times)-1]
	for i := range times {
		if int64(len(times)-i) > burst+(last-times[i])/interval {
			return false
		}
	}
	return true
}

// A clock that is set back neither fills buckets nor locks anybody out for longer
// than before.
func TestTakeWithAClockThatGoesBack(t *testing.T) {
	second := int64(time.Second)
	table := New(60, time.Minute, 5, 10)
	admitted := 0
	real := int64(0)
	for i := 0; i < 600; i++ {
		real += second / 10
		shown := real
		switch {
		case i >= 400:
			shown -= 7200 * second
		case i >= 200:
			shown -= 3600 * second
		}
		if Take(table, "a", shown) >= 0 {
			admitted++
		}
	}
	if admitted < 60 || admitted > 65 {
		t.Errorf("%d of 600 in a minute, want 60 to 65", admitted)
	}
}

// Requests look at the clock, and come here later, in whatever order.
func TestTakeInDisorder(t *testing.T) {
	second := int64(time.Second)
	table := New(10, time.Second, 10, 10)
	admitted := 0
	for i := int64(0); i < 1000; i++ {
		for _, late := range []int64{0, second / 100, 0, second / 20} {
			if Take(table, "a", i*second/100-late) >= 0 {
				admitted++
			}
		}
	}
	if admitted < 105 || admitted > 110 {
		t.Errorf("%d in ten seconds, of at most 110", admitted)
	}
}

func TestGenerations(t *testing.T) {
	second := int64(time.Second)
	table := New(10, time.Second, 10, 1000) // an empty bucket is full after a second
	now := int64(0)
	for i := 0; i < 50_000; i++ {
		now += second / 300
		Take(table, fmt.Sprint(i), now)
		if n := len(table.current) + len(table.previous); n > 700 {
			t.Fatalf("%d buckets, of which 300 are not full", n)
		}
	}
	for i := 0; i < 10; i++ {
		if Take(table, "steady", now) < 0 {
			t.Fatal("a new bucket is not full")
		}
	}
	// Over the turns that come, the budget stays spent.
	for i := 0; i < 100; i++ {
		now += second / 20
		if room := Take(table, "steady", now); (room >= 0) != (i%2 == 1) {
			t.Fatalf("after %d turns of the clock: %d", i, room)
		}
	}
	if _, twice := table.previous["steady"]; twice {
		t.Error("a bucket is there twice")
	}
	Take(table, "steady", now+100*second)
	if n := len(table.current) + len(table.previous); n != 1 {
		t.Errorf("%d buckets after a long pause", n)
	}
}

// More keys than there is room for: who has spent a budget stays refused, and who
// comes new is let through, sooner or later.
func TestFlood(t *testing.T) {
	table := New(1, time.Minute, 2, 100)
	now := int64(0)
	for Take(table, "spent", now) >= 0 {
	}
	for i := 0; i < 10_000; i++ {
		now += int64(time.Microsecond)
		Take(table, fmt.Sprint("flood", i), now)
		if Take(table, "spent", now) >= 0 {
			t.Fatal("a flood makes the table forget")
		}
	}
	if n := len(table.current) + len(table.previous); n != 100 {
		t.Errorf("%d buckets, want 100", n)
	}
	if table.shared < 9000 {
		t.Errorf("%d shared", table.shared)
	}
	// One that has shared takes along what it has had.
	shared := 0
	for Take(table, "sharer", now) >= 0 {
		shared++
	}
	now += int64(2 * time.Minute)
	for i := 0; i < 3; i++ {
		if Take(table, "sharer", now) >= 0 {
			shared++
		}
	}
	if shared > 4 {
		t.Errorf("%d at two moments, two minutes apart", shared)
	}
	admitted := false
	for i := 0; i < 200 && !admitted; i++ {
		now += int64(time.Second)
		admitted = Take(table, "honest", now) >= 0
	}
	if !admitted {
		t.Error("locked out for good")
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		average int64
		period  time.Duration
		burst   int64
		want    bool
	}{
		{100, time.Minute, 100, true}, {1, time.Nanosecond, 1, true}, {1 << 40, time.Second, 1, false}, {0, time.Second, 1, false}, {-1, time.Second, 1, false},
		{1, 0, 1, false}, {1, time.Second, -1, false}, {1, 24 * time.Hour, 3650, true}, {1, 24 * time.Hour, 3651, false}, {1, time.Second, 1 << 62, false},
		{1<<63 - 1, 1<<63 - 1, 1, true}, {1 << 53, 1 << 53, 1, true},
	} {
		if got := Fits(c.average, c.period, c.burst); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// The usual case of Take leaves it to takeAny where the clock was set back: what it
// adds to the time then is not to be seen from outside.
func TestUntil(t *testing.T) {
	table := New(1, time.Second, 5, 10)
	at := int64(time.Hour)
	Take(table, "a", at)
	if table.until != at+table.depth || table.now != at {
		t.Errorf("until %d, now %d", table.until, table.now)
	}
	Take(table, "a", at+2*table.depth)
	if table.until != at+3*table.depth {
		t.Errorf("a generation on: until %d", table.until)
	}
	Take(table, "a", at-int64(time.Minute))
	Take(table, "a", at+10*table.depth)
	if table.until >= 0 {
		t.Errorf("the clock was set back: until %d", table.until)
	}
}

// The usual case of Take decides as takeAny does, and leaves the table as that would:
// here are two tables with the same history, at random times that also go back.
func TestUsualTake(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	for round := 0; round < 20; round++ {
		burst := 1 + random.Int63n(30)
		table, model := New(20, time.Second, burst, 100), New(20, time.Second, burst, 100)
		at := int64(time.Hour)
		for i := 0; i < 500; i++ {
			switch random.Intn(40) {
			case 0:
				at += random.Int63n(int64(5 * time.Second))
			case 1:
				at -= int64(time.Minute) // the clock was set back
			case 2, 3, 4, 5:
				at -= random.Int63n(int64(50 * time.Millisecond)) // a request that comes late
			default:
				at += random.Int63n(int64(30 * time.Millisecond))
			}
			key := fmt.Sprint(random.Intn(3))
			model.mu.Lock()
			if got, want := Take(table, key, at), takeAny(model, key, at); got != want {
				t.Fatalf("round %d, %d: %d, want %d", round, i, got, want)
			}
			if table.now != model.now || table.until != model.until || fmt.Sprint(table.current) != fmt.Sprint(model.current) {
				t.Fatalf("round %d, %d: the tables differ", round, i)
			}
		}
	}
}
