package selectok

import "fmt"

// GoodAssign receives into a variable.
func GoodAssign() string {
	ch := make(chan int, 1)
	ch <- 5
	last := []int{0}
	select {
	case v := <-ch:
		last[0] = v
	}
	return fmt.Sprint(last[0])
}
