package main

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// during has deliveries come while something is done to the disk.
func (o *office) during(s *site, work func()) {
	stop := make(chan struct{})
	senders := o.traffic(s, 4, stop)
	defer senders.Wait()
	defer close(stop)
	work()
}

// one sends a delivery to the gate that accepts, and returns the status.
func (o *office) one(s *site) int {
	body := news(1)[0]
	o.mu.Lock()
	o.sent = append(o.sent, body)
	o.mu.Unlock()
	return s.deliver("accept", body)
}

// accepts waits until a delivery can be kept.
func (o *office) accepts(s *site) {
	testkit.Await(o.t, "a delivery can be kept", func() bool { return o.one(s) == http.StatusAccepted })
}

// refuses waits until none can be, and stderr has said why.
func (o *office) refuses(s *site, why string) {
	testkit.Await(o.t, "no delivery can be kept", func() bool { return o.one(s) == http.StatusServiceUnavailable })
	s.said(why)
}

// keptQuota has what the gates store meet the quota of their user, again and again.
func keptQuota(t *trial) {
	disk := testkit.NewQuotaDisk(t)
	o := newOffice(t, filepath.Join(disk.Path, "state"))
	s := start(t, o.ledger, o.gates(briefly), nil)
	o.during(s, func() {
		for range 3 {
			o.accepts(s)
			disk.Fill()
			o.refuses(s, "disk quota exceeded")
			time.Sleep(500 * time.Millisecond)
			disk.Free()
			o.accepts(s)
		}
	})
	o.close(s)
}

// keptSlowDisk has the disk take two seconds, again and again: that is waited for.
func keptSlowDisk(t *trial) {
	mount, freeze := testkit.FreezableDisk(t)
	thaw := func() { _ = freeze("--unfreeze") }
	o := newOffice(t, filepath.Join(mount, "state"))
	s := start(t, o.ledger, o.gates(briefly), nil)
	t.Cleanup(thaw) // before Traefik is stopped
	refused, longest := 0, time.Duration(0)
	o.during(s, func() {
		o.accepts(s)
		for range 6 {
			if err := freeze("--freeze"); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(2*time.Second, thaw)
			longest = max(longest, slowest(1, func(int) {
				if o.one(s) != http.StatusAccepted {
					refused++
				}
			}))
			timer.Stop()
			thaw()
			o.accepts(s)
		}
	})
	t.figure("the slowest of 6 took %d ms, %d were refused", longest.Milliseconds(), refused)
	o.close(s)
}

// keptFlood sends far more than a disk that hangs can take. Who is told that a delivery is
// not kept sends it again, so nothing of it may be left.
func keptFlood(t *trial) {
	mount, freeze := testkit.FreezableDisk(t)
	thaw := func() { _ = freeze("--unfreeze") }
	o := newOffice(t, filepath.Join(mount, "state"))
	s := start(t, o.ledger, o.gates(briefly), nil)
	t.Cleanup(thaw)
	o.accepts(s)
	before := s.settledMemory()
	if err := freeze("--freeze"); err != nil {
		t.Fatal(err)
	}
	bodies := news(6000)
	o.sent = append(o.sent, bodies...)
	since := time.Now()
	s.load("accept", 400, bodies)
	took := time.Since(since)
	refused := o.unsettled(bodies)
	during := s.memory("VmHWM")
	thaw()
	o.accepts(s)
	o.well.Store(true)
	o.drain()
	for _, body := range refused {
		if n := o.times(body); n > 0 {
			t.Errorf("%q was told that it is not kept, and arrived %d times", body, n)
		}
	}
	t.figure("%d of %d refused, %.0f a second; Traefik has %d MiB before, %d at most", len(refused), len(bodies), float64(len(bodies))/took.Seconds(), before, during)
	if len(refused) < len(bodies)-2*128 {
		t.Errorf("more than two gates may have on their way to the disk are kept")
	}
	s.retry("accept", refused[:min(200, len(refused))])
	o.close(s)
}
