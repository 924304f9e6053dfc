package sharedselect

import "fmt"

// BadPlain panics.
func BadPlain() string {
	ch := make(chan int, 1)
	ch <- 5
	var last int
	select { // want `\[shared-select\]`
	case last = <-ch:
	}
	return fmt.Sprint(last)
}
