// Package metrics counts what has become of requests, by gate, out of the very records
// that the audit log gets. It must not know who asks for the numbers, nor in which form.
//
// The numbers of a gate survive reloads, and begin at 0 with the first middleware that shows
// them. Nothing of a request becomes a label: labels are names of the configuration and words
// of this source.
package metrics

import "sync"

// Wanted is 1 once there has been a middleware that shows numbers. Until then, no request that
// comes in is counted, which would be a tenth of what it costs. Atomic.
var Wanted = new(int32)

// Gate has the numbers of all handlers of one middleware.
type Gate struct {
	// Arrived counts requests that have come in; those that are counted below are over.
	// Atomic.
	Arrived int64

	name string

	mu sync.Mutex // guards what follows, for moments only
	n  []int64    // see layout.go

	provider string
	mode     string
	valid    bool
	gone     bool // no handler has been there for some minutes

	kept *kept // for who reads the numbers: see families.go
}

// Sum is what one request adds to numbers: to which, by their places, and how much. Who
// counts keeps one for all requests.
type Sum struct {
	Places  []int
	Amounts []int64
	Used    int // how many there are
}

// maxAdded is more than a request adds to.
const maxAdded = 16

// NewSum returns a sum with nothing in it.
func NewSum() *Sum {
	return &Sum{Places: make([]int, maxAdded), Amounts: make([]int64, maxAdded)}
}

// Add adds a sum to the numbers of a gate, and empties it. All of them change under one lock,
// so that they agree whenever somebody looks.
func Add(g *Gate, s *Sum) {
	g.mu.Lock()
	for i := 0; i < s.Used; i++ {
		g.n[s.Places[i]] += s.Amounts[i]
	}
	g.mu.Unlock()
	s.Used = 0
}

// countKey adds the position of the secret, or the public key, that has verified a request,
// from 1; zero stands for none.
func countKey(s *Sum, secret, publicKey int) {
	if secret > 0 && secret <= positions {
		addOne(s, SecretsAt+secret-1)
	}
	if publicKey > 0 && publicKey <= positions {
		addOne(s, publicKeysAt+publicKey-1)
	}
}

func addOne(s *Sum, place int) {
	s.Places[s.Used] = place
	s.Amounts[s.Used] = 1
	s.Used++
}
