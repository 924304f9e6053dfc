package claim

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/wal"
)

const hour = int64(time.Hour)

// stamp returns a time of the system's clock, in nanoseconds since 1970.
func stamp(now int64) time.Time { return time.Unix(0, now) }

func quiet(_, _ string) {}

func TestLifeCycle(t *testing.T) {
	table := New(time.Hour, 100, quiet)
	for i, step := range []struct {
		do   string
		at   int64
		want int
	}{
		{"claim", 0, Granted}, {"claim", 1, InFlight}, {"release", 2, 0}, {"claim", 3, Granted}, {"claim", 4, InFlight}, {"commit", 5, 0},
		{"claim", 6, Duplicate}, {"claim", hour + 4, Duplicate}, {"claim", hour + 5, Granted}, {"release", hour + 6, 0},
		{"claim", hour + 7, Granted}, {"commit", hour + 8, 0}, {"claim", 2*hour + 7, Duplicate}, {"claim", 2*hour + 8, Granted},
		{"claim", 9 * hour, InFlight}, {"commit", 9 * hour, 0}, {"claim", 9*hour + 1, Duplicate}, {"claim", 0, Duplicate}, {"resize", 0, 0},
		{"claim", 10 * hour, Duplicate}, {"claim", 11*hour - 1, Duplicate}, {"claim", 11 * hour, Granted},
	} {
		switch step.do {
		case "claim":
			if got := Claim(table, "a", stamp(step.at), false); got != step.want {
				t.Errorf("step %d, %+v: %d", i, step, got)
			}
		case "release":
			Release(table, "a")
		case "commit":
			Commit(table, "a", step.at)
		case "resize":
			Resize(table, 2*time.Hour)
		}
	}
}

// Any interleaving of claims, their ends and the time is held against a model
// that remembers everything.
func TestLifeCycleAsModel(t *testing.T) {
	random := rand.New(rand.NewSource(4))
	for round := 0; round < 50; round++ {
		table := New(time.Hour, 1_000_000, quiet)
		now := int64(random.Intn(1000)) * hour
		flying := map[string]bool{}
		until := map[string]int64{}
		for i := 0; i < 500; i++ {
			now += int64(random.Intn(int(hour / 5)))
			key := fmt.Sprint(random.Intn(8))
			switch random.Intn(4) {
			case 0:
				if flying[key] {
					Commit(table, key, now)
					flying[key] = false
					until[key] = now + hour
				}
			case 1:
				if flying[key] {
					Release(table, key)
					flying[key] = false
				}
			default:
				want := Granted
				if flying[key] {
					want = InFlight
				} else if until[key] > now {
					want = Duplicate
				}
				if got := Claim(table, key, stamp(now), random.Intn(2) == 0); got != want {
					t.Fatalf("round %d, step %d: %d, want %d", round, i, got, want)
				}
				flying[key] = flying[key] || want == Granted
			}
		}
	}
}

func TestOneOfManyGetsIt(t *testing.T) {
	table := New(time.Hour, 1000, quiet)
	for round := 0; round < 20; round++ {
		if n := race(table, fmt.Sprint(round)); n != 1 {
			t.Fatalf("%d of 50 have it", n)
		}
	}
}

// race returns how many of 50 goroutines are granted a delivery.
func race(table *Table, key string) int {
	granted := make(chan int, 50)
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		go try(table, key, granted, &wg)
	}
	wg.Wait()
	return len(granted)
}

func try(table *Table, key string, granted chan int, wg *sync.WaitGroup) {
	defer wg.Done()
	if Claim(table, key, stamp(0), false) == Granted {
		granted <- 1
	}
}

