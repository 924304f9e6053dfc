package wal

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/plainfile"
)

// heard keeps what is told.
type heard struct {
	mu   sync.Mutex
	said string
}

func (h *heard) tell(_, message string) {
	h.mu.Lock()
	h.said += message + "\n"
	h.mu.Unlock()
}

func (h *heard) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said
}

func ownerOf(directory, token string, h *heard) *owner {
	return newOwner(directory, token, func(level, message string) { h.tell(level, message) })
}

// Two processes in one directory both tell; one after another, even without a pause,
// tells nothing.
func TestOwners(t *testing.T) {
	before := ownerInterval
	ownerInterval = 10 * time.Millisecond
	defer func() { ownerInterval = before }()
	directory := t.TempDir()
	first, second := &heard{}, &heard{}
	a := ownerOf(directory, "a", first)
	wait := func(what string, holds func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(what)
			}
		}
	}
	owned := func(token string) bool {
		content, _ := os.ReadFile(filepath.Join(directory, ownerFile))
		return strings.TrimSpace(string(content)) == token
	}
	wait("it is not noted", func() bool { return owned("a") })
	disown(a) // it has been killed
	errand.Run(a.look)
	b := ownerOf(directory, "b", second)
	wait("it is not noted", func() bool { return owned("b") })
	time.Sleep(50 * time.Millisecond)
	if first.text()+second.text() != "" {
		t.Errorf("a restart is told: %s", first.text()+second.text())
	}
	c := ownerOf(directory, "c", first)
	for _, h := range []*heard{first, second} {
		wait("it is not told", func() bool { return strings.Contains(h.text(), "another Traefik uses the directory "+directory) })
	}
	disown(b)
	disown(c)
}

// Only directories that are in use are looked at.
func TestDisown(t *testing.T) {
	kept, left := t.TempDir(), t.TempDir()
	h := &heard{}
	for _, directory := range []string{kept, left, kept} {
		Own(directory, func(level, message string) { h.tell(level, message) })
	}
	for _, directory := range []string{kept, left} {
		for deadline := time.Now().Add(10 * time.Second); !plainfile.Changed(plainfile.State{Path: filepath.Join(directory, ownerFile)}); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("it is not noted")
			}
		}
	}
	Disown(map[string]bool{kept: true})
	ownersMu.Lock()
	defer ownersMu.Unlock()
	if owners[kept] == nil || owners[left] != nil {
		t.Errorf("%v", owners)
	}
	disown(owners[kept])
	delete(owners, kept)
}
