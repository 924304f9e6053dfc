package store

import (
	"errors"
	"time"
)

// Medium is where deliveries are that several processes have together, in the place of a
// directory. Each delivery has one owner among them, who alone tries it and says what
// becomes of it. All functions may be called by several goroutines at once.
type Medium struct {
	// Put stores content by the entry, which is its caller's then, and notes with that, in
	// one step, that the claim is taken. With an error it may be there all the same, as the
	// caller's. ErrThere says that another one has stored or delivered what has this claim.
	Put func(e *Entry, claim string, content []byte) error
	// Lease returns the content of one that is the caller's and waits, which nobody else
	// tries for so long, whatever becomes of the caller; or a word for what is wrong.
	Lease func(id string, d time.Duration) ([]byte, string)
	// Read returns a part of the content, whoever's it is, or a word for what is wrong. A
	// negative end is the last byte.
	Read func(id string, from, to int) ([]byte, string)
	// Move, Remove and Discard return an error that os.IsNotExist knows where the entry is not
	// there, in this state, or not the caller's. To say it twice is to say it once. Move has
	// what is dead wait only where its claim is nobody else's, and returns ErrSent, ErrWaits or
	// ErrArrived. What waited and is removed has arrived, so that its claim is a duplicate's from then on;
	// that of what is discarded is free.
	Move    func(e *Entry, to *Entry) error
	Remove  func(e *Entry) error
	Discard func(e *Entry) error
	// Renew has the claims of those that wait among some taken for as long as if they had just
	// been stored.
	Renew func(ids []string) error
	// List calls found for what there is in a state, and says how much is not readable. With
	// mine it is what the caller has in all states.
	List func(state string, mine bool, found func(e *Entry) bool) (int, error)
	Find func(id string) *Entry
	// Own says that the caller is there, and whether it may work. Disown gives up what it has.
	Own    func() bool
	Disown func()
	// Alive counts the owners that are there.
	Alive func() (int, error)
	// Standing returns what Own has seen last.
	Standing func() Standing
	// Fetch makes the caller's, and returns, the dead that have one of the claims.
	Fetch func(claims []string) []*Entry
	// Taken says whether another one has had, or ended, what was the caller's.
	Taken func(id string) (bool, error)

	Note        func(line string)
	EachAttempt func(found func(line string))
	// NoteAction notes what an operator does. Actions returns all of that, and NewActions
	// what the caller has to tell of; Told says that it has told of the first ones of these.
	NoteAction func(line string) error
	Actions    func() []string
	NewActions func() []string
	Told       func(n int64)
}

// Standing is what the owner of a part of a Medium may have missed.
type Standing struct {
	Owned    int   // deliveries that are its own
	Revision int64 // another number once somebody else has changed anything about these
	Graves   int   // dead deliveries of all owners that have a claim
}

// ErrThere says that nothing is to be stored: there is an entry of the same claim, or it has
// been delivered.
var ErrThere = errors.New("it is stored already")

// Why what is dead is left dead: its sender has sent it again.
var (
	ErrSent    = errors.New("is being sent again by its sender at this moment")
	ErrWaits   = errors.New("was sent again by its sender, and that one waits")
	ErrArrived = errors.New("was sent again by its sender, and that one has arrived")
)

// NewShared is New for a store that several processes have together.
func NewShared(m *Medium, middleware string, keys []*Key) *Store {
	return &Store{Middleware: middleware, keys: keys, Medium: m}
}

// IsShared says whether several processes may work on a store at once.
func IsShared(s *Store) bool { return s.Medium != nil }

// Lease is Load for who is about to try a delivery: nobody else does so for so long, or
// until it is moved.
func Lease(s *Store, e *Entry, d time.Duration) (*Delivery, string) {
	if s.Medium == nil {
		return Load(s, e)
	}
	content, problem := s.Medium.Lease(e.ID, d)
	return decodeOf(s, e, content, problem)
}
