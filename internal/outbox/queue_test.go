package outbox

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

func queue(r *receiver, s *said, o Options) *Queue {
	if o.Interval == 0 {
		o.Interval = 5 * time.Millisecond
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = 1_000_000
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = 1000
	}
	o.FileName = "audit-x"
	return NewQueue("output x", o, testFormat, func(records [][]byte) Outcome { return receive(r, records) }, listen(s))
}

func drained(t *testing.T, q *Queue) {
	t.Helper()
	await.Until(t, "the queue is empty", func() bool { return isEmpty(q) })
}

// again lets a queue try at once.
func again(q *Queue) {
	q.mu.Lock()
	q.until = time.Time{}
	q.mu.Unlock()
}

func files(directory string) int {
	entries, _ := os.ReadDir(directory)
	return len(entries)
}

func check(t *testing.T, r *receiver, last map[string]int, most int) {
	t.Helper()
	problem, twice := account(r, last)
	if problem != "" || twice > most {
		t.Errorf("%s; %d arrived twice", problem, twice)
	}
}

func TestQueue(t *testing.T) {
	r, s := &receiver{}, &said{}
	q := queue(r, s, Options{})
	for i := 1; i <= 100; i++ {
		Add(q, line("a", i, 50))
	}
	drained(t, q)
	check(t, r, map[string]int{"a": 100}, 0)
	if r.calls > 20 || heard(s) != "" {
		t.Errorf("%d calls, said %q", r.calls, heard(s))
	}
}

func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		outcome func(call int, records [][]byte) Outcome
		lost    int
		says    string
	}{
		"some later": {func(call int, records [][]byte) Outcome {
			if call > 2 || len(records) < 2 {
				return Outcome{}
			}
			return Outcome{Later: records[len(records)/2:], Problem: "is busy"}
		}, 0, "error output x: is busy; records wait\n"},
		"all later": {func(call int, records [][]byte) Outcome {
			if call > 1 {
				return Outcome{}
			}
			return Outcome{Later: records, Problem: "answered 503"}
		}, 0, "info output x: is well again"},
		"one refused": {func(_ int, records [][]byte) Outcome {
			o := Outcome{}
			for _, record := range records {
				if strings.HasPrefix(string(record), "a 7 ") {
					o.Refused = append(o.Refused, record)
					o.Problem = "refuses a record"
				}
			}
			return o
		}, 1, "refuses a record; a gap in the records says which are lost"},
		"one that spoils the batch": {func(_ int, records [][]byte) Outcome {
			for _, record := range records {
				if strings.HasPrefix(string(record), "a 7 ") {
					if len(records) == 1 {
						return Outcome{Refused: records, Problem: "answered 400"}
					}
					return Outcome{Later: records, Smaller: true, Problem: "answered 400"}
				}
			}
			return Outcome{}
		}, 1, "answered 400"},
		"too many at once": {func(_ int, records [][]byte) Outcome {
			if len(records) > 3 {
				return Outcome{Later: records, Smaller: true, Problem: "answered 413"}
			}
			return Outcome{}
		}, 0, "answered 413"},
		"a panic": {func(call int, _ [][]byte) Outcome {
			if call == 1 {
				panic("of the sender")
			}
			return Outcome{}
		}, 0, "sending panicked: of the sender"},
	} {
		r, s := &receiver{outcome: c.outcome}, &said{}
		q := queue(r, s, Options{})
		for i := 1; i <= 40; i++ {
			Add(q, line("a", i, 50))
		}
		await.Until(t, name, func() bool { again(q); return isEmpty(q) })
		await.Until(t, name+": "+c.says, func() bool { return strings.Contains(heard(s), c.says) })
		problem, twice := account(r, map[string]int{"a": 40})
		if problem != "" || twice > 0 {
			t.Errorf("%s: %s, %d twice, said %q", name, problem, twice, heard(s))
		}
		gaps := 0
		for _, text := range r.got {
			if text == "a gap 7 7 1" {
				gaps++
			}
		}
		if gaps != c.lost {
			t.Errorf("%s: %d gaps", name, gaps)
		}
	}
}

