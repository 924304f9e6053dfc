package store

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// One process at a time works on a store, be it a Traefik or a command. It says so in a
// file, whose time it sets again and again: a process that was killed does so no more. Who
// comes next looks twice, Silence apart, so no clocks are compared.
const (
	lockFile = "lock"

	// Heartbeat is how often the owner has to call Own.
	Heartbeat = time.Second
	// Silence is for how long the file must not have changed.
	Silence = 4 * time.Second
)

// Owner is one who wants to work on a store. It has one user.
type Owner struct {
	token string
	seen  string // what was seen of another one
	since time.Time
}

// NewOwner returns one who owns nothing yet.
func NewOwner() *Owner {
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	return &Owner{token: hex.EncodeToString(random)}
}

// Own says whether the store is the owner's now. Who is refused asks again after a while:
// another one that says nothing for Silence is gone, and the store is taken over.
func Own(s *Store, o *Owner, now time.Time) bool {
	if s.Medium != nil {
		return s.Medium.Own()
	}
	path := filepath.Join(s.Directory, lockFile)
	state := plainfile.Look(path)
	if state.Info == nil {
		return makeLock(o, path)
	}
	content, _ := plainfile.Read(state, 1000)
	token := strings.TrimSpace(string(content))
	if token == o.token {
		_ = os.Chtimes(path, now, now)
		return true
	}
	seen := token + " " + state.Info.ModTime().String()
	if seen != o.seen {
		o.seen = seen
		o.since = now
		return false
	}
	if now.Sub(o.since) < Silence {
		return false
	}
	_ = os.Remove(path)
	return makeLock(o, path)
}

// makeLock makes the file, unless another one has done so meanwhile.
func makeLock(o *Owner, path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	_, err = f.WriteString(o.token + "\n")
	_ = f.Close()
	return err == nil
}

// Disown lets the next one have the store at once.
func Disown(s *Store, o *Owner) {
	if s.Medium != nil {
		s.Medium.Disown()
		return
	}
	path := filepath.Join(s.Directory, lockFile)
	content, _ := plainfile.Read(plainfile.Look(path), 1000)
	if strings.TrimSpace(string(content)) == o.token {
		_ = os.Remove(path)
	}
}

// LastSign returns when an owner last said that it is there; now, where nobody has.
func LastSign(s *Store) time.Time { return timeOf(s, lockFile) }
