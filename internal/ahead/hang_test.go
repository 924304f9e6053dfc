package ahead

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/waltest"
)

// onDisk lets a test have a disk of its own, and less patience.
func onDisk(t *testing.T) *waltest.Disk {
	t.Helper()
	d := waltest.NewDisk()
	beforePatience, beforeAppend := patience, appendAll
	patience = time.Second
	appendAll = d.AppendAll
	t.Cleanup(func() {
		patience = beforePatience
		appendAll = beforeAppend
	})
	return d
}

// A disk that hangs has nobody wait: what can't be written down in time is not begun,
// and leaves nothing behind.
func TestDiskThatHangs(t *testing.T) {
	d := onDisk(t)
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	begin(t, l, 1, "before")
	d.Change(false, true)
	began := time.Now()
	for n := int64(2); n < 50; n++ {
		if err := Begin(l, n, "meanwhile"); err != errSlow {
			t.Fatalf("%d: %v", n, err)
		}
	}
	End(l, 1)
	if passed := time.Since(began); passed > 24*patience { // half of what they would wait
		t.Errorf("it takes %s", passed)
	}
	d.Release()
	await.Until(t, "it does not go on", func() bool { return !errand.IsLate(l.writer) })
	begin(t, l, 50, "after")
	settle(l)
	if got := written(path); got != "after" {
		t.Errorf("%q", got)
	}
}

// What ends while the disk is full has ended in the file as well, once it can be
// written, without anything else beginning.
func TestEndsOnAFullDisk(t *testing.T) {
	d := onDisk(t)
	path := filepath.Join(t.TempDir(), "ahead")
	v := &voice{}
	l := openFor(path, v)
	begin(t, l, 1, "one")
	begin(t, l, 2, "two")
	if err := os.Mkdir(path+".new", 0o700); err != nil { // no file can be written anew
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new/x", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.Change(true, false)
	End(l, 1)
	settle(l)
	if err := Begin(l, 3, "three"); err == nil {
		t.Error("it is begun")
	}
	if !strings.Contains(v.text(), "error: no space left on device") {
		t.Errorf("said %q", v.text())
	}
	d.Change(false, false)
	for _, left := range []string{path + ".new/x", path + ".new"} { // RemoveAll may come upon the new file
		if err := os.Remove(left); err != nil {
			t.Fatal(err)
		}
	}
	await.Until(t, "it does not come back", func() bool { return written(path) == "two" })
	await.Until(t, "it does not say so", func() bool { return strings.Contains(v.text(), "info: records can be written down again") })
}

// A directory that is mounted late has what another process was at: it is found before
// it is replaced. What this one has put there is not.
func TestMountedLate(t *testing.T) {
	root := t.TempDir()
	directory := filepath.Join(root, "state")
	path := filepath.Join(directory, "ahead")
	other, _, _ := open(filepath.Join(root, "disk", "ahead"))
	begin(t, other, 1, "of yesterday")
	v := &voice{}
	l := openFor(path, v)
	begin(t, l, 1, "before the mount")
	mount := func(from, to string) {
		t.Helper()
		if err := os.Rename(directory, filepath.Join(root, to)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(root, from), directory); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // it looks once a second
	}
	mount("disk", "below")
	begin(t, l, 2, "after it")
	if strings.Join(v.texts, ",") != "of yesterday" || written(path) != "of yesterday,before the mount,after it" {
		t.Errorf("found %q, written %q", v.texts, written(path))
	}
	mount("below", "disk")
	begin(t, l, 3, "without it")
	if strings.Join(v.texts, ",") != "of yesterday" {
		t.Errorf("found %q", v.texts)
	}
}
