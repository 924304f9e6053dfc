package outbox

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// medium is what a Direct writes to, with room for so many bytes.
type medium struct {
	mu    sync.Mutex
	text  string
	room  int
	block chan bool
}

func writeTo(m *medium, lines []byte) (int, error) {
	if m.block != nil {
		<-m.block
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(lines)
	if n > m.room {
		n = m.room
	}
	m.text += string(lines[:n])
	m.room -= n
	if n < len(lines) {
		return n, errTest
	}
	return n, nil
}

func content(m *medium) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text
}

func direct(m *medium, s *said, most int) *Direct {
	return NewDirect("output x", most, testFormat, func(lines []byte, _ time.Time) (int, error) { return writeTo(m, lines) }, listen(s))
}

func asReceiver(m *medium) *receiver {
	r := &receiver{}
	r.got = append(r.got, strings.Split(strings.TrimSuffix(content(m), "\n"), "\n")...)
	return r
}

func TestDirect(t *testing.T) {
	m := &medium{room: 1000}
	s := &said{}
	d := direct(m, s, 100)
	for i := 1; i <= 3; i++ {
		if !Put(d, line("a", i, 3)) {
			t.Errorf("line %d has not arrived", i)
		}
	}
	if content(m) != "a 1 xxx\na 2 xxx\na 3 xxx\n" || !isIdle(d) || heard(s) != "" {
		t.Errorf("%q, said %q", content(m), heard(s))
	}
}

// A line that is cut off by a full disk is completed once there is room, what
// came later waits, and what is too much for memory is reported where it is missing.
func TestDirectFull(t *testing.T) {
	m := &medium{room: 30}
	s := &said{}
	d := direct(m, s, 300)
	arrived := 0
	for i := 1; i <= 100; i++ {
		if Put(d, line("a", i, 3)) {
			arrived++
		}
	}
	if arrived != 3 || content(m) != "a 1 xxx\na 2 xxx\na 3 xxx\na 4 xx" {
		t.Fatalf("%d arrived: %q", arrived, content(m))
	}
	await.Until(t, "it is said", func() bool {
		return strings.Contains(heard(s), "error output x: no space left; records wait in memory") && strings.Contains(heard(s), "records are lost")
	})
	// Still full, when the next attempt is made: the rest stays the first.
	await.Until(t, "another attempt", func() bool { return strings.Count(heard(s), "no space left") >= 3 })
	if got := content(m); got != "a 1 xxx\na 2 xxx\na 3 xxx\na 4 xx" {
		t.Fatalf("%q", got)
	}
	m.mu.Lock()
	m.room = 1_000_000
	m.mu.Unlock()
	await.Until(t, "all is written", func() bool { return isIdle(d) })
	if !strings.HasPrefix(content(m), "a 1 xxx\na 2 xxx\na 3 xxx\na 4 xxx\na gap 5 ") || !strings.HasSuffix(content(m), "a 100 xxx\n") {
		t.Errorf("%q", content(m))
	}
	if problem, twice := account(asReceiver(m), map[string]int{"a": 100}); problem != "" || twice > 0 {
		t.Errorf("%s, %d twice", problem, twice)
	}
	await.Until(t, "it is well again", func() bool { return strings.Contains(heard(s), "info output x: is well again") })
	if !Put(d, line("a", 101, 3)) {
		t.Error("it does not go on as before")
	}
}

// One that is stuck holds up nobody else.
func TestDirectStuck(t *testing.T) {
	m := &medium{room: 1_000_000, block: make(chan bool, 1000)}
	s := &said{}
	d := direct(m, s, 1000)
	var wg sync.WaitGroup
	wg.Add(1)
	go put(d, line("a", 1, 3), &wg)
	await.Until(t, "the first is at it", func() bool { return !isIdle(d) })
	for i := 2; i <= 20; i++ {
		if Put(d, line("a", i, 3)) {
			t.Error("a line has arrived at once")
		}
	}
	for i := 0; i < 100; i++ {
		m.block <- true
	}
	wg.Wait()
	await.Until(t, "all is written", func() bool { return isIdle(d) })
	if problem, twice := account(asReceiver(m), map[string]int{"a": 20}); problem != "" || twice > 0 {
		t.Errorf("%s, %d twice", problem, twice)
	}
}

func put(d *Direct, l []byte, wg *sync.WaitGroup) {
	defer wg.Done()
	Put(d, l)
}

func TestDirectConcurrent(t *testing.T) {
	m := &medium{room: 10_000_000}
	s := &said{}
	d := direct(m, s, 10_000_000)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go putMany(d, string(rune('a'+i)), &wg)
	}
	wg.Wait()
	await.Until(t, "all is written", func() bool { return isIdle(d) })
	last := map[string]int{}
	for i := 0; i < 8; i++ {
		last[string(rune('a'+i))] = 200
	}
	if problem, twice := account(asReceiver(m), last); problem != "" || twice > 0 || heard(s) != "" {
		t.Errorf("%s, %d twice, said %q", problem, twice, heard(s))
	}
}

func putMany(d *Direct, of string, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 1; i <= 200; i++ {
		Put(d, line(of, i, 10))
	}
}
