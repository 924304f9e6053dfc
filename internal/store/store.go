package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hookward/hookward/internal/plainfile"
)

// Store is a directory of deliveries, of one middleware, or what is in its place. All functions
// may be used by several goroutines at once, but of one delivery by one at a time.
type Store struct {
	Directory  string
	Medium     *Medium // nil: it is a directory
	Middleware string

	mu      sync.Mutex
	keys    []*Key // newest first; empty: new files are in clear
	journal journal
}

const (
	shards         = "0123456789abcdef"
	temporary      = "tmp"
	middlewareFile = "middleware" // whose deliveries they are, for people and for lists
	prefix         = "delivery-"
)

// DirectoryOf returns where a middleware's deliveries are, below a stateDirectory.
func DirectoryOf(stateDirectory, middleware string) string {
	sum := sha256.Sum256([]byte(middleware))
	return filepath.Join(stateDirectory, prefix+hex.EncodeToString(sum[:16]))
}

// Directories returns the stores that there are below a stateDirectory.
func Directories(stateDirectory string) []string {
	found, err := filepath.Glob(filepath.Join(stateDirectory, prefix+"*"))
	if err != nil {
		return nil
	}
	return found
}

// MiddlewareOf returns whose deliveries a directory has, or nothing where it is no store.
func MiddlewareOf(directory string) string {
	content, problem := plainfile.Read(plainfile.Look(filepath.Join(directory, middlewareFile)), 4096)
	if problem != "" {
		return ""
	}
	return strings.TrimSuffix(string(content), "\n")
}

// New returns a middleware's store, of which nothing is on disk yet: see Create.
func New(directory, middleware string, keys []*Key) *Store {
	return &Store{Directory: directory, Middleware: middleware, keys: keys}
}

// SetKeys changes what is encrypted with from now on. The first key encrypts; all decrypt.
func SetKeys(s *Store, keys []*Key) {
	s.mu.Lock()
	s.keys = keys
	s.mu.Unlock()
}

func keysOf(s *Store) []*Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys
}

// Create sees to it that the directories are there, for Traefik's user alone.
func Create(s *Store) error {
	if s.Medium != nil {
		return nil
	}
	err := os.MkdirAll(s.Directory, 0o700)
	if err != nil {
		return err
	}
	parent := filepath.Dir(s.Directory)
	if plainfile.WritableByAll(plainfile.Look(parent)) || plainfile.WritableByAll(plainfile.Look(s.Directory)) {
		return errors.New("directory " + parent + " or " + s.Directory + " may be written by everybody on this machine")
	}
	for _, state := range []string{Waiting, Dead} {
		err = makeState(s, state)
		if err != nil {
			return err
		}
	}
	err = os.MkdirAll(filepath.Join(s.Directory, temporary), 0o700)
	if err == nil && MiddlewareOf(s.Directory) != s.Middleware {
		err = os.WriteFile(filepath.Join(s.Directory, middlewareFile), []byte(s.Middleware+"\n"), 0o600)
	}
	if err == nil {
		err = syncDirectory(s.Directory)
	}
	if err == nil {
		err = syncDirectory(parent)
	}
	return err
}

// makeState sees to it that the directories of a state are there.
func makeState(s *Store, state string) error {
	for i := range shards {
		err := os.MkdirAll(filepath.Join(s.Directory, state, shards[i:i+1]), 0o700)
		if err != nil {
			return err
		}
	}
	return syncDirectory(filepath.Join(s.Directory, state))
}

// Clean removes what another process has left unfinished, which nobody was told is there.
// Who calls it must own the store.
func Clean(s *Store) {
	if s.Medium != nil {
		return
	}
	directory := filepath.Join(s.Directory, temporary)
	entries, err := os.ReadDir(directory)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		if !isID.MatchString(name) || name[12:20] != processWord {
			_ = os.Remove(filepath.Join(directory, name))
		}
	}
}

