package deliveries

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/redisstore"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// adoptedWindow is for how long the claim of a delivery is remembered that is adopted, until
// its gate remembers it anew.
const adoptedWindow = 72 * time.Hour

func operatorOf(server resp.Options, middleware string) *redisstore.Client {
	return redisstore.New(server, redisstore.Options{
		Middleware: middleware, MaxBytes: 1 << 50, MaxDeliveries: 1 << 30, Window: adoptedWindow, Operator: true,
		Tell: func(_, _ string) {}, // what fails is returned
	})
}

// SharedStores returns the stores in Redis, of a middleware if one is named.
func SharedStores(server resp.Options, middleware string, keys []*store.Key) ([]*store.Store, error) {
	names, err := redisstore.Names(operatorOf(server, ""))
	if err != nil {
		return nil, err
	}
	stores := []*store.Store{}
	for _, name := range names {
		bare, _, _ := strings.Cut(name, "@")
		if middleware == "" || name == middleware || bare == middleware {
			stores = append(stores, redisstore.Open(operatorOf(server, name), keys))
		}
	}
	return stores, nil
}

// NewSharedHeir is NewHeir for stores in Redis.
func NewSharedHeir(server resp.Options, middleware, router string, keys []*store.Key) *Heir {
	stores, err := SharedStores(server, middleware, keys)
	if err != nil || len(stores) != 1 || stores[0].Middleware != middleware {
		return nil
	}
	return &Heir{Store: stores[0], Router: router, rehoming: rehoming(server, middleware, keys)}
}

// takeShared is Take for a store that several processes work on: each change is one step, so
// nobody is kept away.
func takeShared(s *store.Store) (*Hold, error) {
	if !store.Own(s, nil, time.Now()) {
		return nil, errors.New("redis is not to be changed: it deletes deliveries when its memory runs short; set maxmemory-policy to noeviction")
	}
	h := &Hold{stop: make(chan struct{})}
	h.done.Add(1)
	go h.keep(s, nil)
	return h, nil
}

// CheckLeft says why deliveries are not to be given to another middleware: a Traefik works on
// them. On disk, Take finds that out.
func CheckLeft(s *store.Store) error {
	if !store.IsShared(s) {
		return nil
	}
	n, err := s.Medium.Alive()
	if err == nil && n > 0 {
		err = fmt.Errorf("%d of the Traefiks that share the store work on it: they have a middleware of that name still", n)
	}
	return err
}
