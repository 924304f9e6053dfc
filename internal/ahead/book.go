package ahead

import (
	"sync"
	"sync/atomic"
)

// Book has what is written down in logs until all have it who are to have it: each text
// by an id, which it has in no matter what process.
type Book struct {
	mu      sync.Mutex
	entries map[string]*entry
	size    int64 // how many they are; atomic
}

// entry is a text that somebody is still to have.
type entry struct {
	places  []place
	missing int // how many are still to have it
}

// place is where a text is written down.
type place struct {
	log    *Log
	number int64
}

// NewBook returns a book that has nothing.
func NewBook() *Book {
	return &Book{entries: map[string]*entry{}}
}

// Enter notes that so many are to have what a log has by a number, and says whether the
// id is new. If it isn't, the text stays in this log for as long as in the other.
func Enter(b *Book, id string, l *Log, number int64, missing int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[id]
	if e != nil {
		e.places = append(e.places, place{log: l, number: number})
		return false
	}
	b.entries[id] = &entry{places: []place{{log: l, number: number}}, missing: missing}
	atomic.AddInt64(&b.size, 1)
	return true
}

// Arrive notes that one more has a text. Each receiver tells once.
func Arrive(b *Book, id string) {
	leave(b, id, 1)
}

// ArriveAll notes that all have it.
func ArriveAll(b *Book, id string) {
	leave(b, id, 1<<30)
}

func leave(b *Book, id string, number int) {
	b.mu.Lock()
	e := b.entries[id]
	if e == nil {
		b.mu.Unlock()
		return
	}
	e.missing -= number
	if e.missing > 0 {
		b.mu.Unlock()
		return
	}
	delete(b.entries, id)
	atomic.AddInt64(&b.size, -1)
	b.mu.Unlock()
	for i := range e.places {
		End(e.places[i].log, e.places[i].number)
	}
}

// Has says whether somebody is still to have a text.
func Has(b *Book, id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.entries[id] != nil
}

// Clear forgets all that is in the book, as the end of the process does. It is for tests.
func Clear(b *Book) {
	b.mu.Lock()
	b.entries = map[string]*entry{}
	atomic.StoreInt64(&b.size, 0)
	b.mu.Unlock()
}

// IsEmpty says whether nothing is in the book.
func IsEmpty(b *Book) bool {
	return atomic.LoadInt64(&b.size) == 0
}

// Look returns the text of an id, or nothing.
func Look(b *Book, id string) string {
	b.mu.Lock()
	e := b.entries[id]
	b.mu.Unlock()
	if e == nil {
		return ""
	}
	return textOf(e.places[0].log, e.places[0].number)
}