// Put stores a delivery, which waits unless its entry says otherwise, and fills in its size.
// When it returns nil, no end of the process or the machine takes it away any more. With an
// error, it is not there. What was delivered is not waited for: the machine's end may take it.
func Put(s *Store, d *Delivery, e *Entry) error {
	var key *Key
	keys := keysOf(s)
	if len(keys) > 0 {
		key = keys[0]
	}
	content, err := encode(d, key)
	if err != nil {
		return err
	}
	if e.State != Dead && e.State != Delivered {
		e.State = Waiting
	}
	e.ID = d.ID
	e.Size = int64(len(content))
	if s.Medium != nil {
		return s.Medium.Put(e, d.Claim, content)
	}
	aside := filepath.Join(s.Directory, temporary, d.ID)
	path := filepath.Join(s.Directory, NameOf(e))
	if e.State == Delivered {
		err = os.WriteFile(aside, content, 0o600)
	} else {
		err = writeSynced(aside, content)
	}
	if err == nil {
		err = renameTo(s, aside, path, e.State)
	}
	if err != nil {
		_ = os.Remove(aside)
		return err
	}
	if e.State == Delivered {
		return nil
	}
	err = syncDirectory(filepath.Dir(path))
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}

// PlannedSize returns how large the file of a delivery will be at most.
func PlannedSize(d *Delivery) int64 {
	size := int64(len(d.Body)) + 4096
	for name, values := range d.Headers {
		for _, v := range values {
			size += int64(4*(len(name)+len(v))) + 8
		}
	}
	return size + int64(4*(len(d.RequestURI)+len(d.URL)))
}

// writeSynced writes a new file. Tests have it fail.
var writeSynced = func(path string, content []byte) error { return writeTo(path, os.O_EXCL, content) }

// writeTo writes to a file that is opened so, and syncs it.
func writeTo(path string, how int, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	closed := f.Close()
	if err == nil {
		err = closed
	}
	return err
}

func syncDirectory(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	_ = f.Close()
	return err
}

// Load returns a delivery, whole, or a word for what is wrong with it.
func Load(s *Store, e *Entry) (*Delivery, string) {
	if s.Medium != nil {
		content, problem := s.Medium.Read(e.ID, 0, -1)
		return decodeOf(s, e, content, problem)
	}
	content, err := os.ReadFile(filepath.Join(s.Directory, NameOf(e)))
	return decodeOf(s, e, content, problemOf(err))
}

// decodeOf returns what was read, unless there was a problem with that.
func decodeOf(s *Store, e *Entry, content []byte, problem string) (*Delivery, string) {
	if problem != "" {
		return nil, problem
	}
	d, problem := decode(content, keysOf(s))
	if problem == "" && d.ID != e.ID {
		return nil, Undecodable
	}
	return d, problem
}

func problemOf(err error) string {
	switch {
	case err == nil:
		return ""
	case os.IsNotExist(err):
		return Gone
	}
	return Unreadable
}

// firstRead is how much of a file is read for what is known of a delivery, as it is enough
// nearly always.
const firstRead = 8192

// Head is Load without the body, of which it reads nothing.
func Head(s *Store, e *Entry) (*Delivery, string) {
	read := func(from, to int) ([]byte, string) { return s.Medium.Read(e.ID, from, to-1) }
	if s.Medium == nil {
		f, err := os.Open(filepath.Join(s.Directory, NameOf(e)))
		if err != nil {
			return nil, problemOf(err)
		}
		defer func() { _ = f.Close() }()
		read = func(from, to int) ([]byte, string) {
			content, err := io.ReadAll(io.LimitReader(f, int64(to-from)))
			if err != nil {
				return nil, Unreadable
			}
			return content, ""
		}
	}
	content, problem := read(0, firstRead)
	if problem != "" {
		return nil, problem
	}
	l, problem := readLine(content)
	if problem != "" {
		return nil, problem
	}
	end := len(l.line) + l.head + l.extra
	if end > len(content) {
		rest, problem := read(len(content), end)
		if problem != "" {
			return nil, problem
		}
		content = append(content, rest...)
	}
	if l.id != e.ID || sizeOf(l) != e.Size {
		return nil, Undecodable
	}
	return decodeHeadOf(content, l, keysOf(s))
}