// What the receiver asks for is waited for, and else a while that grows.
func TestBackoff(t *testing.T) {
	for failures := 1; failures < 100; failures++ {
		wait := pause(failures, 0)
		if wait < firstWait/2 || wait > longest*3/2 || failures > 6 && wait < longest/2 {
			t.Errorf("after %d: %s", failures, wait)
		}
		if wait := pause(failures, time.Minute); wait < time.Minute {
			t.Errorf("after %d: %s", failures, wait)
		}
	}
	r, s := &receiver{outcome: func(_ int, records [][]byte) Outcome {
		return Outcome{Later: records, Wait: time.Hour, Problem: "answered 429"}
	}}, &said{}
	q := queue(r, s, Options{})
	Add(q, line("a", 1, 1))
	await.Until(t, "an attempt", func() bool { return strings.Contains(heard(s), "429") })
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.until.Before(time.Now().Add(59 * time.Minute)) {
		t.Errorf("it tries again at %s", q.until)
	}
}

// While a receiver hangs or is down, memory stays under its bound, and what is
// lost is reported exactly.
func TestBoundedMemory(t *testing.T) {
	for name, r := range map[string]*receiver{
		"hangs": {blocked: make(chan bool, 100_000)},
		"down": {outcome: func(call int, records [][]byte) Outcome {
			if call > 2 {
				return Outcome{}
			}
			return Outcome{Later: records, Problem: "down"}
		}},
	} {
		s := &said{}
		q := queue(r, s, Options{MemoryBytes: 5000})
		for i := 1; i <= 500; i++ {
			Add(q, line([]string{"a", "b"}[i%2], (i+1)/2, 50))
			if memory, _ := waiting(q); memory > 5000+2000 {
				t.Fatalf("%s: %d bytes wait", name, memory)
			}
		}
		if r.blocked != nil {
			for i := 0; i < 10_000; i++ {
				r.blocked <- true
			}
		}
		await.Until(t, name, func() bool { again(q); return isEmpty(q) })
		check(t, r, map[string]int{"a": 250, "b": 250}, 0)
		if !strings.Contains(strings.Join(r.got, "\n"), "a gap ") {
			t.Errorf("%s: %q", name, r.got)
		}
		await.Until(t, name, func() bool { return strings.Contains(heard(s), "records are lost, because too many wait to be sent") })
	}
}

// What can't be sent waits on disk, in order, also for the next process.
func TestSpill(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "new")
	down := true
	var mu sync.Mutex
	r, s := &receiver{outcome: func(_ int, records [][]byte) Outcome {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return Outcome{Later: records, Problem: "down"}
		}
		return Outcome{}
	}}, &said{}
	o := Options{MemoryBytes: 1_000_000, Directory: directory, DiskBytes: 1_000_000}
	q := queue(r, s, o)
	for i := 1; i <= 200; i++ {
		Add(q, line("a", i, 50))
	}
	await.Until(t, "all is on disk", func() bool { memory, disk := waiting(q); return memory == 0 && disk > 200*50 })
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) < 5 {
		t.Fatal(len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info, err)
		}
	}
	// The process ends here, in the middle of a line.
	q.mu.Lock()
	q.until = time.Now().Add(time.Hour)
	q.mu.Unlock()
	last := filepath.Join(directory, entries[len(entries)-1].Name())
	content, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(last, append(content, "a 999 cut o"...), 0o600); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	down = false
	mu.Unlock()
	next := queue(r, s, o)
	for i := 201; i <= 210; i++ {
		Add(next, line("a", i, 50))
	}
	drained(t, next)
	check(t, r, map[string]int{"a": 210}, 0)
	if files(directory) != 0 {
		t.Errorf("%d files are left", files(directory))
	}
}

func TestBoundedDisk(t *testing.T) {
	directory := t.TempDir()
	r, s := &receiver{outcome: func(call int, records [][]byte) Outcome {
		if call > 3 {
			return Outcome{}
		}
		return Outcome{Later: records, Problem: "down"}
	}}, &said{}
	q := queue(r, s, Options{Directory: directory, DiskBytes: 5000})
	for i := 1; i <= 500; i++ {
		Add(q, line("a", i, 50))
		if i%50 == 0 {
			await.Until(t, "it is on disk", func() bool { memory, disk := waiting(q); return memory == 0 && disk <= 5000+1100 })
		}
	}
	await.Until(t, "it is sent", func() bool { again(q); return isEmpty(q) })
	check(t, r, map[string]int{"a": 500}, 0)
	if files(directory) != 0 {
		t.Errorf("%d files", files(directory))
	}
	await.Until(t, "it is said", func() bool { return strings.Contains(heard(s), "too many wait on disk") })
}

