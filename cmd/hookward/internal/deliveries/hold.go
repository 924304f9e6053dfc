package deliveries

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// ErrOwned says that somebody else works on a store.
var ErrOwned = errors.New("it is in use")

// lookInterval is how often a store is asked for that somebody may have.
const lookInterval = 100 * time.Millisecond

// quiet is for how long nothing may have been heard of who had a store before. It is more
// than the gates' own Silence, since a machine that is busy may have a Traefik wait.
var quiet = 10 * time.Second

// Hold is a store that nobody else works on.
type Hold struct {
	lost int32 // atomic
	stop chan struct{}
	done sync.WaitGroup
}

// Take has a store for its caller until Release. It waits for as long as it takes to see
// that whoever had it before is gone.
func Take(s *store.Store) (*Hold, error) {
	if store.IsShared(s) {
		return takeShared(s)
	}
	err := checkUser(s)
	if err != nil {
		return nil, err
	}
	owner := store.NewOwner()
	sign := store.LastSign(s)
	owned := store.Own(s, owner, time.Now())
	for began := time.Now(); !owned; {
		time.Sleep(lookInterval)
		now := time.Now()
		seen := store.LastSign(s)
		gone := !seen.Before(now) // LastSign tells the present where there is no sign
		if !gone && !seen.Equal(sign) {
			return nil, ErrOwned
		}
		over := now.Sub(began) > quiet
		if gone || over {
			owned = store.Own(s, owner, time.Now())
		}
		if over && !owned {
			return nil, ErrOwned
		}
	}
	h := &Hold{stop: make(chan struct{})}
	h.done.Add(1)
	go h.keep(s, owner)
	return h, nil
}

// checkUser says why another user's store is left alone: Traefik could not read what is made
// in it. Where users have no numbers, nobody is refused.
func checkUser(s *store.Store) error {
	info, err := os.Stat(s.Directory)
	if err != nil {
		return err
	}
	stat := reflect.Indirect(reflect.ValueOf(info.Sys())) // of a type that each system has its own of
	if stat.Kind() != reflect.Struct {
		return nil
	}
	uid := stat.FieldByName("Uid")
	if !uid.IsValid() || !uid.CanUint() || int(uid.Uint()) == os.Geteuid() {
		return nil
	}
	return fmt.Errorf("%s is of user %d, and this is user %d: run it as Traefik's user, such as with sudo -u '#%d'", s.Directory, uid.Uint(), os.Geteuid(), uid.Uint())
}

// keep says that the store is owned, again and again.
func (h *Hold) keep(s *store.Store, owner *store.Owner) {
	defer h.done.Done()
	ticker := time.NewTicker(store.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-h.stop:
			store.Disown(s, owner)
			return
		case <-ticker.C:
			if !store.Own(s, owner, time.Now()) {
				atomic.StoreInt32(&h.lost, 1)
			}
		}
	}
}

// IsLost says that somebody else has taken the store: nothing more must be changed.
func (h *Hold) IsLost() bool { return atomic.LoadInt32(&h.lost) == 1 }

// Release lets the next one have it at once.
func (h *Hold) Release() {
	close(h.stop)
	h.done.Wait()
}
