package claim

import "github.com/hookward/hookward/internal/errand"

// forgotten is the time of a line that takes back those before it: no delivery was handed
// on before 1970.
const forgotten = -1

// Forget gives back a claim that was kept: what took the delivery has given it up. The
// next one of the same key is as new.
func Forget(t *Table, key string) {
	isRecalled(t) // else the journal brings it back
	t.mu.Lock()
	delete(t.current, key)
	delete(t.previous, key)
	j := t.journal
	if j != nil {
		note(j, lineOf(key, forgotten))
	}
	t.mu.Unlock()
	if j != nil {
		errand.Start(j.writer)
	}
}

// Restore keeps a claim of what waits, be it of an earlier process. One that is known, and over
// half of the window old, lasts from now on.
func Restore(t *Table, key string, now int64) {
	isRecalled(t)
	t.mu.Lock()
	handed, known := t.current[key]
	if !known {
		handed, known = t.previous[key]
	}
	known = known && now-handed < t.window
	j := t.journal
	renewed := known && now-handed >= t.window/2
	if renewed {
		t.current[key] = now
	}
	if renewed && j != nil {
		note(j, lineOf(key, now))
	}
	t.mu.Unlock()
	if renewed && j != nil {
		errand.Start(j.writer)
	}
	if !known {
		Commit(t, key, now)
	}
}

// withoutForgotten returns what was not taken back by a later line, and all keys that were.
func withoutForgotten(entries []entry) ([]entry, map[string]bool) {
	last := map[string]int{}
	gone := map[string]bool{}
	for i := range entries {
		if entries[i].at == forgotten {
			last[entries[i].key] = i
			gone[entries[i].key] = true
		}
	}
	if len(gone) == 0 {
		return entries, gone
	}
	left := []entry{}
	for i := range entries {
		key := entries[i].key
		if entries[i].at != forgotten && (!gone[key] || i > last[key]) {
			left = append(left, entries[i])
		}
	}
	return left, gone
}

// without returns the entries of the generation before that were not taken back since.
func without(entries []entry, gone map[string]bool) []entry {
	if len(gone) == 0 {
		return entries
	}
	left := []entry{}
	for i := range entries {
		if !gone[entries[i].key] {
			left = append(left, entries[i])
		}
	}
	return left
}
