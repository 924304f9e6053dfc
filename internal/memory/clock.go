package memory

import "time"

// Started is when the process began, by the clock that nobody sets.
var Started = time.Now()

// Clock returns a time as tables count it, in nanoseconds since Started.
func Clock(now time.Time) int64 {
	return int64(now.Sub(Started))
}
