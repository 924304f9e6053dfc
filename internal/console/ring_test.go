package console

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/policy"
)

func TestRingIsBounded(t *testing.T) {
	page(t)
	for i := 0; i < maxDeliveries+5; i++ {
		keepOne(fmt.Sprintf("a-%d", i), "pass", "")
	}
	kept := newest()
	if len(kept) != maxDeliveries || kept[0].number != 6 {
		t.Errorf("%d kept, from %d", len(kept), kept[0].number)
	}
	large := strings.Repeat("x", 1<<20)
	for i := 0; i < 40; i++ {
		keepOne("b", "pass", large)
	}
	if deliveries.bytes > maxBytes || len(newest()) > 40 || len(newest()) < 25 {
		t.Errorf("%d bytes, %d kept", deliveries.bytes, len(newest()))
	}
	found, missed, last := after(last()-5, 2)
	if len(found) != 2 || missed != 3 || found[1].number != last {
		t.Errorf("%d found, %d missed", len(found), missed)
	}
}

func on() bool { return atomic.LoadInt32(Watched) != 0 }

func last() int64 {
	_, _, n := after(1<<62, 0)
	return n
}

func TestKeptWhileThereIsAConsole(t *testing.T) {
	page(t)
	ctx, cancel := context.WithCancel(context.Background())
	now := time.Now()
	Open(ctx, now, "console@file", noConsole)
	keepOne("a-1", "pass", "")
	cancel()
	Sweep(now)
	if !on() || len(newest()) != 1 {
		t.Fatal("forgotten at once: a reload ends the old console first")
	}
	Open(context.Background(), now, "console@file", noConsole)
	Sweep(now.Add(linger))
	if !on() || len(newest()) != 1 {
		t.Fatal("forgotten although there is another console")
	}
	use(ctx, "console@file", noConsole)
	Sweep(now)
	Sweep(now.Add(linger))
	if on() || len(newest()) != 0 {
		t.Error("kept although nobody can look")
	}
}

func noConsole(_ time.Time) *policy.Console { return nil }
