package selectok

import "fmt"

// BadPlain panics.
func BadPlain() string {
	ch := make(chan int, 1)
	ch <- 5
	var last int
	select {
	case last = <-ch: // want `\[select-ok\] receive into last`
	}
	return fmt.Sprint(last)
}
