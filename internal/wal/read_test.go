package wal

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// No bit of a line can change without the line being passed over, and no other.
func TestDamagedLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := opened(t, path)
	appendAll(t, l, "first", "second", "third")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(whole), "\n\n") + 2
	space := start + strings.IndexByte(string(whole[start:]), ' ')
	end := start + strings.IndexByte(string(whole[start:]), '\n')
	for i := start; i < end; i++ {
		for bit := 0; bit < 8; bit++ {
			changed := append([]byte{}, whole...)
			changed[i] ^= 1 << bit
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			got := readBack(t, path)
			sameSum := i < space && strings.EqualFold(string(changed), string(whole)) // a digit in capitals
			if got != "first,third" && !sameSum {
				t.Errorf("byte %d, bit %d: %q", i, bit, got)
			}
		}
	}
}

// What somebody else has written is not taken for lines, and makes no start fail.
func TestForeignFiles(t *testing.T) {
	directory := t.TempDir()
	for name, content := range map[string]string{
		"a text":        "hello\nworld 1\n\n \n",
		"json":          "{\"a\": 1}\n{\"b\": 2}\n",
		"binary":        "\x00\x01\xff \x00\n\xde\xad",
		"zeros":         strings.Repeat("\x00", 3*pieceBytes),
		"long lines":    strings.Repeat(strings.Repeat("x y", pieceBytes)+"\n", 3),
		"a sum alone":   "0\n1 \n 0\nffffffffffffffffffff x\n",
		"another's sum": "12345678 x\n",
	} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		whole := 0 // lines that have an end, and something in them
		for _, line := range strings.SplitAfter(content, "\n") {
			if len(line) > 1 && strings.HasSuffix(line, "\n") {
				whole++
			}
		}
		damaged, problem := Read(path, anySize, func(line []byte) { t.Errorf("%s: %.100q is taken for a line", name, line) })
		if problem != "" || damaged != whole {
			t.Errorf("%s: %d lines are damaged; %s", name, damaged, problem)
		}
		appendAll(t, opened(t, path), "ours")
		if got := readBack(t, path); got != "ours" {
			t.Errorf("%s: %.100q", name, got)
		}
	}
}

// A log is never held in memory as a whole.
func TestReadIsAStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	line := strings.Repeat("x", 1000)
	lines := make([]string, 64_000)
	for i := range lines {
		lines[i] = line
	}
	l, err := Replace(path, lines)
	if err != nil {
		t.Fatal(err)
	}
	Close(l)
	most, n := uint64(0), 0
	runtime.GC()
	before := heap()
	_, problem := Read(path, anySize, func(_ []byte) {
		n++
		if n%16_000 == 0 {
			runtime.GC()
			if now := heap() - before; now > most && now < 1<<40 {
				most = now
			}
		}
	})
	if problem != "" || n != len(lines) || most > 8<<20 {
		t.Errorf("%d lines; %d bytes are held of %d; %s", n, most, Size(l), problem)
	}
}

func heap() uint64 {
	stats := &runtime.MemStats{}
	runtime.ReadMemStats(stats)
	return stats.HeapAlloc
}
