package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// report returns one in the detector's words, of a write and a read by these functions.
func report(write, read string) string {
	return "==================\nWARNING: DATA RACE\nWrite at 0x00c00087b730 by goroutine 22:\n" + write +
		"\nPrevious read at 0x00c00087b730 by goroutine 57:\n" + read +
		"\nGoroutine 57 (running) created at:\n  github.com/hookward/hookward.submit()\n      github.com/hookward/hookward/workers.go:27 +0xd9\n==================\n"
}

const (
	theirs  = "  github.com/traefik/traefik/v3/pkg/ping.(*Handler).ServeHTTP()\n      github.com/traefik/traefik/v3@v3.6.12/pkg/ping/ping.go:33 +0x3a\n  github.com/hookward/hookward.serve()\n      github.com/hookward/hookward/serve.go:20 +0x3a\n"
	mapRead = "  runtime.mapaccess2_faststr()\n      runtime/map.go:10 +0x3a\n  internal/sync.(*HashTrieMap[go.shape.string]).Load()\n      internal/sync/map.go:1 +0x1\n  github.com/hookward/hookward/internal/bucket.Take()\n      github.com/hookward/hookward/internal/bucket/bucket.go:20 +0x3a\n"
)

// A race is hookward's where it is hookward that reads or writes, be it by a function of
// the standard library, and not where it stands further out.
func TestCollect(t *testing.T) {
	directory := t.TempDir()
	for name, text := range map[string]string{"race.1": report(theirs, theirs) + "Found 1 data race(s)\n", "race.2": report(theirs, theirs) + report(theirs, mapRead)} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours, others, err := collect(directory)
	if err != nil || len(ours) != 1 || !strings.Contains(ours[0], "bucket.Take") {
		t.Errorf("%v %q", err, ours)
	}
	where := "github.com/traefik/traefik/v3/pkg/ping.(*Handler).ServeHTTP()"
	if len(others) != 1 || others[where+" and "+where] != 2 {
		t.Errorf("%v", others)
	}
}

func TestFollow(t *testing.T) {
	outcomes, err := follow(strings.NewReader(`{"Action":"output","Test":"TestA","Output":"x"}
{"Action":"pass","Test":"TestA/one"}
{"Action":"fail","Test":"TestA"}
{"Action":"skip","Test":"TestB"}
{"Action":"fail"}
./e2e/a.go:1: a mistake
`))
	if err != nil || outcomes["pass"] != 1 || outcomes["fail"] != 1 || outcomes["skip"] != 1 {
		t.Errorf("%v %v", err, outcomes)
	}
}
