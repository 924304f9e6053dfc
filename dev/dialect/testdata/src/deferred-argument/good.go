package deferredargument

import "fmt"

// Good has a function for the loop's body.
func Good() string {
	var s string
	for i := 2; i >= 0; i-- {
		addOne(&s, i)
	}
	return s
}

func addOne(s *string, n int) {
	defer func() { *s += fmt.Sprint(n) }()
}
