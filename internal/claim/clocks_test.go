package claim

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// twoClocks stands in for the system's clock and the process's own.
type twoClocks struct{ system, own int64 }

// newClocks lets a test set the clocks. They begin at the hundredth hour.
func newClocks(t *testing.T) *twoClocks {
	t.Helper()
	beganBefore, clockBefore, gapBefore, leadBefore, followedBefore, journaledBefore := began, clock, gap, lead, followed, journaled
	t.Cleanup(func() {
		clocksMu.Lock()
		began = beganBefore
		clock = clockBefore
		gap = gapBefore
		lead = leadBefore
		followed = followedBefore
		journaled = journaledBefore
		clocksMu.Unlock()
	})
	c := &twoClocks{system: 100 * hour}
	journaled = map[*Table]bool{} // those that other tests have left know nothing of this
	began = stamp(c.system)
	clock = func() time.Time { return stamp(c.system) }
	gap = gapOf(began)
	return c
}

func (c *twoClocks) pass(d int64) {
	c.system += d
	c.own += d
}

// set sets the system's clock by a step.
func (c *twoClocks) set(step int64) {
	c.system += step
	began = stamp(c.system - c.own)
}

func (c *twoClocks) claim(t *Table, key string) int {
	return Claim(t, key, stamp(c.system), true)
}

func (c *twoClocks) handOn(t *testing.T, table *Table, key string) {
	t.Helper()
	if got := c.claim(table, key); got != Granted {
		t.Fatalf("%s: %d", key, got)
	}
	Commit(table, key, c.system)
}

// A clock that is set ahead ends nothing before the process's own says so.
func TestClockSetAhead(t *testing.T) {
	for _, step := range []int64{2 * int64(time.Second), hour / 2, hour, 25 * hour, 2 * 365 * 24 * hour} {
		for _, known := range []int{1, 3} { // generations
			c := newClocks(t)
			table := New(time.Hour, 100, quiet)
			for i := 0; i < known; i++ {
				c.handOn(t, table, fmt.Sprint(i))
				c.pass(hour / 4)
			}
			last := fmt.Sprint(known - 1)
			Claim(table, "flying", stamp(c.system), true)
			c.set(step)
			Commit(table, "flying", c.system)
			c.pass(int64(time.Second))
			for i := 0; i < known; i++ {
				if got := c.claim(table, fmt.Sprint(i)); got != Duplicate {
					t.Errorf("%s ahead, %d of %d: %d", time.Duration(step), i, known, got)
				}
			}
			c.pass(3*hour/4 - 2*int64(time.Second))
			for _, key := range []string{last, "flying"} {
				if got := c.claim(table, key); got != Duplicate {
					t.Errorf("%s ahead, %s before the window is over: %d", time.Duration(step), key, got)
				}
			}
			c.pass(int64(time.Second))
			if got := c.claim(table, last); got != Granted {
				t.Errorf("%s ahead, after the window: %d", time.Duration(step), got)
			}
			c.pass(hour/4 + int64(time.Second)) // until somebody looked, it counted as new
			if got := c.claim(table, "flying"); got != Granted {
				t.Errorf("%s ahead, after the window, what was under way: %d", time.Duration(step), got)
			}
		}
	}
}

// What was written down before is known after a restart, too.
func TestClockSetAheadAndRestart(t *testing.T) {
	for _, step := range []int64{2 * int64(time.Second), hour / 2, 25 * hour} {
		c := newClocks(t)
		path := filepath.Join(tempDirectory(t), "replay")
		table := New(time.Hour, 100, quiet)
		Open(table, path, c.system)
		c.handOn(t, table, "before")
		c.pass(hour / 2)
		c.set(step)
		Follow() // as the gate does many times a second
		c.handOn(t, table, "after")
		Close(table)
		again := New(time.Hour, 100, quiet)
		Open(again, path, c.system)
		c.pass(hour/2 - int64(time.Second))
		for _, key := range []string{"before", "after"} {
			if got := c.claim(again, key); got != Duplicate {
				t.Errorf("%s ahead, %s, after a restart: %d", time.Duration(step), key, got)
			}
		}
		c.pass(int64(time.Second))
		if got := c.claim(again, "before"); got != Granted {
			t.Errorf("%s ahead, after a restart and the window: %d", time.Duration(step), got)
		}
	}
}

