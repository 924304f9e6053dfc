// Package besideliteral gives several variables their values at once.
package besideliteral

import "fmt"

// Bad loses the paths.
func Bad() string {
	given := []string{"password"}
	paths, fields := append([]string{}, given...), []string{"token"} // want `\[beside-literal\] a value beside a composite literal in one statement: .*; assign one by one`
	return fmt.Sprint(paths, fields)
}
