package besideliteral

import "fmt"

// Good gives each its own.
func Good() string {
	given := []string{"password"}
	paths := append([]string{}, given...)
	fields := []string{"token"}
	return fmt.Sprint(paths, fields)
}
