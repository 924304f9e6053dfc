package sharedselect

import "fmt"

type line struct{ ch chan int }

// Good receives without a select.
func Good() string {
	l := &line{make(chan int, 1)}
	l.ch <- 5
	v, ok := <-l.ch
	return fmt.Sprint(v, ok)
}
