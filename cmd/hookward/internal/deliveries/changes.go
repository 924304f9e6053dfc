package deliveries

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// What an operator does to deliveries.
const (
	Replay = "replay"
	Drop   = "drop"
	Adopt  = "adopt"
)

// Change is what an operator has done to a delivery. It is on disk before it is done.
type Change struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id"`
	Action   string    `json:"action"`         // replay, drop or adopt
	From     string    `json:"from,omitempty"` // whose it was, where it is adopted
	State    string    `json:"state"`          // it was in
	Death    string    `json:"death,omitempty"`
	Attempts int       `json:"attempts"`
	Actor    string    `json:"actor"`
	Reason   string    `json:"reason"`
}

// Why a delivery is left as it is.
var (
	errLost    = errors.New("somebody else has taken the store meanwhile: nothing more is changed")
	errArrived = errors.New("has been delivered once; --force sends it all the same")
	errWaits   = errors.New("waits already, and is tried by itself")
)

// CheckReplay says why a delivery is not to be replayed, or nil.
func CheckReplay(k *Kept, force bool) error {
	switch {
	case k.Problem != "":
		return problemOf(k.Problem)
	case k.Entry.State != store.Dead:
		return errWaits
	case k.Arrived && !force:
		return errArrived
	}
	_, problem := store.Load(k.Store, &k.Entry)
	if problem != "" {
		return problemOf(problem)
	}
	return nil
}

// problemOf says for people what is wrong with a file.
func problemOf(problem string) error {
	if problem == store.Unencryptable {
		return errors.New("is encrypted with a key that is not among those of --encryption-key")
	}
	return errors.New("can't be read: its file is " + problem)
}

// Do replays or drops a delivery. A replayed one is due at a time; it keeps its id, and its
// attempts are counted on, while its schedule begins anew.
func Do(h *Hold, k *Kept, c Change, due time.Time) error {
	if h.IsLost() {
		return errLost
	}
	describe(&c, k)
	err := writeDown(k.Store, &c)
	if err != nil {
		return err
	}
	if c.Action == Drop {
		return store.Remove(k.Store, &k.Entry)
	}
	return store.Move(k.Store, &k.Entry, store.Entry{State: store.Waiting, ID: k.Entry.ID, Attempts: k.Entry.Attempts, When: due.UnixMilli()})
}

// describe notes which delivery is changed.
func describe(c *Change, k *Kept) {
	c.ID = k.Entry.ID
	c.State = k.Entry.State
	c.Death = k.Entry.Reason
	c.Attempts = k.Entry.Attempts
}

// writeDown appends a change, and syncs it.
func writeDown(s *store.Store, c *Change) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(changesFile(s), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	// An empty line ends what another one has left unfinished.
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	if err == nil {
		err = f.Sync()
	}
	closed := f.Close()
	if err == nil {
		err = closed
	}
	return err
}

// Changes returns what operators have done to a delivery, in order.
func Changes(s *store.Store, id string) []Change {
	changes := []Change{}
	f, err := os.Open(changesFile(s))
	if err != nil {
		return changes
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		c := Change{}
		if !bytes.Contains(lines.Bytes(), []byte(id)) || json.Unmarshal(lines.Bytes(), &c) != nil || c.ID != id {
			continue
		}
		changes = append(changes, c)
	}
	return changes
}
