package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
)

// fileOutput is an output of a test.
func fileOutput(path string) *Output {
	return NewOutput("x", Spec{Kind: "file", Name: "output file " + path, File: logfile.Options{Path: path, MaxBytes: 1 << 20, Keep: 1}, Queue: outbox.Options{MemoryBytes: 10_000}})
}

// A record stays announced until the last of several outputs has it, whatever arrives
// there before, and there is no more of them than may wait.
func TestAnnouncedUntilItArrives(t *testing.T) {
	root := t.TempDir()
	blocked := filepath.Join(root, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := fileOutput(filepath.Join(root, "good"))
	bad := fileOutput(filepath.Join(blocked, "bad"))
	numbers := NewNumbers("x")
	OpenAhead(numbers, filepath.Join(root, "ahead"), []*Output{good, bad})
	line := func(n int64) []byte {
		return []byte(fmt.Sprintf(`{"event.id":%q,"event.sequence":%d,"hookward.epoch":%q}`, IDOf(numbers, n), n, numbers.Epoch) + "\n")
	}
	announce := func(n int64, outputs []*Output) error {
		_, err := announceLine(numbers, IDOf(numbers, n), n, line(n), outputs)
		return err
	}
	for n := int64(1); n <= 3; n++ {
		if err := announce(n, []*Output{good, bad}); err != nil {
			t.Fatal(err)
		}
		if Put([]*Output{good, bad}, line(n), true) {
			t.Error("it has arrived where it can't be")
		}
	}
	if err := announce(4, []*Output{good}); err != nil {
		t.Fatal(err)
	}
	if !Put([]*Output{good}, line(4), true) {
		t.Error("it has not arrived")
	}
	ahead.ArriveAll(Announcements, IDOf(numbers, 4))
	for n := int64(1); n <= 4; n++ {
		if is := ahead.Has(Announcements, IDOf(numbers, n)); is != (n < 4) {
			t.Errorf("record %d is announced: %v", n, is)
		}
	}
	long := []byte(`{"event.id":"x","text":"` + strings.Repeat("y", 11_000) + `"}` + "\n")
	if _, err := announceLine(numbers, "x", 5, long, []*Output{good, bad}); err == nil || !strings.Contains(err.Error(), "has no room for it") {
		t.Errorf("there is room for more than may wait: %v", err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !ahead.IsEmpty(Announcements); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they are announced for ever")
		}
	}
}
