package delivery

import "github.com/hookward/hookward/internal/store"

// holdBack has a delivery wait whose file can't be read, with the lock held: see readAgain.
// One that somebody else has taken away is forgotten.
func holdBack(e *Engine, it *item, problem string) {
	if problem == store.Gone && !store.IsShared(e.store) {
		drop(e, it)
		forget(e, it.entry.Size)
		return
	}
	it.held = problem
	e.shared.behind = e.shared.behind || problem == store.Gone
}

// readAgain reads what is held back, because the disk may give it now, or there are other
// keys. What a later version has written stays as it is.
func readAgain(e *Engine) {
	e.mu.Lock()
	again := []*item{}
	for _, it := range e.waiting {
		if it.held == store.Unreadable || it.held == store.Unencryptable {
			again = append(again, it)
		}
	}
	e.mu.Unlock()
	for _, it := range again {
		e.mu.Lock()
		it.held = ""
		e.mu.Unlock()
		if readOne(e, it) {
			e.mu.Lock()
			enqueue(e, it, e.clock())
			e.mu.Unlock()
		}
	}
}
