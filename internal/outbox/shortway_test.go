package outbox

import (
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// slowFirst is where the short way leads to. Its first write waits.
type slowFirst struct {
	begun, release chan bool
	writes         int
}

func (w *slowFirst) Write(line []byte) (int, error) {
	w.writes++
	if w.writes == 1 {
		w.begun <- true
		<-w.release
	}
	return len(line), nil
}

// Who finds another at the short way leaves its line with that one, and does not wait.
func TestShortWayIsForOne(t *testing.T) {
	m := &medium{room: 1000}
	d := direct(m, &said{}, 1000)
	w := &slowFirst{begun: make(chan bool), release: make(chan bool)}
	Open(d, w, 1000, time.Hour, nil)
	put := make(chan bool, 1)
	go putInto(put, d, "one\n")
	<-w.begun
	if Put(d, []byte("two\n")) || w.writes != 1 {
		t.Error("two are at the short way at once")
	}
	close(w.release)
	first := <-put
	if !first {
		t.Error("the first line has not gone the short way")
	}
	await.Until(t, "the second line is not written", func() bool { return content(m) == "two\n" })
}

func putInto(put chan bool, d *Direct, line string) {
	defer func() { _ = recover() }()
	put <- Put(d, []byte(line))
}

// The short way is shut by itself, so that NewDirect's write looks again where lines go.
func TestShortWayEnds(t *testing.T) {
	m := &medium{room: 1000}
	d := direct(m, &said{}, 1000)
	w := &slowFirst{begun: make(chan bool, 1), release: make(chan bool)}
	close(w.release)
	Open(d, w, 1000, time.Hour, nil)
	if !Put(d, []byte("one\n")) || w.writes != 1 {
		t.Error("the short way is not open")
	}
	Open(d, w, 1000, time.Millisecond, nil)
	await.Until(t, "the short way stays open", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.left == 0
	})
	if !Put(d, []byte("two\n")) || w.writes != 1 || content(m) != "two\n" || Shut(d) != 0 {
		t.Errorf("%d went the short way, %q the other", w.writes, content(m))
	}
}
