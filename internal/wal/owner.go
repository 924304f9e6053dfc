package wal

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/words"
)

// ownerFile has the token of the process that was the last to find another one there:
// two that use a directory at once take it from each other, and both notice.
const ownerFile = "owner"

// ownerInterval is how often it is looked at.
var ownerInterval = 5 * time.Second

// owner is this process in a directory.
type owner struct {
	path     string
	token    string
	interval time.Duration
	look     *errand.Errand // at the file, now and then
	tell     func(level, message string)

	mu    sync.Mutex
	over  bool // the directory is not used any more
	owned bool // the token has been there
}

var (
	processToken = words.RandomHex(16)

	ownersMu sync.Mutex
	owners   = map[string]*owner{}
)

// Own notes that this process uses a directory, and has it told, again and again, when
// another one does. It does not wait for the disk.
func Own(directory string, tell func(level, message string)) {
	ownersMu.Lock()
	defer ownersMu.Unlock()
	if owners[directory] == nil {
		owners[directory] = newOwner(directory, processToken, tell)
	}
}

// Disown forgets all directories but those that are in use.
func Disown(inUse map[string]bool) {
	ownersMu.Lock()
	defer ownersMu.Unlock()
	for directory, o := range owners {
		if !inUse[directory] {
			delete(owners, directory)
			disown(o)
		}
	}
}

func newOwner(directory, token string, tell func(level, message string)) *owner {
	o := &owner{path: filepath.Join(directory, ownerFile), token: token, interval: ownerInterval, tell: tell}
	o.look = errand.New(ownerInterval, func() { lookForOthers(o) })
	errand.Start(o.look)
	return o
}

func disown(o *owner) {
	o.mu.Lock()
	o.over = true
	o.mu.Unlock()
}

// lookForOthers tells where somebody else has written to the file since this process has.
func lookForOthers(o *owner) {
	o.mu.Lock()
	over := o.over
	owned := o.owned
	o.mu.Unlock()
	if over {
		return
	}
	errand.Later(o.look, o.interval)
	directory := plainfile.Look(filepath.Dir(o.path))
	if directory.Info == nil || plainfile.WritableByAll(directory) {
		return
	}
	content, _ := plainfile.Read(plainfile.Look(o.path), 1000)
	found := strings.TrimSpace(string(content))
	if found == o.token {
		return
	}
	if owned && found != "" {
		o.tell("error", "another Traefik uses the directory "+filepath.Dir(o.path)+", and each needs one of its own: deliveries may pass twice, and be recorded twice")
	}
	if os.WriteFile(o.path, []byte(o.token+"\n"), 0o600) == nil {
		o.mu.Lock()
		o.owned = true
		o.mu.Unlock()
	}
}
