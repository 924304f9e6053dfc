// Package sharedselect receives in selects.
package sharedselect

import (
	"fmt"
	"time"
)

type queue struct{ ch chan int }

// Bad never receives.
func Bad() string {
	q := &queue{make(chan int, 1)}
	q.ch <- 5
	select { // want `\[shared-select\] select: .*; let all senders use one channel`
	case v, ok := <-q.ch:
		return fmt.Sprint(v, ok)
	case <-time.After(20 * time.Millisecond):
		return "nothing"
	}
}
