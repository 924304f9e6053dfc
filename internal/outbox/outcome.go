package outbox

import (
	"time"

	"github.com/hookward/hookward/internal/backoff"
)

const (
	firstWait = time.Second
	longest   = 30 * time.Second
)

// Outcome is what has become of a batch of records that was sent. The zero Outcome
// says that all of them were taken.
type Outcome struct {
	// Later are records that may be taken when they are sent again, in the order
	// in which they were sent. None of them is known to have been taken.
	Later [][]byte

	// Refused are records that will never be taken.
	Refused [][]byte

	// Smaller says that the batch was refused as a whole, for what may be the
	// fault of one record or of their number: Later has all of them, and fewer at
	// once may be taken.
	Smaller bool

	// Wait is how long the receiver asks to be left alone, or 0.
	Wait time.Duration

	// Problem says what went wrong, for the operator, without any text of a
	// record and without credentials. It is empty where everything was taken.
	Problem string
}

// pause returns how long to wait after so many failures in a row, and at least as long
// as the receiver wants.
func pause(failures int, atLeast time.Duration) time.Duration {
	wait := backoff.Wait(failures, firstWait, longest)
	wait = backoff.Spread(wait, wait/2)
	if wait < atLeast {
		return backoff.Spread(atLeast+firstWait/2, firstWait/2)
	}
	return wait
}
