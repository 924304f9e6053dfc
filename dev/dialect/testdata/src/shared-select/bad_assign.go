package sharedselect

import "fmt"

// BadAssign loses the value.
func BadAssign() string {
	ch := make(chan int, 1)
	ch <- 5
	last := []int{0}
	select { // want `\[shared-select\]`
	case last[0] = <-ch:
	}
	return fmt.Sprint(last[0])
}
