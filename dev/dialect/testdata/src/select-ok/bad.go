// Package selectok receives in selects.
package selectok

import (
	"fmt"
	"time"
)

type queue struct{ ch chan int }

// Bad never receives.
func Bad() string {
	q := &queue{make(chan int, 1)}
	q.ch <- 5
	select {
	case v, ok := <-q.ch: // want `\[select-ok\] v, ok := <-q.ch: .*; receive from a channel held in a variable`
		return fmt.Sprint(v, ok)
	case <-time.After(20 * time.Millisecond):
		return "nothing"
	}
}
