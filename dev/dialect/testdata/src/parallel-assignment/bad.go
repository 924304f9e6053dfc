// Package parallelassignment assigns to several variables at once.
package parallelassignment

import "fmt"

func double(n int) int { return 2 * n }

// Bad loses the key.
func Bad() string {
	n, key := 0, "good"
	n, key = double(2), "evil" // want `\[parallel-assignment\] parallel assignment to n, ...: .*; assign one by one`
	return fmt.Sprint(n, key)
}