func TestFullTables(t *testing.T) {
	told := ""
	table := New(time.Hour, 100, func(_, problem string) { told = problem })
	now := int64(0)
	for i := 0; i < 1000; i++ {
		now++
		if Claim(table, fmt.Sprint(i), stamp(now), false) != Granted {
			t.Fatalf("delivery %d is refused", i)
		}
		Commit(table, fmt.Sprint(i), now)
		if n := len(table.current) + len(table.previous); n > 100 {
			t.Fatalf("%d entries", n)
		}
		for back := 0; back < 50 && back <= i; back++ {
			if Claim(table, fmt.Sprint(i-back), stamp(now), false) != Duplicate {
				t.Fatalf("delivery %d is forgotten after %d others", i-back, back)
			}
		}
	}
	if n := Evicted(table); n < 850 || n > 950 || !strings.HasSuffix(told, fmt.Sprintf("the oldest are forgotten, %d so far", n)) {
		t.Errorf("%d evicted, %q", n, told)
	}
	// Those under way count as well, and are not refused for that.
	table = New(time.Hour, 100, quiet)
	for i := 0; i < 200; i++ {
		if Claim(table, fmt.Sprint(i), stamp(int64(i)), false) != Granted {
			t.Fatalf("delivery %d is refused", i)
		}
		if i%20 != 0 {
			Commit(table, fmt.Sprint(i), int64(i)) // the others hang
		}
	}
	// Where nothing must be forgotten, what is new is refused.
	table = New(time.Hour, 100, quiet)
	for i := 0; i < 1000; i++ {
		got := Claim(table, fmt.Sprint(i), stamp(0), true)
		if want := map[bool]int{true: Granted, false: Full}[i < 100]; got != want {
			t.Fatalf("delivery %d: %d", i, got)
		}
		if got == Granted {
			Commit(table, fmt.Sprint(i), 0)
		}
	}
	if Claim(table, "0", stamp(hour-1), true) != Duplicate || Claim(table, "new", stamp(hour), true) != Granted || Evicted(table) != 0 {
		t.Error("a strict table forgets, or never has room again")
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(tempDirectory(t), "new", "replay")
	said := []string{}
	tell := func(_, problem string) { said = append(said, problem) }
	open := func(now int64) *Table {
		table := New(time.Hour, 200, tell)
		Open(table, path, now)
		return table
	}
	table := open(0)
	for i, key := range []string{"\x00\xff", "b", "c"} {
		Claim(table, key, stamp(int64(i)), false)
		Commit(table, key, int64(i))
	}
	Claim(table, "flying", stamp(5), false)
	Claim(table, "released", stamp(5), false)
	Release(table, "released")
	// The process ends here, without a word.
	again := open(10)
	for key, want := range map[string]int{"\x00\xff": Duplicate, "b": Duplicate, "c": Duplicate, "flying": Granted, "released": Granted} {
		if got := Claim(again, key, stamp(11), false); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
	Close(again)
	// Over two windows of time, the files stay small, and the table right.
	table = open(hour / 2)
	for i := 0; i < 300; i++ {
		now := hour/2 + int64(i)*hour/50
		key := fmt.Sprint("k", i)
		Claim(table, key, stamp(now), false)
		Commit(table, key, now)
		if i%60 == 59 {
			Close(table)
			table = open(now)
			for back := 0; back <= i; back++ {
				want := Granted
				if back < 50 {
					want = Duplicate
				}
				got := Claim(table, fmt.Sprint("k", i-back), stamp(now), false)
				if got == Granted {
					Release(table, fmt.Sprint("k", i-back))
				}
				if got != want {
					t.Fatalf("after %d: %d deliveries ago: %d", i, back, got)
				}
			}
		}
	}
	for _, name := range []string{path, path + ".old"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > 200*40 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if len(said) != 0 {
		t.Errorf("said %q", said)
	}
}

// A journal of more than there is room for: the last ones count.
func TestFullJournal(t *testing.T) {
	path := filepath.Join(tempDirectory(t), "replay")
	none := func(_, problem string) { t.Error(problem) }
	table := New(time.Hour, 100, none)
	Open(table, path, 0)
	for i := 0; i < 90; i++ {
		if Claim(table, fmt.Sprint(i), stamp(int64(i)), true) != Granted {
			t.Fatalf("delivery %d is refused", i)
		}
		Commit(table, fmt.Sprint(i), int64(i))
	}
	Close(table)
	for _, most := range []int{100, 20} {
		again := New(time.Hour, most, none)
		Open(again, path, 90)
		for i := 0; i < 90; i++ {
			want := Duplicate
			if i < 90-most {
				want = Granted
			}
			got := Claim(again, fmt.Sprint(i), stamp(91), true)
			if got == Full {
				got = Granted
			}
			Release(again, fmt.Sprint(i))
			if got != want {
				t.Errorf("of %d, delivery %d: %d, want %d", most, i, got, want)
			}
		}
		Close(again)
	}
	// Opened in mid-flight, nothing of what is known is lost.
	table = New(time.Hour, 100, quiet)
	Claim(table, "known", stamp(0), false)
	Commit(table, "known", 0)
	Claim(table, "flying", stamp(0), false)
	Open(table, filepath.Join(tempDirectory(t), "other"), 1)
	if Claim(table, "known", stamp(2), false) != Duplicate || Claim(table, "flying", stamp(2), false) != InFlight {
		t.Error("a journal makes a table forget")
	}
	Commit(table, "flying", 3) // which waits for the writer: the directory is to be removed
}

func TestDamagedJournals(t *testing.T) {
	good := "61 5\n"
	for name, c := range map[string]struct {
		lines string // that are as they were written
		torn  string // what is behind them
		mode  os.FileMode
		a     int // what "a" is, then
		says  string
	}{
		"good":             {good, "", 0o600, Duplicate, ""},
		"cut off":          {good, "62 36", 0o600, Duplicate, ""},
		"empty":            {"", "", 0o600, Granted, ""},
		"lines of rubbish": {"x\n\n62\n62 x\n 5\n" + good, "", 0o600, Duplicate, "has 5 lines that are damaged"},
		"binary":           {good, "\x00\x01\xff\n", 0o600, Duplicate, "has 1 lines"},
		"not as written":   {"", good, 0o600, Granted, "has 1 lines"},
		"over":             {"61 " + fmt.Sprint(10-hour) + "\n", "", 0o600, Granted, ""},
		"a clock ahead":    {"61 " + fmt.Sprint(hour*1000) + "\n", "", 0o600, Duplicate, ""},
		"too large":        {"61 99999999999999999999\n" + good, "", 0o600, Duplicate, "has 1 lines"},
		"not ours":         {good, "", 0o602, Granted, "may be written by everybody"},
	} {
		path := filepath.Join(tempDirectory(t), "replay")
		lines := strings.Split(c.lines, "\n")
		l, err := wal.Replace(path, lines[:len(lines)-1])
		if err != nil {
			t.Fatal(err)
		}
		wal.Close(l)
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("\n" + c.torn)
		if err == nil {
			err = f.Close()
		}
		if err == nil {
			err = os.Chmod(path, c.mode)
		}
		if err != nil {
			t.Fatal(err)
		}
		v := &voice{}
		table := New(time.Hour, 100, v.tell)
		Open(table, path, 10)
		got := Claim(table, "a", stamp(10), false)
		if said := v.text(); got != c.a || (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %d, said %q", name, got, said)
		}
		Claim(table, "z", stamp(10), false)
		Commit(table, "z", 10)
		Close(table)
		again := New(time.Hour, 100, quiet)
		Open(again, path, 11)
		if got := Claim(again, "z", stamp(11), false); got != Duplicate && c.mode == 0o600 {
			t.Errorf("%s: what comes after it is lost", name)
		}
	}
	// A directory that can't be: everything but the restart works.
	blocked := filepath.Join(tempDirectory(t), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v := &voice{}
	table := New(time.Hour, 100, v.tell)
	Open(table, filepath.Join(blocked, "replay"), 0)
	Claim(table, "a", stamp(0), false)
	Commit(table, "a", 0)
	if Claim(table, "a", stamp(1), false) != Duplicate || !strings.Contains(v.text(), "can't be remembered across a restart") {
		t.Errorf("said %q", v.text())
	}
	Close(table)
}

// The usual case of Claim sees when the window has changed.
func TestUntil(t *testing.T) {
	table := New(time.Hour, 10, func(_, _ string) {})
	at := int64(100 * time.Hour)
	if Claim(table, "a", stamp(at), false) != Granted || table.until != at+int64(time.Hour) || table.room != 4 {
		t.Errorf("until %d, room %d", table.until, table.room)
	}
	Resize(table, time.Minute)
	if table.until != at+int64(time.Minute) {
		t.Errorf("until %d", table.until)
	}
}

// The usual case of Claim decides as claimAny does, and leaves the table as that would:
// here are two tables with the same history, at random times that also go back.
func TestUsualClaim(t *testing.T) {
	random := rand.New(rand.NewSource(8))
	for round := 0; round < 20; round++ {
		most := 4 + random.Intn(40)
		strict := round%2 == 0
		told, modelTold := 0, 0
		table := New(time.Hour, most, func(_, _ string) { told++ })
		model := New(time.Hour, most, func(_, _ string) { modelTold++ })
		at := 100 * hour
		taken := []string{}
		for i := 0; i < 500; i++ {
			at += random.Int63n(hour / 15)
			if random.Intn(60) == 0 {
				at -= hour / 6
			}
			if len(taken) > 0 && random.Intn(2) == 0 {
				n := random.Intn(len(taken))
				key := taken[n]
				taken = append(taken[:n], taken[n+1:]...)
				if random.Intn(2) == 0 {
					Commit(table, key, at)
					Commit(model, key, at)
				} else {
					Release(table, key)
					Release(model, key)
				}
				continue
			}
			key := fmt.Sprint(random.Intn(30))
			model.mu.Lock()
			got, want := Claim(table, key, stamp(at), strict), claimAny(model, key, stamp(at), strict)
			if got != want {
				t.Fatalf("round %d, %d: %d, want %d", round, i, got, want)
			}
			if got == Granted {
				taken = append(taken, key)
			}
			if fmt.Sprint(table.flying) != fmt.Sprint(model.flying) || fmt.Sprint(table.current) != fmt.Sprint(model.current) || fmt.Sprint(table.previous) != fmt.Sprint(model.previous) || told != modelTold || table.evicted != model.evicted {
				t.Fatalf("round %d, %d: the tables differ", round, i)
			}
		}
	}
}