// With Store, a record is on disk when it returns; where it can't be, it waits in
// memory all the same.
func TestStore(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "d")
	r, s := &receiver{blocked: make(chan bool, 10_000)}, &said{}
	o := Options{Directory: directory, DiskBytes: 1_000_000}
	q := queue(r, s, o)
	for i := 1; i <= 50; i++ {
		if !Store(q, line("a", i, 50)) {
			t.Fatalf("record %d is not on disk", i)
		}
	}
	stored := 0
	entries, _ := os.ReadDir(directory)
	for _, e := range entries {
		records, _, _ := readSegment(filepath.Join(directory, e.Name()))
		stored += len(records)
	}
	if stored != 50 {
		t.Errorf("%d records are on disk", stored)
	}
	for i := 0; i < 1000; i++ {
		r.blocked <- true
	}
	drained(t, q)
	check(t, r, map[string]int{"a": 50}, 0)
	// Without its directory.
	if err := os.RemoveAll(directory); err != nil {
		t.Fatal(err)
	}
	if Store(q, line("a", 51, 50)) {
		t.Error("it is on a disk that is not there")
	}
	await.Until(t, "it is said", func() bool { return strings.Contains(heard(s), "a record is not on disk") })
	drained(t, q)
	check(t, r, map[string]int{"a": 51}, 0)
	if Store(queue(r, s, Options{}), line("b", 1, 1)) {
		t.Error("a queue without a directory stores")
	}
}

func TestBadDirectories(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for directory, says := range map[string]string{file: "not a directory", open: "may be written by everybody"} {
		r, s := &receiver{}, &said{}
		q := queue(r, s, Options{Directory: directory, DiskBytes: 1000})
		Add(q, line("a", 1, 1))
		drained(t, q)
		check(t, r, map[string]int{"a": 1}, 0)
		await.Until(t, says, func() bool {
			return strings.Contains(heard(s), "records can't wait on disk: ") && strings.Contains(heard(s), says)
		})
	}
}

// Whatever a receiver does, each record arrives in order, or is reported as lost.
func TestAnyReceiver(t *testing.T) {
	random := rand.New(rand.NewSource(6))
	for round := 0; round < 12; round++ {
		seed := random.Int63()
		choose := rand.New(rand.NewSource(seed))
		moods := rand.New(rand.NewSource(seed + 1))
		r, s := &receiver{}, &said{}
		r.outcome = func(_ int, records [][]byte) Outcome {
			k := moods.Intn(len(records) + 1)
			switch moods.Intn(6) {
			case 0:
				return Outcome{Later: records, Problem: "down"}
			case 1:
				return Outcome{Later: records[k:], Problem: "in part"}
			case 2:
				return Outcome{Refused: records[k:], Problem: "refuses"}
			case 3:
				if len(records) > 1 {
					return Outcome{Later: records, Smaller: true, Problem: "smaller"}
				}
			}
			return Outcome{}
		}
		o := Options{MemoryBytes: 2000 + choose.Intn(20_000), BatchBytes: 500 + choose.Intn(2000), Interval: time.Millisecond}
		if round%3 > 0 {
			o.Directory = t.TempDir()
			o.DiskBytes = int64(3000 + choose.Intn(20_000))
		}
		q := queue(r, s, o)
		for i := 1; i <= 300; i++ {
			of := []string{"a", "b", "c"}[i%3]
			if round%3 == 2 {
				Store(q, line(of, (i+2)/3, choose.Intn(100)))
			} else {
				Add(q, line(of, (i+2)/3, choose.Intn(100)))
			}
			if i%20 == 0 {
				again(q)
			}
		}
		await.Until(t, fmt.Sprint("round ", round, ": ", heard(s)), func() bool { again(q); return isEmpty(q) })
		problem, twice := account(r, map[string]int{"a": 100, "b": 100, "c": 100})
		if problem != "" || twice > 0 {
			t.Errorf("round %d, seed %d: %s, %d twice", round, seed, problem, twice)
		}
		if o.Directory != "" && files(o.Directory) > 0 {
			t.Errorf("round %d: %d files are left", round, files(o.Directory))
		}
	}
}
