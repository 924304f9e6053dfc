package outbox

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

// away is a receiver that can be away.
func away() (*receiver, func(is bool)) {
	var mu sync.Mutex
	down := true
	r := &receiver{outcome: func(_ int, records [][]byte) Outcome {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return Outcome{Later: records, Problem: "down"}
		}
		return Outcome{}
	}}
	return r, func(is bool) {
		mu.Lock()
		down = is
		mu.Unlock()
	}
}

// end makes a queue do nothing any more, as if its process had ended.
func end(q *Queue) {
	q.mu.Lock()
	q.until = time.Now().Add(time.Hour)
	q.mu.Unlock()
}

// What was lost is told also by the process after the one that has lost it.
func TestGapsSurviveARestart(t *testing.T) {
	for _, durable := range []bool{true, false} {
		directory := t.TempDir()
		r, set := away()
		s := &said{}
		o := Options{Directory: directory, DiskBytes: 4000, BatchBytes: 500}
		q := queue(r, s, o)
		for i := 1; i <= 200; i++ {
			if durable {
				Store(q, line("a", i, 50))
			} else {
				Add(q, line("a", i, 50))
			}
		}
		await.Until(t, "all is on disk", func() bool { memory, _ := waiting(q); return memory == 0 })
		await.Until(t, "nothing is told from memory alone", func() bool {
			q.mu.Lock()
			defer q.mu.Unlock()
			return len(q.gaps.spans) == 0
		})
		end(q)
		set(false)
		next := queue(r, s, o)
		drained(t, next)
		check(t, r, map[string]int{"a": 200}, 0)
		if files(directory) != 0 {
			t.Errorf("%d files are left", files(directory))
		}
	}
}

// Records that a receiver refuses are told after a restart as well.
func TestRefusedSurviveARestart(t *testing.T) {
	directory := t.TempDir()
	var mu sync.Mutex
	first := true
	r := &receiver{}
	r.outcome = func(_ int, records [][]byte) Outcome {
		mu.Lock()
		defer mu.Unlock()
		if !first {
			return Outcome{}
		}
		first = false
		return Outcome{Refused: records[:2], Later: records[2:], Problem: "refuses"}
	}
	s := &said{}
	o := Options{Directory: directory, DiskBytes: 1_000_000, BatchBytes: 100_000}
	q := queue(r, s, o)
	for i := 1; i <= 10; i++ {
		Store(q, line("a", i, 50))
	}
	await.Until(t, "two are refused", func() bool { return strings.Contains(heard(s), "refuses") })
	end(q)
	next := queue(r, s, o)
	drained(t, next)
	problem, _ := account(r, map[string]int{})
	all := strings.Join(r.got, "\n")
	if problem != "" || !strings.Contains(all, "a gap 1 2 2") {
		t.Errorf("%s: %s", problem, all)
	}
}

// A segment that can't be read is not given up at once, and others wait behind it.
func TestUnreadableSegment(t *testing.T) {
	directory := t.TempDir()
	r, set := away()
	s := &said{}
	o := Options{Directory: directory, DiskBytes: 1_000_000}
	q := queue(r, s, o)
	for i := 1; i <= 60; i++ {
		Store(q, line("a", i, 50))
	}
	end(q)
	// A directory in its place can't be read, and is there.
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) < 3 {
		t.Fatal(len(entries), err)
	}
	hidden := filepath.Join(directory, entries[0].Name())
	if err := os.Rename(hidden, hidden+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(directory, "nowhere"), hidden); err != nil {
		t.Fatal(err)
	}
	set(false)
	// Its first turn comes when the segment is in its place.
	next := NewQueue("output x", Options{Interval: time.Second, MemoryBytes: 1_000_000, BatchBytes: 1000, Directory: directory, FileName: "audit-x", DiskBytes: 1_000_000},
		testFormat, func(records [][]byte) Outcome { return receive(r, records) }, listen(s))
	next.diskMu.Lock()
	next.spill, _ = openSpill(directory, "audit-x")
	next.spill.segments = append([]segment{{path: hidden, size: 1}}, next.spill.segments...)
	next.diskMu.Unlock()
	await.Until(t, "it has tried", func() bool { return strings.Contains(heard(s), "can't be found") })
	r.mu.Lock()
	got := len(r.got)
	r.mu.Unlock()
	if got != 0 {
		t.Errorf("%d records have overtaken those before them", got)
	}
	// Once it can be read, all is there.
	if err := os.Remove(hidden); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(hidden+".kept", hidden); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "all is sent", func() bool { again(next); return isEmpty(next) })
	check(t, r, map[string]int{"a": 60}, 0)
}

