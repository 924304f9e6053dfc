package hookward

import (
	"context"
	"reflect"
	"sync"
	"time"
)

// sharedFor is how long a compilation is kept for the next gate of its name.
const sharedFor = 10 * time.Minute

// shared is what a middleware's configuration compiles to.
type shared struct {
	mu          sync.Mutex // held while it is compiled: who comes meanwhile wants the same
	raw         map[string]any
	compilation *compilation
	used        time.Time
}

// Traefik builds a gate for every router that uses a middleware, at every reload.
// They have one configuration, which is compiled once.
var (
	sharedMu      sync.Mutex
	sharedsByName = map[string]*shared{}
)

// compileShared is compile for one of a middleware's gates. The lists that the
// policy has are in use from then on, for as long as the context lasts.
func compileShared(ctx context.Context, name string, raw map[string]any, now time.Time) *compilation {
	s := sharedOf(name, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compilation == nil || !reflect.DeepEqual(s.raw, raw) || anyChanged(s.compilation.files) {
		c := compile(raw)
		s.raw = raw
		s.compilation = c
	}
	if s.compilation.policy != nil {
		useLists(ctx, s.compilation.policy, now)
		useOutputs(ctx, name, s.compilation.policy.audit, now)
		remember(ctx, name, s.compilation.policy, now)
	}
	return s.compilation
}

// sharedOf returns what there is by a name, and forgets what nobody has wanted for
// long.
func sharedOf(name string, now time.Time) *shared {
	sharedMu.Lock()
	defer sharedMu.Unlock()
	for other, s := range sharedsByName {
		if now.Sub(s.used) > sharedFor {
			delete(sharedsByName, other)
		}
	}
	s := sharedsByName[name]
	if s == nil {
		s = &shared{}
		sharedsByName[name] = s
	}
	s.used = now
	return s
}