// It does not make a table turn to a new generation either, nor forget the older one.
func TestClockSetAheadOfTwoGenerations(t *testing.T) {
	c := newClocks(t)
	table := New(time.Hour, 100, quiet)
	c.handOn(t, table, "first")
	c.pass(hour - 1)
	c.handOn(t, table, "older")
	c.pass(hour / 4)
	c.handOn(t, table, "younger")
	if len(table.previous) != 2 {
		t.Fatalf("%d in the older generation", len(table.previous))
	}
	c.set(25 * hour)
	for i := 0; i < 3; i++ {
		c.pass(int64(time.Second))
		c.handOn(t, table, fmt.Sprint(i))
		for _, key := range []string{"older", "younger"} {
			if got := c.claim(table, key); got != Duplicate {
				t.Errorf("%s, after %d others: %d", key, i+1, got)
			}
		}
	}
}

// One that is set back ends nothing before it is there again, and not when it is set
// ahead again.
func TestClockSetBack(t *testing.T) {
	c := newClocks(t)
	table := New(time.Hour, 100, quiet)
	c.handOn(t, table, "before")
	c.set(-10 * hour)
	look()
	c.handOn(t, table, "between")
	c.pass(hour - 1)
	for _, key := range []string{"before", "between"} {
		if got := c.claim(table, key); got != Duplicate {
			t.Errorf("%s: %d", key, got)
		}
	}
	c.pass(1)
	if got := c.claim(table, "before"); got != Duplicate {
		t.Errorf("the clocks don't agree: %d", got)
	}
	c.handOn(t, table, "between")
	c.set(10 * hour)
	c.pass(hour - 1)
	if got := c.claim(table, "between"); got != Duplicate {
		t.Errorf("set back and ahead again: %d", got)
	}
	c.pass(1)
	if got := c.claim(table, "between"); got != Granted {
		t.Errorf("set back and ahead again, after the window: %d", got)
	}
	c.pass(10 * hour)
	if got := c.claim(table, "before"); got != Granted {
		t.Errorf("once both clocks agree: %d", got)
	}
}

// One that had the wrong year, and has the right one again, does not fill a table for ever.
func TestClockOfAnotherYear(t *testing.T) {
	c := newClocks(t)
	table := New(time.Hour, 10, quiet)
	c.set(2 * 365 * 24 * hour)
	for i := 0; i < 10; i++ {
		c.handOn(t, table, fmt.Sprint(i))
	}
	c.set(-2 * 365 * 24 * hour)
	if got := c.claim(table, "0"); got != Duplicate {
		t.Errorf("is forgotten with the year: %d", got)
	}
	for i := 0; i < 2; i++ {
		c.pass(hour)
		c.claim(table, "new")
	}
	if got := c.claim(table, "0"); got != Granted {
		t.Errorf("two windows later: %d", got)
	}
}

// What is held is in flight for its time by the process's own clock.
func TestHold(t *testing.T) {
	for _, step := range []int64{0, 25 * hour, -25 * hour} {
		c := newClocks(t)
		table := New(time.Hour, 100, quiet)
		for _, key := range []string{"first", "second"} {
			if got := c.claim(table, key); got != Granted {
				t.Fatal(got)
			}
		}
		Hold(table, "first", stamp(c.system))
		c.pass(int64(time.Minute))
		Hold(table, "second", stamp(c.system))
		c.set(step)
		c.pass(int64(time.Minute) - 1)
		if got := c.claim(table, "first"); got != InFlight {
			t.Errorf("step %s: %d", time.Duration(step), got)
		}
		c.pass(1)
		if first, second := c.claim(table, "first"), c.claim(table, "second"); first != Granted || second != InFlight {
			t.Errorf("step %s, after its time: %d, and the other %d", time.Duration(step), first, second)
		}
		c.pass(int64(HoldTime) * 2)
		if first, second := c.claim(table, "first"), c.claim(table, "second"); first != InFlight || second != Granted || len(table.held) != 0 {
			t.Errorf("step %s, later: claimed anew %d, and the other %d", time.Duration(step), first, second)
		}
	}
}

// What is held takes room for its time alone.
func TestHoldsInAFullTable(t *testing.T) {
	c := newClocks(t)
	table := New(time.Hour, 10, quiet)
	for round := 0; round < 3; round++ {
		for i := 0; i < 10; i++ {
			key := fmt.Sprint(round, i)
			if got := c.claim(table, key); got != Granted {
				t.Fatalf("%s: %d", key, got)
			}
			Hold(table, key, stamp(c.system))
		}
		if got := c.claim(table, "new"); got != Full {
			t.Errorf("one too many: %d", got)
		}
		c.pass(int64(HoldTime))
	}
	if got := c.claim(table, "new"); got != Granted || len(table.flying) != 1 {
		t.Errorf("%d, and %d are in flight", got, len(table.flying))
	}
}
