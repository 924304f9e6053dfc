package parallelassignment

import "fmt"

func twice(n int) int { return 2 * n }

// Good assigns one by one.
func Good() string {
	n, key := 0, "good"
	n = twice(2)
	key = "evil"
	return fmt.Sprint(n, key)
}
