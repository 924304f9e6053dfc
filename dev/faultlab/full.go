package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// A file output on a disk of 4 MiB that is full, with room for announcements elsewhere.
var fullCases = []faultCase{
	{"disk full: file output", func(t *trial) { full(t, false, false) }},
	{"disk full: required", func(t *trial) { full(t, true, false) }},
	{"disk full: required, kill -9", func(t *trial) { full(t, true, true) }},
	{"disk full: 18 times", fullAgain},
}

func fileGate(disk *testkit.SmallDisk, state string, required bool) (map[string]string, string) {
	path := filepath.Join(disk.Path, "hooks.log")
	more := ""
	if required {
		more = `required: "true", `
	}
	return map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, audit: {%soutputs: [{type: file, path: %q, bufferBytes: "400000"}]}`, state, more, path))}, path
}

func full(t *trial, required, kill bool) {
	disk, l := testkit.NewSmallDisk(t, 16<<20), newLedger()
	gates, path := fileGate(disk, t.TempDir(), required)
	s := start(t, l, gates, nil)
	s.load("gh", 16, news(100))
	disk.Fill()
	s.load("gh", 16, news(4000))
	if kill {
		s.kill()
	}
	disk.Free()
	if kill {
		s = start(t, l, gates, nil)
	}
	s.load("gh", 16, news(1)) // the output is asked for once more
	settled(t, path)
	t.figure("Traefik has %d MiB at most", s.memory("VmHWM"))
	s.end()
	l.sum(t.lines(path)).check(t, promise{required: required, killed: kill})
}

// fullAgain fills and frees the disk under load.
func fullAgain(t *trial) {
	disk, l := testkit.NewSmallDisk(t, 16<<20), newLedger()
	gates, path := fileGate(disk, t.TempDir(), true)
	s := start(t, l, gates, nil)
	for range 18 {
		disk.Fill()
		s.load("gh", 16, news(200))
		disk.Free()
		s.load("gh", 16, news(50))
	}
	settled(t, path)
	s.end()
	l.sum(t.lines(path)).check(t, promise{required: true})
}

// settled waits until a file has not grown for longer than an output waits between two
// attempts at first.
func settled(t *trial, path string) {
	size, since := int64(0), time.Now()
	testkit.Await(t, path+" grows no more", func() bool {
		if info, err := os.Stat(path); err == nil && info.Size() != size {
			size, since = info.Size(), time.Now()
		}
		return time.Since(since) > 5*time.Second
	})
}
