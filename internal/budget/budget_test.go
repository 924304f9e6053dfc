package budget

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// What a source holds is never more than it leaves to all others, anybody's part aside.
func TestShares(t *testing.T) {
	b := New()
	SetLimit(b, 800)
	if !Take(b, 100) || Take(b, 1) {
		t.Fatal("anybody's part is not an eighth")
	}
	if TakeFor(b, "a", 351, 0) || !TakeFor(b, "a", 350, 0) || TakeFor(b, "a", 1, 0) {
		t.Fatal("one source alone may hold something else than a half")
	}
	if TakeFor(b, "b", 176, 0) || !TakeFor(b, "b", 175, 0) {
		t.Fatal("the second may hold something else than a half of what is left")
	}
	ReturnFor(b, "a", 350)
	if !TakeFor(b, "b", 87, 0) || held(b) != 100+175+87 {
		t.Fatalf("what is given back is not there for others: %d are held", held(b))
	}
	Return(b, 100)
	ReturnFor(b, "b", 262)
	if held(b) != 0 || len(b.held) != 0 || !Take(b, 100) {
		t.Fatalf("%d are held by nobody, %v", held(b), b.held)
	}
}

// Who has stalled gets nothing of the second half, for five minutes at least and ten at
// most; everybody else does.
func TestStalled(t *testing.T) {
	b := New()
	SetLimit(b, 800)
	NoteStall(b, "slow", 1)
	if !TakeFor(b, "a", 300, 2) {
		t.Fatal("a source that has not stalled has no room")
	}
	for now, want := range map[int64]bool{2: false, turnTime - 1: false} {
		if TakeFor(b, "slow", 30, now) != want {
			t.Errorf("after %d ns, one that has stalled is not served last", now)
		}
	}
	if !TakeFor(b, "quick", 30, 2) {
		t.Error("others are not served before it")
	}
	TakeFor(b, "a", 0, turnTime+1) // the next turn
	if TakeFor(b, "slow", 30, turnTime+2) {
		t.Error("a stall is forgotten within a turn")
	}
	TakeFor(b, "a", 0, 2*turnTime+2)
	if !TakeFor(b, "slow", 30, 2*turnTime+3) {
		t.Error("a stall is never forgotten")
	}
}

// However many stall, what is known of them is bounded.
func TestStalledAreBounded(t *testing.T) {
	b := New()
	for i := 0; i < 3*maxStalled; i++ {
		NoteStall(b, fmt.Sprint(i), 1)
		if known := len(b.stalled) + len(b.before); known > 2*maxStalled {
			t.Fatalf("%d sources are remembered", known)
		}
	}
}

// A limit that changes while bytes are held keeps the accounts.
func TestSetLimitWhileHeld(t *testing.T) {
	b := New()
	SetLimit(b, 8000)
	Take(b, 1000)
	TakeFor(b, "a", 1000, 0)
	SetLimit(b, 800)
	if held(b) != 2000 || Take(b, 1) || TakeFor(b, "b", 1, 0) {
		t.Errorf("%d are held of 800, and more is given", held(b))
	}
	SetLimit(b, 80_000)
	if held(b) != 2000 || !Take(b, 9000) || !TakeFor(b, "b", 1000, 0) {
		t.Errorf("%d are held of 80,000, and no more is given", held(b))
	}
}

func TestConcurrentSources(t *testing.T) {
	b := New()
	SetLimit(b, 8000)
	done := sync.WaitGroup{}
	for i := 0; i < 8; i++ {
		done.Add(1)
		go func(source string) {
			defer done.Done()
			for n := int64(1); n < 500; n++ {
				if Take(b, n) {
					Return(b, n)
				}
				if TakeFor(b, source, n, n) {
					if held := held(b); held > 8000 {
						t.Errorf("%d are held of 8000", held)
					}
					ReturnFor(b, source, n)
				}
			}
		}(fmt.Sprint(i))
	}
	done.Wait()
	if held(b) != 0 {
		t.Errorf("%d are left", held(b))
	}
}

func TestDefault(t *testing.T) {
	const unlimited = 1<<63 - 1
	for name, c := range map[string]struct {
		memory int64
		files  map[string]string
		want   int64
	}{
		"nothing is known":           {unlimited, nil, fixed},
		"GOMEMLIMIT":                 {400 << 20, nil, 100 << 20},
		"version 2":                  {unlimited, map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "536870912\n"}, 128 << 20},
		"version 2, the group above": {unlimited, map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "536870912\n"}, 128 << 20},
		"version 2, unlimited":       {unlimited, map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, fixed},
		"version 1":                  {unlimited, map[string]string{"proc/self/cgroup": "9:cpu:/x\n4:memory:/docker/ab\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n"}, 128 << 20},
		"version 1, unlimited":       {unlimited, map[string]string{"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, fixed},
		"the smaller of both":        {400 << 20, map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 100 << 20},
		"nonsense":                   {unlimited, map[string]string{"proc/self/cgroup": "::\nx\n0::/\n", "sys/fs/cgroup/memory.max": "-1\n"}, fixed},
	} {
		root := t.TempDir()
		for file, text := range c.files {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := defaultOf(c.memory, root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if Default() <= 0 {
		t.Error("there is no limit here")
	}
}

// held returns how many bytes are taken.
func held(b *Budget) int64 {
	n, _ := Used(b)
	return n
}
