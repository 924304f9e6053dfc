// Package metrics counts what has become of requests, by gate, out of the very records
// that the audit log gets. It must not know who asks for the numbers, nor in which form.
//
// The numbers of a gate survive reloads, and begin at 0 with the process. Nothing of a
// request becomes a label: labels are names of the configuration and words of this source.
package metrics

import "sync"

// Gate has the numbers of all handlers of one middleware.
type Gate struct {
	// Arrived counts requests that have come in; those that are counted below are over.
	// Atomic.
	Arrived int64

	name string

	// Mu guards what follows, for moments only. It is exported for the one who counts: in
	// the interpreter, that is the loop itself.
	Mu sync.Mutex
	N  []int64 // see layout.go

	provider string
	mode     string
	valid    bool
	gone     bool // no handler has been there for some minutes

	kept *kept // for who reads the numbers: see families.go
}

// CountKey counts a verified request by the position of the secret, or the public key, that
// has verified it, from 1; zero stands for none. It is called with the lock held.
func CountKey(n []int64, secret, publicKey int) {
	if secret > 0 && secret <= positions {
		n[SecretsAt+secret-1]++
	}
	if publicKey > 0 && publicKey <= positions {
		n[publicKeysAt+publicKey-1]++
	}
}
