package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// A sink takes records over HTTP, once it is open.
type sink struct {
	mu    sync.Mutex
	open  bool
	lines []line
	paths map[string]bool
}

func (s *sink) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || !s.open {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	lines, err := linesOf(text)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	s.lines = append(s.lines, lines...)
	for _, l := range lines {
		s.paths[l.Path] = true
	}
}

// has says of how many attempts there is a record.
func (s *sink) has() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.paths)
}

// announced has records wait on the disk for a store that is away, kills Traefik, and
// starts it again in a container: it reads what is there without holding it twice.
func announced(t *trial) {
	group, l, state := testkit.NewControlGroup(t, container<<20), newLedger(), t.TempDir()
	store := &sink{paths: map[string]bool{}}
	url, err := gateway.Serve(t.ctx, "127.0.0.1:0", store)
	if err != nil {
		t.Fatal(err)
	}
	gates := map[string]string{"gh": fmt.Sprintf(github, fmt.Sprintf(`, stateDirectory: %q, audit: {required: "true", payload: full, maxPayloadBytes: 8192, outputs: [{type: http, url: %q}]}`, state, url))}
	s := start(t, l, gates, nil)
	bodies := news(20_000)
	for i := range bodies {
		bodies[i] += strings.Repeat(" and more", 550)
	}
	s.load("gh", 16, bodies)
	s.kill()
	kept := sizeOf(t, state)
	store.mu.Lock()
	store.open = true
	store.mu.Unlock()
	since := time.Now()
	again := start(t, l, gates, group)
	took := time.Since(since)
	good := len(bodies) - len(l.unsettled(bodies))
	for deadline := time.Now().Add(6 * testkit.Patience); store.has() < good && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	t.figure("%d MiB on the disk; ready after %d ms; Traefik has %d MiB at most, the container %d of %d", kept>>20, took.Milliseconds(), again.memory("VmHWM"), group.Peak(), container)
	if kept < 64<<20 {
		t.Errorf("too little waits on the disk")
	}
	again.end()
	store.mu.Lock()
	defer store.mu.Unlock()
	l.sum(store.lines).check(t, promise{required: true, killed: true})
}

// sizeOf returns how many bytes the files in a directory have.
func sizeOf(t *trial, directory string) int64 {
	total := int64(0)
	err := filepath.WalkDir(directory, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return total
}