// One that never can be is set aside in the end, and kept.
func TestSetAside(t *testing.T) {
	directory := t.TempDir()
	r, set := away()
	set(false)
	s := &said{}
	if err := os.Symlink(filepath.Join(directory, "nowhere"), filepath.Join(directory, "audit-x-000001000000000")); err != nil {
		t.Fatal(err)
	}
	q := queue(r, s, Options{Directory: directory, DiskBytes: 1_000_000})
	await.Until(t, "it is open", func() bool { return isEmpty(q) })
	q.diskMu.Lock()
	q.spill.segments = []segment{{path: filepath.Join(directory, "audit-x-000001000000000"), size: 1}}
	q.diskMu.Unlock()
	Add(q, line("a", 1, 1))
	await.Until(t, "it is set aside", func() bool { again(q); return strings.Contains(heard(s), "set aside") })
	await.Until(t, "what came later is sent", func() bool { again(q); return isEmpty(q) })
	check(t, r, map[string]int{"a": 1}, 0)
	if _, err := os.Lstat(filepath.Join(directory, "audit-x-000001000000000.unreadable")); err != nil {
		t.Error(err)
	}
}

// A segment that somebody else has written is no record, and is kept; of one that is
// damaged, the rest is sent.
func TestForeignSegment(t *testing.T) {
	directory := t.TempDir()
	r, set := away()
	s := &said{}
	o := Options{Directory: directory, DiskBytes: 1_000_000, BatchBytes: 100_000}
	q := queue(r, s, o)
	for i := 1; i <= 3; i++ {
		Store(q, line("a", i, 50))
	}
	end(q)
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) != 1 {
		t.Fatal(len(entries), err)
	}
	path := filepath.Join(directory, entries[0].Name())
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(directory, "audit-x-000000000000007")
	if err := os.WriteFile(foreign, line("a", 4, 50), 0o600); err != nil {
		t.Fatal(err)
	}
	set(false)
	q = queue(r, s, o)
	await.Until(t, "what is whole is sent", func() bool { again(q); return isEmpty(q) })
	got := strings.Join(r.got, "\n")
	if got != strings.TrimSpace(string(line("a", 1, 50))+string(line("a", 3, 50))) || strings.Count(heard(s), "has 1 lines that are damaged") != 2 {
		t.Errorf("%q; said %s", got, heard(s))
	}
	if b, err := os.ReadFile(foreign + ".unreadable"); err != nil || string(b) != string(line("a", 4, 50)) {
		t.Errorf("%q: %v", b, err)
	}
}

// A directory that can be used only later is used then.
func TestLateDirectory(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "mount")
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ := away()
	s := &said{}
	q := queue(r, s, Options{Directory: directory, DiskBytes: 1_000_000})
	if Store(q, line("a", 1, 50)) {
		t.Fatal("it is on a disk that is not there")
	}
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	if Store(q, line("a", 2, 50)) {
		t.Error("it looks again at once, for each record")
	}
	q.diskMu.Lock()
	q.look = time.Time{}
	q.diskMu.Unlock()
	if !Store(q, line("a", 3, 50)) {
		t.Error("it never looks again")
	}
	if memory, disk := waiting(q); memory != 0 || disk < 150 {
		t.Errorf("%d bytes in memory, %d on disk", memory, disk)
	}
}

// With Store, all that came before is on disk too: also what is being sent.
func TestStoreIsSafeWithAllBefore(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "d")
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r, s := &receiver{blocked: make(chan bool, 100)}, &said{}
	q := queue(r, s, Options{Directory: directory, DiskBytes: 1_000_000})
	Store(q, line("a", 1, 50)) // to memory
	await.Until(t, "it is in hand", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.hand != nil
	})
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	q.diskMu.Lock()
	q.look = time.Time{}
	q.diskMu.Unlock()
	if !Store(q, line("a", 2, 50)) {
		t.Fatal("the second is not on disk")
	}
	content := ""
	entries, _ := os.ReadDir(directory)
	for _, e := range entries {
		records, _, _ := readSegment(filepath.Join(directory, e.Name()))
		content += string(join(records))
	}
	if content != string(line("a", 1, 50))+string(line("a", 2, 50)) {
		t.Errorf("on disk there is %q", content)
	}
	for i := 0; i < 50; i++ {
		r.blocked <- true
	}
	drained(t, q)
	check(t, r, map[string]int{"a": 2}, 0)
}

