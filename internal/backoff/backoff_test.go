package backoff

import (
	"testing"
	"time"
)

func TestWait(t *testing.T) {
	for failures, want := range []time.Duration{1, 1, 2, 4, 8, 16, 30, 30} {
		if got := Wait(failures, time.Second, 30*time.Second); got != want*time.Second {
			t.Errorf("%d failures: %v, want %v", failures, got, want*time.Second)
		}
	}
	if got := Wait(1_000_000, time.Second, time.Hour); got != time.Hour {
		t.Errorf("a million failures: %v", got)
	}
	if got := Wait(1, time.Minute, time.Second); got != time.Second {
		t.Errorf("first is longer than the longest: %v", got)
	}
}

func TestSpread(t *testing.T) {
	least, most := time.Hour, time.Duration(0)
	for i := 0; i < 1000; i++ {
		got := Spread(10*time.Second, 2*time.Second)
		if got < 8*time.Second || got > 12*time.Second {
			t.Fatal(got)
		}
		if got < least {
			least = got
		}
		if got > most {
			most = got
		}
	}
	if least > 9*time.Second || most < 11*time.Second {
		t.Errorf("everything is between %v and %v", least, most)
	}
	if got := Spread(time.Second, 0); got != time.Second {
		t.Error(got)
	}
}
