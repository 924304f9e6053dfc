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
	// Held all the while: who comes meanwhile wants the same.
	sharedMu.Lock()
	defer sharedMu.Unlock()
	s := sharedsByName[name]
	if s == nil || !reflect.DeepEqual(s.raw, raw) || anyChanged(s.compilation.files) {
		forgetShared(now)
		s = &shared{raw: raw, compilation: compile(raw)}
		sharedsByName[name] = s
	}
	s.used = now
	if s.compilation.policy != nil {
		useLists(ctx, s.compilation.policy, now)
	}
	return s.compilation
}

// forgetShared makes room, with sharedMu held.
func forgetShared(now time.Time) {
	for name, s := range sharedsByName {
		if now.Sub(s.used) > sharedFor {
			delete(sharedsByName, name)
		}
	}
}
