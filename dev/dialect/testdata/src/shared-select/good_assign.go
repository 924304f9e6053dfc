package sharedselect

import (
	"fmt"
	"time"
)

// GoodAssign has one channel, into which whoever comes first sends.
func GoodAssign() string {
	ch := make(chan int, 2)
	timer := time.AfterFunc(time.Minute, func() { ch <- 0 })
	ch <- 5
	last := <-ch
	timer.Stop()
	return fmt.Sprint(last)
}
