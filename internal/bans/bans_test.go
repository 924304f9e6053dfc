package bans

import (
	"testing"
	"time"
)

// More clients than there is room for: who is banned stays so, and nobody is
// banned for being one too many.
func TestBansAreBounded(t *testing.T) {
	const hour = int64(time.Hour)
	table := New(2, time.Hour, time.Hour)
	fail := func(client string, at int64) { AddFailure(table, client, at) }
	banned := func(client string, at int64) bool { return Remaining(table, client, at) > 0 }
	now := 100 * hour
	for i := 0; i < 2; i++ {
		fail("first", now)
	}
	for i := 0; i < maxBanned; i++ {
		table.failing[0][string(rune(i))] = tally{first: now, count: 1}
	}
	for i := 0; i < 5; i++ {
		fail("second", now)
	}
	if !banned("first", now) || banned("second", now) || len(table.failing[0]) > maxBanned {
		t.Errorf("%v %v %d", banned("first", now), banned("second", now), len(table.failing[0]))
	}
	// Once those are over, there is room.
	later := now + 3*hour
	fail("second", later)
	fail("second", later+hour/60)
	if !banned("second", later+hour/60) {
		t.Error("nobody is counted any more")
	}
	// And those who are banned are bounded as well.
	for i := 0; i < maxBanned; i++ {
		table.until[0][string(rune(i))] = later + hour
	}
	fail("third", later+hour/60)
	fail("third", later+hour/60)
	if banned("third", later+hour/60) || len(table.until[0]) > maxBanned+1 {
		t.Error("more are banned than may be")
	}
}
