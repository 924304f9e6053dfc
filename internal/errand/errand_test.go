package errand

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Whoever asks has the whole work done after that, in one turn with others who ask.
func TestRun(t *testing.T) {
	said, done := int64(0), int64(0)
	turns := 0
	e := New(time.Minute, func() {
		turns++ // by one goroutine at a time, or the race detector tells
		at := atomic.LoadInt64(&said)
		time.Sleep(time.Millisecond)
		atomic.StoreInt64(&done, at)
	})
	wait := &sync.WaitGroup{}
	for i := 0; i < 20; i++ {
		wait.Add(1)
		go runAll(t, e, &said, &done, wait)
	}
	wait.Wait()
	if turns > 500 {
		t.Errorf("%d turns", turns)
	}
	if !Run(e) || IsLate(e) || AnyLate() {
		t.Error("it is late")
	}
}

func runAll(t *testing.T, e *Errand, said, done *int64, wait *sync.WaitGroup) {
	defer wait.Done()
	for i := 0; i < 25; i++ {
		n := atomic.AddInt64(said, 1)
		if !Run(e) || atomic.LoadInt64(done) < n {
			t.Error("it returns before the work is done")
		}
	}
}

// Nobody waits for what hangs, and it goes on by itself when it does not any more.
func TestLate(t *testing.T) {
	block := make(chan bool)
	turns := int64(0)
	const patience, asked = time.Second, 100
	e := New(patience, func() {
		if atomic.AddInt64(&turns, 1) == 1 {
			<-block
		}
	})
	if Run(e) || !IsLate(e) || !AnyLate() {
		t.Fatal("it waits for what hangs, and is not late")
	}
	began := time.Now()
	for i := 0; i < asked; i++ {
		if Run(e) {
			t.Fatal("it is done")
		}
	}
	if passed := time.Since(began); passed > asked/2*patience {
		t.Errorf("others wait for it, too: %s", passed)
	}
	close(block)
	for deadline := time.Now().Add(10 * time.Second); IsLate(e) || AnyLate() || atomic.LoadInt64(&turns) < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is still late, or what was asked for meanwhile is not done")
		}
	}
	if !Run(e) {
		t.Error("it is not done any more")
	}
}

// What has failed comes again unasked, and a panic hurts nobody.
func TestLater(t *testing.T) {
	turns := int64(0)
	var e *Errand
	e = New(time.Minute, func() {
		n := atomic.AddInt64(&turns, 1)
		if n < 4 {
			Later(e, time.Millisecond)
		}
		if n == 2 {
			panic("the second turn")
		}
	})
	Start(e)
	for deadline := time.Now().Add(10 * time.Second); atomic.LoadInt64(&turns) < 4; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come again")
		}
	}
	time.Sleep(20 * time.Millisecond)
	if n := atomic.LoadInt64(&turns); n != 4 || !Run(e) {
		t.Errorf("%d turns", n)
	}
}

// A turn that begins while the alarm of one before it is still set has its own time.
func TestLateAfterATurn(t *testing.T) {
	const patience = time.Second
	block := make(chan bool)
	defer close(block)
	turns := int64(0)
	e := New(patience, func() {
		if atomic.AddInt64(&turns, 1) == 2 {
			<-block
		}
	})
	if !Run(e) {
		t.Fatal("what does not hang is late")
	}
	time.Sleep(patience / 4)
	began := time.Now()
	given := int64(0) // up
	go func() {
		if !Run(e) {
			atomic.StoreInt64(&given, int64(time.Since(began)))
		}
	}()
	for atomic.LoadInt64(&given) == 0 {
		if time.Since(began) > 30*time.Second {
			t.Fatal("it waits for what hangs")
		}
		time.Sleep(time.Millisecond)
	}
	if passed := time.Duration(atomic.LoadInt64(&given)); passed < patience {
		t.Errorf("it is given up after %s", passed)
	}
}
