package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hookward/hookward/dev/testkit"
)

// The replay journal fails for a while. What passed meanwhile is known after a restart.
var journalCases = []faultCase{
	{"journal: disk full for a moment", func(t *trial) {
		disk := testkit.NewSmallDisk(t, 4<<20)
		journal(t, disk.Path, again, disk.Fill, disk.Free)
	}},
	{"journal: read-only at the start", func(t *trial) {
		disk := testkit.NewSmallDisk(t, 4<<20)
		disk.Writable(false)
		journal(t, disk.Path, again, nil, func() { disk.Writable(true) })
	}},
	{"journal: directory removed", func(t *trial) {
		directory := t.TempDir()
		journal(t, directory, anew, func() {
			if err := os.RemoveAll(filepath.Join(directory, "state")); err != nil {
				t.Fatal(err)
			}
		}, nil)
	}},
	{"journal: mounted late", func(t *trial) {
		directory := t.TempDir()
		journal(t, directory, anew, nil, func() { testkit.MountSmallDisk(t, directory, 4<<20) })
	}},
	{"journal: two Traefiks in one directory", sharedDirectory},
}

// What stderr says when the journal is well again.
const (
	again = "is remembered across a restart again"
	anew  = "was removed or replaced; it is written anew"
)

// journal delivers before the journal fails, meanwhile, and when it is well again, and then
// everything once more, after a kill.
func journal(t *trial, directory, well string, fail, mend func()) {
	l := newLedger()
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: {window: 1h}`, filepath.Join(directory, "state")))}
	s := start(t, l, gates, nil)
	bodies := news(90)
	s.load("gh", 4, bodies[:30])
	if fail != nil {
		fail()
	}
	s.load("gh", 4, bodies[30:60])
	if mend != nil {
		mend()
	}
	// What makes the gate look at its journal again are deliveries.
	testkit.Await(t, "stderr says that the journal is well again", func() bool {
		s.deliver("gh", news(1)[0])
		return len(s.Stderr.Lines(well)) > 0
	})
	s.load("gh", 4, bodies[60:])
	s.kill()
	restarted := start(t, l, gates, nil)
	restarted.load("gh", 4, bodies)
	l.sum(t.lines("", s, restarted)).check(t, promise{once: true, killed: true})
}

func sharedDirectory(t *trial) {
	l, directory := newLedger(), t.TempDir()
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, replay: {window: 1h}, audit: {required: "true"}`, directory))}
	first := start(t, l, gates, nil)
	second := start(t, l, gates, nil)
	for _, s := range []*site{first, second} {
		s.load("gh", 4, news(50))
		s.said("another Traefik uses the directory")
	}
	l.sum(t.lines("", first, second)).check(t, promise{required: true})
}
