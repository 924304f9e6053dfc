package selectok

import (
	"fmt"
	"time"
)

type line struct{ ch chan int }

// Good has the channel in a variable.
func Good() string {
	l := &line{make(chan int, 1)}
	l.ch <- 5
	ch := l.ch
	select {
	case v, ok := <-ch:
		return fmt.Sprint(v, ok)
	case <-time.After(20 * time.Millisecond):
		return "nothing"
	}
}
