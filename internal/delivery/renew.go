package delivery

import "github.com/hookward/hookward/internal/store"

const (
	// renewParts is into how many parts the window of replay falls: after each, the claims of
	// what waits are renewed, which may wait for longer than the window.
	renewParts = 4
	// renewAtOnce is how many are renewed before others have their turn.
	renewAtOnce = 200
)

// renew renews the claims of some of those that wait, if it is time.
func renew(e *Engine) {
	e.mu.Lock()
	now := e.clock()
	part := e.options.Window.Milliseconds() / renewParts
	if len(e.renewing) == 0 && part > 0 && (e.renewed == 0 || now-e.renewed > part) {
		e.renewed = now + 1
		for id, it := range e.waiting {
			if it.claim != "" {
				e.renewing = append(e.renewing, id)
			}
		}
	}
	n := len(e.renewing)
	if n > renewAtOnce {
		n = renewAtOnce
	}
	ids := e.renewing[:n]
	e.renewing = e.renewing[n:]
	if len(e.renewing) == 0 {
		e.renewing = nil
	}
	claims := []string{}
	for _, id := range ids {
		it := e.waiting[id]
		if it != nil && it.claim != "" {
			claims = append(claims, it.claim)
		}
	}
	e.mu.Unlock()
	if len(claims) == 0 {
		return
	}
	if store.IsShared(e.store) {
		err := e.store.Medium.Renew(ids)
		if err != nil {
			e.mu.Lock()
			e.renewed = 0 // once the store is back
			e.mu.Unlock()
		}
		return
	}
	if e.hooks.Renew == nil {
		return
	}
	for _, claim := range claims {
		e.hooks.Renew(claim)
	}
}