// A segment that somebody removes takes with it what was in it, and no more.
func TestRemovedSegment(t *testing.T) {
	directory := t.TempDir()
	r, set := away()
	s := &said{}
	q := queue(r, s, Options{Directory: directory, DiskBytes: 1_000_000, BatchBytes: 100_000})
	Store(q, line("a", 1, 50))
	end(q)
	entries, _ := os.ReadDir(directory)
	for _, e := range entries {
		_ = os.Remove(filepath.Join(directory, e.Name()))
	}
	n := 1
	await.Until(t, "it looks, once a second", func() bool {
		n++
		Store(q, line("a", n, 50))
		return files(directory) == 1
	})
	set(false)
	await.Until(t, "the last is sent", func() bool { again(q); return isEmpty(q) })
	if len(r.got) == 0 || r.got[len(r.got)-1] != strings.TrimSuffix(string(line("a", n, 50)), "\n") {
		t.Errorf("%q", r.got)
	}
	if !strings.Contains(heard(s), "can't be found, or not by Traefik's user; the records in it are lost") {
		t.Errorf("nothing is said of the loss: %s", heard(s))
	}
}

// What one output keeps is not what another one writes over.
func TestOutputsShareNoMemory(t *testing.T) {
	s := &said{}
	full, other := &medium{}, &medium{}
	a, b := direct(full, s, 1_000_000), direct(other, s, 1_000_000)
	shared := make([]byte, 0, 1000)
	shared = append(shared, line("x", 1, 10)...)
	Put(a, shared)
	Put(b, shared)
	Put(a, line("a", 2, 10))
	Put(b, line("b", 2, 10))
	for _, m := range []*medium{full, other} {
		m.mu.Lock()
		m.room = 1_000_000
		m.mu.Unlock()
	}
	await.Until(t, "all is written", func() bool { return isIdle(a) && isIdle(b) })
	if want := string(line("x", 1, 10)) + string(line("a", 2, 10)); content(full) != want {
		t.Errorf("%q, want %q", content(full), want)
	}
	if want := string(line("x", 1, 10)) + string(line("b", 2, 10)); content(other) != want {
		t.Errorf("%q, want %q", content(other), want)
	}
}

// A gap is told also where nothing is left of what waited.
func TestDirectGapOfAll(t *testing.T) {
	m := &medium{room: 1_000_000, block: make(chan bool, 1000)}
	s := &said{}
	d := direct(m, s, 100)
	var wg sync.WaitGroup
	wg.Add(1)
	go put(d, line("a", 1, 3), &wg)
	await.Until(t, "the first is at it", func() bool { return !isIdle(d) })
	Put(d, line("a", 2, 500)) // more than may wait
	for i := 0; i < 100; i++ {
		m.block <- true
	}
	wg.Wait()
	await.Until(t, "the gap is told", func() bool { return strings.Contains(content(m), "a gap 2 2 1") })
}

// Who does not listen holds up nobody.
func TestNobodyWaitsForWhoListens(t *testing.T) {
	never := make(chan bool)
	deaf := func(_, _ string, _ time.Time) { <-never }
	m := &medium{}
	d := NewDirect("output x", 100, testFormat, func(lines []byte, _ time.Time) (int, error) { return writeTo(m, lines) }, deaf)
	r, _ := away()
	q := NewQueue("output y", Options{Interval: time.Millisecond, MemoryBytes: 100, BatchBytes: 100}, testFormat, func(records [][]byte) Outcome { return receive(r, records) }, deaf)
	done := make(chan bool, 1)
	go callMany(d, q, done)
	await.Until(t, "they don't wait", func() bool { return len(done) > 0 })
}

func callMany(d *Direct, q *Queue, done chan bool) {
	for i := 1; i <= 300; i++ {
		Put(d, line("a", i, 50))
		Add(q, line("a", i, 50))
	}
	done <- true
}

// A queue with nothing in it comes to rest at its first turn, also on one processor.
func TestRestsWhenEmpty(t *testing.T) {
	for _, directory := range []string{"", t.TempDir()} {
		r, _ := away()
		q := queue(r, &said{}, Options{Directory: directory, DiskBytes: 1_000_000, Interval: time.Hour})
		turn(q)
		if !isEmpty(q) {
			t.Errorf("in %q: another turn is planned, with nothing to send", directory)
		}
	}
}
