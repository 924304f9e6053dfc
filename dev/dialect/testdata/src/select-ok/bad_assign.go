package selectok

import "fmt"

// BadAssign loses the value.
func BadAssign() string {
	ch := make(chan int, 1)
	ch <- 5
	last := []int{0}
	select {
	case last[0] = <-ch: // want `\[select-ok\] receive into last\[0\]`
	}
	return fmt.Sprint(last[0])
}
