package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// What is kept until the backend takes it, in both modes at once.
var keptCases = []faultCase{
	{"delivery: kill -9 at any moment", keptKilled},
	{"delivery: power cut, 10 times", keptPowerCut},
	{"delivery: read-only disk", keptReadOnly},
	{"delivery: I/O errors", keptIOErrors},
	{"delivery: disk quota", keptQuota},
	{"delivery: disk takes 2 s", keptSlowDisk},
	{"delivery: disk hangs, flood", keptFlood},
	{"delivery: 24 of 25 MiB, slow backend", keptLarge},
	{"delivery: 25 MiB by two gates", keptByTwo},
	{"delivery: reload each second", keptReloads},
	{"delivery: backend down", keptOutage},
	{"delivery: middleware renamed", keptRenamed},
}

// kills is how often keptKilled kills.
var kills = 200

// keptKilled kills Traefik again and again, at any moment. Every fourth time the next one
// has to find out by itself that the one before is gone, and runs long enough for that.
func keptKilled(t *trial) {
	o := newOffice(t, filepath.Join(t.TempDir(), "state"))
	most := 0
	for n := range kills {
		s := start(t, o.ledger, o.gates(briefly), nil)
		stop := make(chan struct{})
		senders := o.traffic(s, 4, stop)
		lives := time.Duration(rand.IntN(1200)) * time.Millisecond
		if n%4 == 3 {
			lives = time.Duration(3500+rand.IntN(2500)) * time.Millisecond
		}
		time.Sleep(lives)
		s.kill()
		close(stop)
		senders.Wait()
		s.Stop()
		o.account()
		most = max(most, o.waits())
		if t.Failed() {
			return
		}
		if n%4 != 2 {
			o.free()
		}
	}
	s := start(t, o.ledger, o.gates(briefly), nil)
	t.figure("%d kills; %d waited at most", kills, most)
	o.close(s)
}

// keptPowerCut has a file system forget whatever was not synced, under load. What is on it
// then stands on another disk, where Traefik goes on.
func keptPowerCut(t *trial) {
	disk := testkit.NewFailingDisk(t, 64<<20)
	o := newOffice(t, filepath.Join(disk.Path, "state"))
	lost := 0
	for range 10 {
		s := start(t, o.ledger, o.gates(briefly), nil)
		stop := make(chan struct{})
		senders := o.traffic(s, 4, stop)
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		disk.Fail()
		time.Sleep(100 * time.Millisecond) // some more are told that they can't be kept
		s.kill()
		close(stop)
		senders.Wait()
		s.Stop()
		disk.Mend()
		left, _ := filepath.Glob(filepath.Join(o.state, "delivery-*", "tmp", "*"))
		lost += len(left)
		o.account()
		if t.Failed() {
			return
		}
		o.free()
	}
	t.figure("10 cuts; %d files were half written", lost)
	o.close(start(t, o.ledger, o.gates(briefly), nil))
}

// keptReadOnly makes the store read-only under load, and writable again.
func keptReadOnly(t *trial) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, filepath.Join(directory, "state"))
	s := start(t, o.ledger, o.gates(briefly), nil)
	o.during(s, func() {
		for range 5 {
			writable := testkit.ReadOnly(t, o.state)
			o.refuses(s, "read-only")
			time.Sleep(500 * time.Millisecond) // under load
			writable()
			o.accepts(s)
		}
	})
	o.close(s)
}

// keptIOErrors has all operations of the disk fail, until another one stands in its place
// with what was synced.
func keptIOErrors(t *trial) {
	disk := testkit.NewFailingDisk(t, 64<<20)
	o := newOffice(t, filepath.Join(disk.Path, "state"))
	s := start(t, o.ledger, o.gates(briefly), nil)
	o.during(s, func() {
		for range 3 {
			o.accepts(s)
			disk.Fail()
			o.refuses(s, "input/output error")
			time.Sleep(500 * time.Millisecond)
			disk.Mend()
			o.accepts(s)
		}
	})
	o.close(s)
}
