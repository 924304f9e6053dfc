package claim

import (
	"testing"
	"time"
)

// As long as what an earlier process has left is being read, Claim waits, be the delivery one
// that is known or not.
func TestAwait(t *testing.T) {
	table := New(time.Hour, 1000, quiet)
	Restore(table, "known", time.Now().UnixNano()-1)
	Await(table)
	found := make(chan int, 3)
	for _, key := range []string{"restored", "known", "new"} {
		go claimInto(found, table, key)
	}
	time.Sleep(5 * awaitLook)
	Restore(table, "restored", time.Now().UnixNano())
	if len(found) > 0 {
		t.Error("it does not wait")
	}
	Told(table)
	count := map[int]int{}
	for i := 0; i < 3; i++ {
		one := <-found
		count[one]++
	}
	if count[Duplicate] != 2 || count[Granted] != 1 {
		t.Errorf("%v", count)
	}
	for _, key := range []string{"usual", "as usual"} { // Yaegi may get the first right alone
		if Claim(table, key, time.Now(), false); table.room <= 0 {
			t.Error("each claim is the rare case from then on")
		}
	}
}

func claimInto(found chan int, table *Table, key string) {
	found <- Claim(table, key, time.Now(), false)
}

// Nobody waits for ever: then what is known has to do, or with strict, nothing is granted.
func TestAwaitInVain(t *testing.T) {
	table := New(time.Hour, 1000, quiet)
	Await(table)
	table.awaits = ownTime(time.Now().Add(5 * awaitLook))
	for i, strict := range []bool{true, false, true} {
		want := map[bool]int{true: Full, false: Granted}[strict]
		if got := Claim(table, string(rune('a'+i)), time.Now(), strict); got != want {
			t.Errorf("%d: %d, want %d", i, got, want)
		}
	}
	Told(table)
	if got := Claim(table, "a", time.Now(), true); got != Granted {
		t.Error(got)
	}
}
